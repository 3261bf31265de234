"""load.http again, after a retry, a kill or a cancel: no row left out, none sent as a new one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from etl.errors import DataError, NodeCancelled, TransientError
from etl.http import progress
from etl.liveness import request_stop
from stack.layout import PROJECT
from tests.etl.conftest import Lab
from tests.etl.http.sending import TEN, send, stored_ids
from tests.etl.http.server import Reply, Service

pytestmark = pytest.mark.slow


class Killed(BaseException):
    """The process is gone: nothing that it would do in the end happens."""


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
