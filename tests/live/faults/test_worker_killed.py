"""The Celery worker dies at each step of `execute_pipeline`, and takes its message with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.client import LiveStack, eventually
from tests.live.faults.conftest import Begin
from tests.live.faults.killing import doomed_worker
from tests.live.faults.record import fault
from tests.live.faults.soundness import Trial, require_truth, settle

ONE_RUN = "the sync queues it again; Airflow gets one run"
TRIGGERING = "executions.services.triggering"
CLIENT = "airflow_bridge.rest_client:RestClient"

STEPS = {
    "before it looks at the execution": ("executions.services:trigger_execution:before", ONE_RUN),
    "before it asks Airflow for the DAG": (f"{TRIGGERING}:require_served:before", ONE_RUN),
    "while it claims the trigger": (f"{TRIGGERING}:_require_unchanged:after", ONE_RUN),
    "before the trigger is sent": (f"{CLIENT}.trigger:before", ONE_RUN),
    "before Airflow's answer is written": (
        f"{CLIENT}.trigger:after",
        "the sync finds the run that Airflow has, and follows it",
    ),
    "after Airflow's answer is written": (
        f"{TRIGGERING}:confirm_triggered:after",
        "the sync follows the run",
    ),
    "before it says that it is done": (
        "executions.tasks:queue_monitor:after",
        "the run is followed; the message, delivered again, does nothing",
    ),
}
RETRY_STEPS = {
    "in a retry, before Airflow is told": (
        f"{CLIENT}.clear_tasks:before",
        "Airflow is told once the request cannot arrive any more",
    ),
    "in a retry, before Airflow's answer is written": (
        f"{CLIENT}.clear_tasks:after",
        "Airflow is asked, and not told a second time",
    ),
}
CHILD = "A process of the Celery worker killed before Airflow's answer is written"


def name_of(step: str) -> str:
    return f"Celery worker killed {step}"


@pytest.fixture(scope="module")
def killed(
    live: LiveStack, begin: Begin, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Trial]:
    """One worker after the other, each killed at its step; then the ordinary one, for all."""
    marks = tmp_path_factory.mktemp("killed")
    steps = {name_of(step): at for step, (at, _) in STEPS.items()}
    retries = {name_of(step): at for step, (at, _) in RETRY_STEPS.items()}
    trials = {name: begin(name) for name in [*steps, *retries, CHILD]}
    for trial in trials.values():
        trial.ready()
    ended = {name: trials[name].start()[0] for name in retries}
    for execution_id in ended.values():
        assert live.wait(execution_id)["status"] == "success"
    # Nobody else may take up what the killed ones leave.
    with live.without("beat", "worker"):
        _kill_a_child(live, trials[CHILD], marks / "child")
        for number, (name, at) in enumerate((steps | retries).items()):
            if name in ended:
                live.call("POST", f"executions/{ended[name]}/retry", {"nodes": ["read"]})
            else:
                trials[name].start()
            with doomed_worker(live, at, marks / str(number)) as worker:
                assert worker.wait(60) < 0, f"the worker was not killed {name}"
    for trial in trials.values():
        trial.over()
    settle(*trials.values())
    return trials


def _kill_a_child(live: LiveStack, trial: Trial, mark: Path) -> None:
    trial.start()
    with doomed_worker(live, f"{CLIENT}.trigger:after", mark, whom="process"):
        eventually(mark.exists, 60)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(step, marks=fault(name_of(step), promise), id=step)
        for step, (_, promise) in (STEPS | RETRY_STEPS).items()
    ],
)
def test_a_worker_killed_at_a_step_loses_and_doubles_nothing(live, killed, step):
    trial = killed[name_of(step)]
    require_truth(trial)
    [execution_id] = trial.accepted
    tries = 2 if step in RETRY_STEPS else 1
    assert {task["tries"] for task in live.execution(execution_id)["tasks"]} == {tries}


@fault(CHILD, "the worker puts the message back; the sync or it finds the run that Airflow has")
def test_a_child_of_the_worker_that_is_killed_loses_and_doubles_nothing(killed):
    require_truth(killed[CHILD])
