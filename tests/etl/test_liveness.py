"""Which nodes run, as seen from outside."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from etl import liveness
from etl.context import RunContext
from etl.dataset import remove_execution
from etl.errors import ConfigError, DataError, NodeCancelled
from etl.inputs import Inputs
from etl.liveness import alive, clear_stop, request_stop, running_nodes, stop_requested
from etl.storage import Storage
from tests.etl.conftest import Lab, Rows


@pytest.mark.parametrize("staging", [None, "memory://liveness"])
def test_a_node_is_running_while_its_block_runs(lab: Lab, staging: str | None) -> None:
    lab = lab.at(staging or lab.staging)

    assert running_nodes(lab.staging, "run-1") == set()
    with alive(Storage(lab.staging), lab.context("a")):
        assert running_nodes(lab.staging, "run-1") == {"a"}
        assert running_nodes(lab.staging, "run-2") == set()
    assert running_nodes(lab.staging, "run-1") == set()


def test_a_node_is_running_while_its_module_works(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    def execute(self: Rows, inputs: object, context: object) -> object:
        seen.append(running_nodes(lab.staging, "run-1"))
        raise DataError("no")

    monkeypatch.setattr(Rows, "execute", execute)
    with pytest.raises(DataError):
        lab.stage([{}], "busy")

    assert seen == [{"busy"}]
    assert running_nodes(lab.staging, "run-1") == set()


class Clock:
    """The observer's clock, which stands still until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(liveness, "monotonic", lambda: self.now)


def test_a_process_whose_marker_changes_is_running_however_long(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "INTERVAL", 0.02)
    marker = Path(lab.staging, "run-1", "a", "1", "running")

    with alive(Storage(lab.staging), lab.context("a")):
        for _ in range(3):
            assert running_nodes(lab.staging, "run-1") == {"a"}
            before = marker.read_bytes()
            deadline = time.monotonic() + 5
            while marker.read_bytes() == before and time.monotonic() < deadline:
                time.sleep(0.01)
            monkeypatch.setattr(liveness, "FRESH", -1.0)


def test_a_process_that_was_killed_is_not_running_for_long(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    Storage(lab.staging).write(b"killed 7", "run-1", "a", "1", "running")

    assert running_nodes(lab.staging, "run-1") == {"a"}
    clock.now += 9
    assert running_nodes(lab.staging, "run-1") == {"a"}
    clock.now += 2
    assert running_nodes(lab.staging, "run-1") == set()
    assert running_nodes(lab.staging, "run-1") == set()


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_host_with_another_clock_is_seen_to_run(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    clock = Clock(monkeypatch)
    marker = Path(lab.staging, "run-1", "a", "1", "running")

    for beat in range(4):
        Storage(lab.staging).write(f"process {beat}".encode(), *marker.parts[-4:])
        os.utime(marker, (time.time() + hours * 3600,) * 2)
        assert running_nodes(lab.staging, "run-1") == {"a"}
        clock.now += 60


@pytest.mark.parametrize("staging", [None, "memory://stopping"])
def test_a_node_that_comes_after_the_cancel_does_not_begin(lab: Lab, staging: str | None) -> None:
    lab = lab.at(staging or lab.staging)
    request_stop(lab.staging, "run-1", None)

    with pytest.raises(NodeCancelled, match="Node 'late': it was cancelled") as caught:
        lab.stage("SELECT 1 AS a", "late")

    assert not caught.value.retryable
    assert running_nodes(lab.staging, "run-1") == set()
    clear_stop(lab.staging, "run-1")
    assert lab.stage("SELECT 1 AS a", "late")["shape"] == [1, 1]


def test_a_node_looks_for_the_cancel_after_it_can_be_seen(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    def look(self: RunContext) -> None:
        seen.append(running_nodes(lab.staging, "run-1"))

    monkeypatch.setattr(RunContext, "check_stop", look)
    lab.stage("SELECT 1 AS a", "a")

    assert seen[0] == {"a"}


def test_a_cancel_is_meant_for_the_run_as_it_began_and_not_for_one_cleared_since(
    lab: Lab,
) -> None:
    began = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    request_stop(lab.staging, "run-1", began)

    there = began.astimezone(timezone(timedelta(hours=2)))
    assert stop_requested(lab.staging, "run-1", there)
    assert stop_requested(lab.staging, "run-1", None)
    assert not stop_requested(lab.staging, "run-1", began + timedelta(microseconds=1))
    assert not stop_requested(lab.staging, "run-2", began)


def test_an_output_is_not_committed_after_a_cancel(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(self: Rows, inputs: Inputs, context: RunContext) -> object:
        request_stop(lab.staging, "run-1", None)
        return inputs.query("SELECT 1 AS a")

    monkeypatch.setattr(Rows, "execute", execute)
    with pytest.raises(NodeCancelled):
        lab.stage([{}], "busy")

    assert not Path(lab.staging, "run-1", "busy", "1", "manifest.json").exists()


@pytest.mark.parametrize("module", ["load.csv", "load.parquet"])
def test_a_file_is_not_replaced_after_a_cancel(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    (lab.data / "out").write_text("old")
    source = lab.stage("SELECT 1 AS a")
    database = Inputs.database

    def cancel_meanwhile(self: Inputs, **options: Any) -> Any:
        request_stop(lab.staging, "run-1", None)
        return database(self, **options)

    monkeypatch.setattr(Inputs, "database", cancel_meanwhile)
    with pytest.raises(NodeCancelled):
        lab.run(module, {"path": "out"}, inputs={"input": source})

    assert [path.name for path in lab.data.iterdir()] == ["out"]
    assert (lab.data / "out").read_text() == "old"


def test_removing_an_execution_removes_all_it_staged_and_nothing_else(lab: Lab) -> None:
    lab.stage("SELECT 1 AS a")
    lab.execution_id = "run-2"
    lab.stage("SELECT 1 AS a")

    remove_execution(lab.staging, "run-1")
    remove_execution(lab.staging, "run-1")

    assert [path.name for path in Path(lab.staging).iterdir()] == ["run-2"]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b"])
def test_only_an_execution_can_be_removed(lab: Lab, name: str) -> None:
    with pytest.raises(ConfigError):
        remove_execution(lab.staging, name)
