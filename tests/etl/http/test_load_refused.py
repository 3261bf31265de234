"""What a service refuses: rows set aside, or a node that fails."""

from __future__ import annotations

import json

import pytest

from etl.errors import ConfigError, DataError, TransientError
from etl.http import progress
from etl.quarantine import TooManyRejectedError
from tests.etl.conftest import Lab
from tests.etl.http.conftest import connected
from tests.etl.http.sending import TEN, odd, send, stored_ids
from tests.etl.http.server import PASSWORD, Reply, Service

pytestmark = pytest.mark.slow


def test_refused_rows_are_set_aside_with_what_the_service_said(lab: Lab, service: Service) -> None:
    service.refuse = odd

    result = send(lab, service, max_rejected="50%")

    assert stored_ids(service) == [2, 4, 6, 8, 10]
    assert result["metrics"]["rows_out"] == result["metrics"]["rows_rejected"] == 5
    assert result["rejected"] is not None
    assert result["rejected"]["data"][0] == {
        "reason": 'refused with status 422: {"error": "1 is odd"}',
        "field": None,
        "file": None,
        "line": None,
        "record": '{"id":"1","name":"n0"}',
    }


def test_a_row_too_many_stops_the_sending(lab: Lab, service: Service) -> None:
    service.refuse = odd

    with pytest.raises(TooManyRejectedError, match="3 of 10 rows are faulty"):
        send(lab, service, max_rejected=2)

    assert stored_ids(service) == [2, 4]
    assert len(service.requests) == 5


def test_a_refused_batch_fails_the_node_and_is_named(lab: Lab, service: Service) -> None:
    service.refuse = lambda row: Reply(400, {"error": "no 7"}) if row["id"] == 7 else None

    with pytest.raises(DataError, match=r"no 7.*batch 1 with the rows 5 to 8.*body row"):
        send(lab, service, body="array", batch_rows=4, max_rejected=10)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, ConfigError, "refused connection 'shop' with status 401"),
        (404, ConfigError, "/store does not exist"),
        (413, ConfigError, "refused the request with status 413"),
        (503, TransientError, "answered 503"),
    ],
)
def test_what_is_not_the_rows_fault_fails_the_node(
    lab: Lab, service: Service, status: int, error: type[Exception], said: str
) -> None:
    lab = connected(lab, service)
    service.script = [Reply(status, {"you": PASSWORD})] * 9
    config = {"connection": "shop", "path": "store", "auth": "bearer", "retries": 2}

    with pytest.raises(error, match=said) as caught:
        lab.run("load.http", config, TEN)
    assert PASSWORD not in str(caught.value)


def test_rows_refused_in_an_earlier_try_stay_in_the_account(
    lab: Lab, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_RECENT", 2)
    inputs = {"input": lab.stage(TEN)}
    config = {"url": service.url, "path": "store", "max_rejected": 5, "retries": 0}
    service.refuse = odd
    service.after_store = lambda: (
        setattr(service, "script", [Reply(500)]) if len(service.keys) == 4 else None
    )

    with pytest.raises(TransientError):
        lab.run("load.http", config, inputs=inputs)
    result = lab.run("load.http", config, inputs=inputs, attempt=2)

    assert stored_ids(service) == [2, 4, 6, 8, 10]
    assert result["rejected"] is not None
    assert [json.loads(row["record"])["id"] for row in result["rejected"]["data"]] == list("13579")
