"""Which nodes run, as seen from outside."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from etl import liveness
from etl.dataset import remove_execution
from etl.errors import ConfigError, DataError
from etl.liveness import alive, running_nodes
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


def test_the_marker_stays_fresh(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "INTERVAL", 0.05)
    marker = Path(lab.staging, "run-1", "a", "1", "running")

    with alive(Storage(lab.staging), lab.context("a")):
        os.utime(marker, (0, 0))
        deadline = time.monotonic() + 5
        while not running_nodes(lab.staging, "run-1") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert running_nodes(lab.staging, "run-1") == {"a"}


def test_a_process_that_was_killed_is_not_running_for_long(lab: Lab) -> None:
    storage = Storage(lab.staging)
    storage.write(b"", "run-1", "a", "1", "running")
    marker = Path(lab.staging, "run-1", "a", "1", "running")

    os.utime(marker, (time.time() - 9, time.time() - 9))
    assert running_nodes(lab.staging, "run-1") == {"a"}
    os.utime(marker, (time.time() - 11, time.time() - 11))
    assert running_nodes(lab.staging, "run-1") == set()


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
