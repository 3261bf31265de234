"""A log that is followed costs Airflow the same, however many follow it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from airflow_bridge.client import LogEvent
from executions.models import PipelineExecution
from executions.services import execution_logs, log_sharing
from executions.services.log_sharing import SharedLogs
from tests.executions.conftest import key
from tests.fake_airflow import FakeAirflow


class Source:
    """A log in Airflow that counts how often it is read, and can be slow."""

    def __init__(self, *messages: str) -> None:
        self.messages = list(messages)
        self.reads = 0
        self.free = threading.Event()
        self.free.set()

    def read(self) -> Iterator[LogEvent]:
        self.reads += 1
        self.free.wait(10)
        yield from (LogEvent(None, "info", message) for message in self.messages)


def messages(logs: SharedLogs, source: Source) -> list[str]:
    return [event.message for event in logs.events("a log", source.read)]


def test_airflow_is_asked_once_for_all_pages_that_follow_a_log(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "running", log=["one"])
    running.tasks.filter(node_id="read").update(tries=1)
    before = airflow.calls["logs"]
    for _ in range(5):
        [log] = execution_logs(running, "read")
        assert [event.message for event in log.events] == ["one"]
    assert airflow.calls["logs"] == before + 1


def test_who_asks_while_another_reads_is_given_the_same() -> None:
    logs, source = SharedLogs(), Source("one", "two")
    source.free.clear()
    with ThreadPoolExecutor(8) as pages:
        asked = [pages.submit(messages, logs, source) for _ in range(8)]
        source.free.set()
        assert [one.result(10) for one in asked] == [["one", "two"]] * 8
    assert source.reads == 1


def test_what_is_new_is_read_a_moment_later(monkeypatch: pytest.MonkeyPatch) -> None:
    logs, source = SharedLogs(), Source("one")
    assert messages(logs, source) == ["one"]
    source.messages.append("two")
    monkeypatch.setattr(log_sharing, "FRESH", 0.0)
    assert messages(logs, source) == ["one", "two"]


def test_a_reader_that_hangs_holds_up_the_others_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_sharing, "_PATIENCE", 0.05)
    logs, hangs, source = SharedLogs(), Source("late"), Source("one")
    hangs.free.clear()
    with ThreadPoolExecutor(1) as page:
        late = page.submit(messages, logs, hangs)
        while not hangs.reads:
            pass
        assert messages(logs, source) == ["one"]
        hangs.free.set()
        assert late.result(10) == ["late"]


def test_a_long_log_is_given_whole_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_sharing, "MOST_CHARACTERS", 500)
    logs, source = SharedLogs(), Source(*map(str, range(50)))
    for _ in range(2):
        assert messages(logs, source) == source.messages
    assert source.reads == 2


def test_what_cannot_be_read_is_asked_for_again() -> None:
    logs, source = SharedLogs(), Source("one")

    def fail() -> Iterator[LogEvent]:
        raise OSError("Airflow is away")

    with pytest.raises(OSError, match="away"):
        logs.events("a log", fail)
    assert messages(logs, source) == ["one"]
