"""load.http against a real server on a loopback port: what is sent, and where to."""

from __future__ import annotations

import json

import pytest

from etl.errors import ConfigError
from tests.etl.conftest import Lab
from tests.etl.http.conftest import connected
from tests.etl.http.sending import TEN, send, stored_ids
from tests.etl.http.server import LOGIN, Reply, Service, running

pytestmark = pytest.mark.slow


def test_each_row_is_a_request_in_order_with_a_key_of_its_own(lab: Lab, service: Service) -> None:
    result = send(lab, service)

    assert stored_ids(service) == list(range(1, 11))
    assert service.keys == [f"run-1-node-{number}" for number in range(10)]
    assert result["metrics"]["rows_out"] == 10
    assert result["target"] == f"POST {service.url}/store"


@pytest.mark.parametrize(
    ("body", "kind"), [("array", "application/json"), ("lines", "application/x-ndjson")]
)
def test_rows_go_in_batches(lab: Lab, service: Service, body: str, kind: str) -> None:
    send(lab, service, body=body, batch_rows=4)

    assert stored_ids(service) == list(range(1, 11))
    assert [request.headers["Content-Type"] for request in service.requests] == [kind] * 3
    assert service.keys == [f"run-1-node-{number}" for number in range(3)]


def test_values_are_sent_as_services_expect_them(lab: Lab, service: Service) -> None:
    send(
        lab,
        service,
        """SELECT 12345678901234567.89::DECIMAL(20, 2) AS money, 0.1::FLOAT AS f,
           'nan'::DOUBLE AS nan, true AS ok, NULL AS nothing, DATE '2024-05-01' AS day,
           TIMESTAMP '2024-05-01 06:00:00.5' AS at, TIMESTAMPTZ '2024-05-01 06:00:00+02' AS zoned,
           'ab'::BLOB AS raw, '{"a": [1]}'::JSON AS nested, [1, 2] AS list, 'ø"' AS text""",
    )

    sent = service.requests[0].body.decode()
    assert '"money":12345678901234567.89' in sent
    assert json.loads(sent) == {
        "money": 12345678901234567.89,
        "f": 0.1,
        "nan": None,
        "ok": True,
        "nothing": None,
        "day": "2024-05-01",
        "at": "2024-05-01T06:00:00.500000",
        "zoned": "2024-05-01T04:00:00.000000Z",
        "raw": "YWI=",
        "nested": {"a": [1]},
        "list": [1, 2],
        "text": 'ø"',
    }


def test_the_path_may_hold_values_of_the_row(lab: Lab, service: Service) -> None:
    service.script = [Reply()] * 3
    rows = [{"id": "a/b", "n": 1}, {"id": "ø {n}", "n": 2}]

    result = send(lab, service, rows, method="PUT", path="things/{id}/{n}", query={"dry": True})

    assert [(r.method, r.path, r.query) for r in service.requests] == [
        ("PUT", "/things/a%2Fb/1", {"dry": "true"}),
        ("PUT", "/things/%C3%B8%20%7Bn%7D/2", {"dry": "true"}),
    ]
    assert result["target"] == f"PUT {service.url}/things/{{id}}/{{n}}"


def test_a_value_that_cannot_be_in_a_path_is_not_sent(lab: Lab, service: Service) -> None:
    service.script = [Reply()] * 3
    rows = [{"id": ".."}, {"id": "x"}, {"id": None}]

    result = send(lab, service, rows, path="things/{id}", max_rejected=2)

    assert [request.path for request in service.requests] == ["/things/x"]
    assert result["rejected"] is not None
    assert result["rejected"]["reasons"] == [
        {"reason": "its id cannot be a part of the path", "field": "id", "rows": 2}
    ]


def test_a_path_names_columns_that_exist_and_one_row_a_request(lab: Lab, service: Service) -> None:
    with pytest.raises(ConfigError, match="column 'nr' does not exist"):
        send(lab, service, path="things/{nr}")
    with pytest.raises(ConfigError, match="needs body row"):
        send(lab, service, path="things/{id}", body="array")
    assert service.requests == []


def test_the_connection_logs_in(lab: Lab, service: Service) -> None:
    lab = connected(lab, service, login=LOGIN)

    lab.run("load.http", {"connection": "shop", "path": "store"}, TEN)

    assert {request.headers["Authorization"][:6] for request in service.requests} == {"Basic "}


def test_no_rows_send_nothing(lab: Lab, service: Service) -> None:
    assert send(lab, service, "SELECT 1 AS id LIMIT 0")["metrics"]["rows_out"] == 0
    assert service.requests == []


def test_rows_are_not_taken_to_another_address(lab: Lab, service: Service) -> None:
    with running() as other:
        service.elsewhere = other.url
        for path in ("away", "moved"):
            with pytest.raises(ConfigError, match="has moved"):
                send(lab, service, path=path)
        assert other.requests == []


def test_another_execution_sends_everything(lab: Lab, service: Service) -> None:
    send(lab, service)
    lab.execution_id = "run-2"
    send(lab, service)

    assert len(service.stored) == 20
    assert len(set(service.keys)) == 20
