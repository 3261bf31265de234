"""The disk of the staging or of the DAG folder is full, or cannot be written to."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.live.client import Json, LiveStack, eventually
from tests.live.faults.mounts import full, read_only
from tests.live.faults.record import fault
from tests.live.faults.soundness import Trial


@fault(
    "Disk of the staging full",
    "a node fails with 'No space left on device'; a retry, once there is room, loads each row once",
)
def test_a_full_staging_fails_with_the_reason_and_a_retry_succeeds(live, trial, tmp_path):
    trial.start()
    for execution_id in trial.accepted:
        live.wait(execution_id)
    with trial.fault(), full(live.stack.layout.staging, tmp_path):
        [execution_id] = trial.start()
        execution = live.wait(execution_id)
        assert execution["status"] == "failed", execution
        assert "No space left on device" in execution["error_message"], execution
    live.call("POST", f"executions/{execution_id}/retry", {})


@pytest.mark.parametrize("trial", [{"retries": 8}], indirect=True)
@fault(
    "Disk of the staging full for some seconds, with retries",
    "the node is tried again until there is room",
)
def test_a_staging_that_is_full_for_a_while_is_outlasted_by_retries(live, trial, tmp_path):
    with trial.fault(), full(live.stack.layout.staging, tmp_path):
        trial.start(2)
        for execution_id in trial.accepted:
            live.wait(execution_id, until=lambda found: found["tasks"][0]["tries"] > 1)


@fault(
    "Disk of the DAG folder full",
    "what is served goes on running; a saved change and its executions wait and say 'No space left "
    "on device', and go on by themselves once there is room",
)
def test_a_full_dag_folder_is_told_and_then_made_up_for(live, trial, tmp_path):
    unwritable(live, trial, full(live.stack.layout.dags, tmp_path), "No space left on device")


@fault(
    "DAG folder read-only",
    "what is served goes on running; a saved change and its executions wait and say 'Read-only "
    "file system', and go on by themselves once it can be written",
)
def test_a_read_only_dag_folder_is_told_and_then_made_up_for(live, trial):
    unwritable(live, trial, read_only(live.stack.layout.dags), "Read-only file system")


def unwritable(
    live: LiveStack, trial: Trial, disk: AbstractContextManager[None], reason: str
) -> None:
    served = deployed_file(live, trial).read_text()
    with trial.fault(), disk:
        trial.start(2)
        for execution_id in trial.accepted:
            assert live.wait(execution_id)["status"] == "success"
        change(live, trial)
        eventually(lambda: reason in trial.deployment()["error"], 60)
        waiting = trial.start(2)
        for execution_id in waiting:
            live.wait(execution_id, until=lambda found: reason in found["status_reason"])
        assert deployed_file(live, trial).read_text() == served


def deployed_file(live: LiveStack, trial: Trial) -> Path:
    return live.stack.layout.dags / f"pipeline_{trial.pipeline['id']}.py"


def change(live: LiveStack, trial: Trial) -> None:
    """Save a revision that needs another DAG file."""
    config: Json = trial.pipeline["config"]
    config["nodes"][0]["retries"] = 1
    live.call("PATCH", f"pipelines/{trial.pipeline['id']}", {"config": config})
