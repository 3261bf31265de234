"""load.http against a real server on a loopback port."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl.errors import ConfigError, DataError, NodeCancelled, TransientError
from etl.http import pacing, progress
from etl.liveness import request_stop
from etl.quarantine import TooManyRejectedError
from etl.results import NodeResult
from stack.layout import PROJECT
from tests.etl.conftest import Lab
from tests.etl.http.conftest import connected
from tests.etl.http.server import LOGIN, PASSWORD, Reply, Service, running

pytestmark = pytest.mark.slow

TEN = "SELECT range + 1 AS id, 'n' || range AS name FROM range(10)"


class Killed(BaseException):
    """The process is gone: nothing that it would do in the end happens."""


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as started:
        yield started


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_FIRST_WAIT", 0.01)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def send(
    lab: Lab, service: Service, rows: Any = TEN, *, attempt: int = 1, **config: Any
) -> NodeResult:
    settings = {"url": service.url, "path": "store", **config}
    return lab.run("load.http", settings, rows, attempt=attempt)


def stored_ids(service: Service) -> list[int]:
    return [row["id"] for row in service.stored]


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


# Rows that the service refuses.


def odd(row: Any) -> Reply | None:
    return Reply(422, {"error": f"{row['id']} is odd"}) if row["id"] % 2 else None


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


def test_rows_are_not_taken_to_another_address(lab: Lab, service: Service) -> None:
    with running() as other:
        service.elsewhere = other.url
        for path in ("away", "moved"):
            with pytest.raises(ConfigError, match="has moved"):
                send(lab, service, path=path)
        assert other.requests == []


# Again, and not twice.


def test_a_busy_service_gets_the_same_request_again(lab: Lab, service: Service) -> None:
    service.script = [Reply(), Reply(429), Reply(drop=True)]

    send(lab, service, "SELECT range AS id FROM range(2)")

    sent = [(r.headers["Idempotency-Key"], r.body) for r in service.requests]
    assert sent[0] != sent[1]
    assert sent[1] == sent[2] == sent[3]


@pytest.mark.parametrize("remote", [False, True])
def test_a_retry_goes_on_where_the_service_had_confirmed(
    lab: Lab, service: Service, remote: bool
) -> None:
    lab = lab.at(f"memory://{uuid.uuid4().hex}") if remote else lab
    inputs = {"input": lab.stage(TEN)}
    config = {"url": service.url, "path": "store", "body": "array", "batch_rows": 3, "retries": 0}
    service.after_store = lambda: (
        setattr(service, "script", [Reply(500)]) if len(service.keys) == 2 else None
    )

    with pytest.raises(TransientError):
        lab.run("load.http", config, inputs=inputs)
    result = lab.run("load.http", config, inputs=inputs, attempt=2)

    assert stored_ids(service) == list(range(1, 11))
    assert result["metrics"]["rows_out"] == 10
    again = lab.run("load.http", config, inputs=inputs, attempt=3)
    assert again["metrics"]["rows_out"] == 10
    assert len(service.stored) == 10


@pytest.mark.parametrize("killed_at", range(10))
def test_a_kill_between_answer_and_note_sends_one_batch_again_with_its_key(
    lab: Lab, service: Service, killed_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = progress.Progress.note

    def killed(self: progress.Progress, batches: int, *rest: Any) -> None:
        if batches == killed_at + 1:
            raise Killed
        note(self, batches, *rest)

    inputs = {"input": lab.stage(TEN)}
    config = {"url": service.url, "path": "store"}
    with monkeypatch.context() as patch:
        patch.setattr(progress.Progress, "note", killed)
        with pytest.raises(Killed):
            lab.run("load.http", config, inputs=inputs)
    result = lab.run("load.http", config, inputs=inputs, attempt=2)

    keys = [f"run-1-node-{number}" for number in range(10)]
    assert service.keys == [*keys[: killed_at + 1], *keys[killed_at:]]
    assert sorted(set(stored_ids(service))) == list(range(1, 11))
    assert result["metrics"]["rows_out"] == 10


def test_a_cancelled_load_stops_between_requests_and_goes_on_once_cleared(
    lab: Lab, service: Service
) -> None:
    inputs = {"input": lab.stage(TEN)}
    config = {"url": service.url, "path": "store"}

    def cancel() -> None:
        if len(service.keys) == 4:
            request_stop(lab.staging, "run-1", None)

    service.after_store = cancel  # type: ignore[assignment]
    with pytest.raises(NodeCancelled):
        lab.run("load.http", config, inputs=inputs)
    assert stored_ids(service) == [1, 2, 3, 4]

    (Path(lab.staging) / "run-1" / "_cancelled").unlink()
    lab.run("load.http", config, inputs=inputs, attempt=2)
    assert stored_ids(service) == list(range(1, 11))


WORKER = """
import json, sys
from etl.context import RunContext
from etl.runner import run_node

config, inputs, staging, attempt = json.loads(sys.argv[1])
context = RunContext("run-1", "node", staging, attempt=attempt)
run_node(node_id="node", module="load.http", config=config, inputs=inputs, context=context)
"""


def test_a_process_that_is_killed_again_and_again_leaves_no_row_out(
    lab: Lab, service: Service
) -> None:
    inputs = {"input": lab.stage(TEN)}
    config = {"url": service.url, "path": "store", "body": "array", "batch_rows": 2}
    kill_at = {1, 3, 4, 8}
    running_now: list[subprocess.Popen[bytes]] = []

    def kill() -> Reply | None:
        """Kill the sender when it has been heard and waits for the answer."""
        if len(service.keys) in kill_at:
            running_now[-1].kill()
            return Reply(drop=True)
        return None

    service.after_store = kill
    ends = []
    for attempt in range(1, len(kill_at) + 2):
        told = json.dumps([config, inputs, lab.staging, attempt])
        running_now.append(subprocess.Popen([sys.executable, "-c", WORKER, told], cwd=PROJECT))
        ends.append(running_now[-1].wait(timeout=60))

    assert ends == [-signal.SIGKILL] * 4 + [0]
    # Each kill made one batch come twice, with the same key; none came more often than that.
    assert len(service.keys) == 5 + 4
    assert sorted(set(service.keys)) == [f"run-1-node-{number}" for number in range(5)]
    assert sorted(set(stored_ids(service))) == list(range(1, 11))


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


def test_an_input_that_has_changed_since_is_not_mixed_with_what_was_sent(
    lab: Lab, service: Service
) -> None:
    service.script = [Reply(), Reply(500)]
    with pytest.raises(TransientError):
        send(lab, service, retries=0)

    for rows in ("SELECT 7 AS id, 'x' AS name", TEN.replace("'n'", "'m'")):
        with pytest.raises(DataError, match="no longer what an earlier try"):
            send(lab, service, rows, attempt=2)
    assert service.stored == []


def test_another_execution_sends_everything(lab: Lab, service: Service) -> None:
    send(lab, service)
    lab.execution_id = "run-2"
    send(lab, service)

    assert len(service.stored) == 20
    assert len(set(service.keys)) == 20
