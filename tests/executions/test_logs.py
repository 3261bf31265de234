"""Logs: read page by page, copied out of Airflow in time, bounded, and without secrets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from airflow_bridge.client import LogEvent
from airflow_bridge.errors import AirflowRefused, AirflowUnavailable
from executions import services
from executions.errors import LogsUnreadable
from executions.models import PipelineExecution, TaskExecution
from executions.services import copy_logs, execution_logs
from executions.services.log_masking import mask
from executions.services.log_store import keep, kept
from tests.executions.conftest import key
from tests.fake_airflow import FakeAirflow, dataset


@pytest.fixture(autouse=True)
def log_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "logs"
    monkeypatch.setattr(settings, "LOGIDATA_LOGS", str(folder))
    return folder


def events(*messages: str) -> list[LogEvent]:
    return [LogEvent(timezone.now(), "info", message) for message in messages]


def messages(execution: PipelineExecution, node: str, attempt: int | None = None) -> list[str]:
    [log] = execution_logs(execution, node, attempt)
    return [event.message for event in log.events]


def copied() -> int:
    """Copy logs as if the nodes had ended a moment ago."""
    TaskExecution.objects.update(completed_at=timezone.now() - timedelta(seconds=10))
    return copy_logs(at_most=100, seconds=60)


@pytest.fixture
def ended(running: PipelineExecution, airflow: FakeAirflow) -> PipelineExecution:
    """An execution whose first node has written a log and succeeded."""
    airflow.set_task(*key(running), "read", "success", result=dataset(3), log=["one", "two"])
    services.sync_active()
    return running


def test_a_log_outlives_the_run_in_airflow(ended: PipelineExecution, airflow: FakeAirflow) -> None:
    assert copied() == 1
    airflow.forget_run(*key(ended))
    airflow.outage = "Airflow is away."
    [log] = execution_logs(ended, "read")
    assert [event.message for event in log.events] == ["one", "two"]
    assert (log.is_kept, log.attempt, log.total) == (True, 1, 2)


def test_each_try_has_its_log_and_the_running_one_is_read_from_airflow(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "keep", "failed", try_number=1, log=["first"])
    airflow.set_task(*key(running), "keep", "running", try_number=2, log=["second"])
    services.sync_active()
    assert copied() == 1
    assert running.tasks.get(node_id="keep").logs_kept == 1
    airflow._logs.pop((*key(running), "keep", 1))
    assert messages(running, "keep", 1) == ["first"]
    assert messages(running, "keep") == ["second"]


def test_a_log_that_is_not_there_yet_is_looked_for_again_and_given_up_in_the_end(
    ended: PipelineExecution, airflow: FakeAirflow
) -> None:
    log = airflow._logs.pop((*key(ended), "read", 1))
    assert copied() == 0
    airflow._logs[(*key(ended), "read", 1)] = log
    assert copied() == 1
    TaskExecution.objects.update(logs_kept=0, completed_at=timezone.now() - timedelta(hours=1))
    airflow._logs.clear()
    assert copy_logs(at_most=10, seconds=60) == 1
    assert ended.tasks.get(node_id="read").logs_kept == 1


def test_an_airflow_that_is_down_leaves_them_for_later(
    ended: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.outage = "Airflow is away."
    assert copied() == 0
    airflow.outage = ""
    assert copied() == 1
    assert copied() == 0


def test_a_log_that_airflow_fails_to_give_does_not_hold_up_the_others(
    ended: PipelineExecution, airflow: FakeAirflow
) -> None:
    def break_off() -> None:
        raise AirflowUnavailable("Airflow broke off its answer.", status=500)

    airflow.set_task(*key(ended), "keep", "success", result=dataset(3), log=["three"])
    services.sync_active()
    airflow.before("logs", break_off)
    assert copied() == 1
    assert ended.tasks.filter(logs_kept=1).count() == 1
    assert copied() == 1
    assert ended.tasks.filter(logs_kept=1).count() == 2


def test_an_airflow_that_lets_nobody_in_is_asked_once(
    ended: PipelineExecution, airflow: FakeAirflow
) -> None:
    def refuse() -> None:
        raise AirflowRefused("Airflow does not allow this.", status=403)

    airflow.set_task(*key(ended), "keep", "success", result=dataset(3), log=["three"])
    services.sync_active()
    airflow.before("logs", refuse)
    assert copied() == 0


def test_only_so_much_is_kept_and_the_end_of_it_above_all(
    ended: PipelineExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LOGIDATA_LOG_BYTES", 4000)
    keep(ended, "read", 1, events(*(f"{number:0100d}" for number in range(1000))))
    found = kept(ended, "read", 1)
    assert found is not None
    lines = [event.message for event in found]
    assert sum(map(len, lines)) < 4500
    assert (int(lines[0]), int(lines[-1])) == (0, 999)
    [left_out] = [line for line in lines if "left out" in line]
    assert f"[{1000 - (len(lines) - 1):,} messages are left out here" in left_out


def test_messages_without_text_are_bounded_too(
    ended: PipelineExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LOGIDATA_LOG_BYTES", 4000)
    keep(ended, "read", 1, events(*[""] * 1000))
    assert len(list(kept(ended, "read", 1) or ())) < 100


def test_a_single_message_without_end_is_cut(ended: PipelineExecution) -> None:
    keep(ended, "read", 1, events("x" * 300_000))
    [event] = kept(ended, "read", 1) or ()
    assert event.message.endswith("x [200,000 characters are left out]")


def test_a_message_may_hold_every_kind_of_line_end(ended: PipelineExecution) -> None:
    text = "one\u2028two\u2029three\x85four\r\nfive\x0csix"
    keep(ended, "read", 1, events(text, "next"))
    assert [event.message for event in kept(ended, "read", 1) or ()] == [text, "next"]


def test_a_damaged_copy_says_so(ended: PipelineExecution, log_folder: Path) -> None:
    copied()
    (file,) = log_folder.rglob("*.gz")
    file.write_bytes(file.read_bytes()[:-12])
    with pytest.raises(LogsUnreadable, match="damaged"):
        execution_logs(ended, "read")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to postgresql://ann:s3cret@db:5432/x", "to postgresql://ann:***@db:5432/x"),
        ("password=hunter22 next", "password=*** next"),
        ('{"api_key": "abc def", "n": 1}', '{"api_key": ***, "n": 1}'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("DB_PASSWORD: 'x y'", "DB_PASSWORD: ***"),
        (r"{\"password\": \"a b\"}", r"{\"password\": ***}"),
        (r"password: 'it\'s' next", "password: *** next"),
        ("{'secret': b'abc'}", "{'secret': ***}"),
        ("Server=db;PWD=abc;", "Server=db;PWD=***;"),
        ("run --db-password=abc", "run --db-password=***"),
        ("db=.redis://:abc@cache/0", "db=.redis://:***@cache/0"),
        ("tokens of rows: 12", "tokens of rows: 12"),
        ("the password is wrong", "the password is wrong"),
        ("see https://example.org/a:b@c", "see https://example.org/a:b@c"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize("piece", ["a", "a-", "a.", "password", "://a:", "token "])
def test_a_long_message_is_masked_within_a_lifetime(piece: str) -> None:
    # In steps that grow with the square of the length, each of these would take hours.
    text = piece * (500_000 // len(piece))
    assert mask(text) == text


def test_logidatas_own_secrets_are_masked(ended: PipelineExecution, airflow: FakeAirflow) -> None:
    airflow.set_task(
        *key(ended), "keep", "running", log=[f"it is {settings.AIRFLOW_PASSWORD} here"]
    )
    services.sync_active()
    assert messages(ended, "keep") == ["it is *** here"]
    assert mask(f"AUTH {urlsplit(settings.REDIS_URL).password}") == "AUTH ***"


def test_a_log_comes_page_by_page(
    ended: PipelineExecution, api: APIClient, permit: Callable[..., None]
) -> None:
    permit("view_pipelineexecution")
    TaskExecution.objects.filter(node_id="read").update(logs_kept=1)
    keep(ended, "read", 1, events(*map(str, range(25))))

    def page(**query: Any) -> dict[str, Any]:
        answer = api.get(f"/api/v1/executions/{ended.pk}/logs", {"node": "read", **query})
        assert answer.status_code == 200, answer.json()
        log: dict[str, Any] = answer.json()["logs"][0]
        return log

    first = page(limit=10)
    assert [event["message"] for event in first["events"]] == [str(n) for n in range(10)]
    assert (first["offset"], first["next"], first["total"]) == (0, 10, 25)
    last = page(limit=10, offset=20)
    assert (last["events"][0]["message"], last["next"]) == ("20", None)
    tail = page(offset=-3)
    assert (tail["offset"], len(tail["events"]), tail["next"]) == (22, 3, None)
    assert page(offset=99)["events"] == []


NOT_SERVED = "Could not read served logs: HTTPConnectionPool(host='vm', port=8793): refused"
KILLED = (
    'Task failed with exception\n  File "etl_operator.py", line 275, in _tell_stopped\n'
    "AirflowException: Node 'keep' was stopped while it worked. Execute the pipeline again."
)


def test_a_log_server_that_is_not_reached_is_told_calmly_and_kept_as_it_was_written(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "keep", "running", log=["one"])
    services.sync_active()
    place = (*key(running), "keep", 1)
    airflow._logs[place] = [LogEvent(None, "", NOT_SERVED), *airflow._logs[place]]
    [log] = execution_logs(running, "keep")
    assert log.total == 2
    assert [event.message for event in log.events][1:] == ["one"]
    assert "HTTPConnectionPool" not in log.events[0].message
    assert "log server" in log.events[0].message
    file = services.log_file(running, "keep")
    assert NOT_SERVED.encode() in b"".join(file.chunks)


def test_what_a_node_says_itself_of_served_logs_is_its_own(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "keep", "running", log=[NOT_SERVED])
    services.sync_active()
    assert messages(running, "keep") == [NOT_SERVED]


@pytest.mark.parametrize(
    ("status", "is_calm"), [("cancelled", True), ("running", True), ("failed", False)]
)
def test_the_log_of_a_cancelled_node_ends_without_a_traceback(
    status: str, is_calm: bool, running: PipelineExecution, airflow: FakeAirflow, user: Any
) -> None:
    airflow.set_task(*key(running), "keep", "failed", log=["one", KILLED, "Task killed!"])
    services.sync_active()
    running.tasks.filter(node_id="keep").update(status=status)
    PipelineExecution.objects.filter(pk=running.pk).update(
        cancel_requested_by=user, cancel_requested_at=timezone.now()
    )
    running.refresh_from_db()
    shown = messages(running, "keep")
    assert shown[0] == "one"
    if is_calm:
        assert shown[1:] == [
            f"The node was stopped, for {user.get_username()} cancelled its execution.",
            "Airflow has ended the node's process.",
        ]
    else:
        assert shown[1:] == [KILLED, "Task killed!"]
