"""An execution that outran its pipeline's timeout, and nodes that end only with their process."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from executions import services
from executions.models import PipelineExecution
from executions.services import carry_out_cancel, request_cancel
from pipelines.models import PipelineRevision
from tests.executions.conftest import again, key, statuses
from tests.fake_airflow import FakeAirflow, dataset


@pytest.fixture
def overrun(running: PipelineExecution, airflow: FakeAirflow) -> PipelineExecution:
    """An execution that Airflow has stopped after its 60 s: one node done, one cut off."""
    revision = PipelineRevision.objects.get()
    PipelineRevision.objects.update(snapshot={**revision.snapshot, "timeout": 60.0})
    airflow.set_task(*key(running), "read", "success", result=dataset(3))
    airflow.set_task(*key(running), "keep", "running")
    services.sync_active()
    began = airflow.runs[key(running)].start_date
    assert began is not None
    instances = airflow._instances[key(running)]
    instances["keep"] = replace(instances["keep"], state="skipped")
    instances["write"] = replace(instances["write"], state="skipped")
    run = airflow.set_run(*key(running), "failed")
    airflow.runs[key(running)] = replace(run, end_date=began + timedelta(seconds=61))
    return running


def test_the_execution_fails_and_says_that_its_time_was_up(overrun: PipelineExecution) -> None:
    services.sync_active()
    ended = again(overrun)
    assert ended.status == "failed"
    assert statuses(overrun) == {"read": "success", "keep": "failed", "write": "skipped"}
    assert ended.error_message == (
        "Node 'keep' was stopped. The execution ran longer than the timeout of its pipeline, 60 s. "
        "Give it more time or less to do, then retry it."
    )


def test_a_node_that_is_seen_to_be_skipped_before_its_run_has_failed_all_the_same(
    overrun: PipelineExecution, airflow: FakeAirflow
) -> None:
    stopped = airflow.runs[key(overrun)]
    airflow.runs[key(overrun)] = replace(stopped, state="running", end_date=None)
    instances = airflow._instances[key(overrun)]
    instances["write"] = replace(instances["write"], state=None)
    services.sync_active()
    services.refresh_execution(overrun)
    assert statuses(overrun)["keep"] == "running"
    airflow.runs[key(overrun)] = stopped
    services.sync_active()
    assert statuses(overrun) == {"read": "success", "keep": "failed", "write": "skipped"}


def test_it_has_not_ended_while_a_process_of_it_goes_on(
    overrun: PipelineExecution, alive_nodes: set[str]
) -> None:
    alive_nodes.add("keep")
    services.sync_active()
    waiting = again(overrun)
    assert waiting.status == "running"
    assert waiting.status_reason == "Its time is up; waiting for these nodes to stop: keep."
    assert statuses(overrun)["keep"] == "running"
    alive_nodes.clear()
    services.sync_active()
    assert again(overrun).status == "failed"


def test_it_ends_although_airflow_2_leaves_tasks_that_never_began_without_a_state(
    overrun: PipelineExecution, airflow: FakeAirflow
) -> None:
    instances = airflow._instances[key(overrun)]
    instances["write"] = replace(instances["write"], state=None)
    services.sync_active()
    assert again(overrun).status == "failed"
    assert statuses(overrun) == {"read": "success", "keep": "failed", "write": "skipped"}


def test_a_run_that_fails_within_its_time_fails_by_itself(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    revision = PipelineRevision.objects.get()
    PipelineRevision.objects.update(snapshot={**revision.snapshot, "timeout": 60.0})
    airflow.fail(*key(running), "read", {"message": "no such file"})
    services.sync_active()
    assert "timeout" not in again(running).error_message


def test_a_cancelled_node_has_not_ended_while_its_process_goes_on(
    running: PipelineExecution, airflow: FakeAirflow, alive_nodes: set[str]
) -> None:
    alive_nodes.add("read")
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    assert again(running).status == "running"
    assert statuses(running) == {"read": "running", "keep": "cancelled", "write": "cancelled"}
    alive_nodes.clear()
    carry_out_cancel(running.pk)
    assert again(running).status == "cancelled"
    assert statuses(running)["read"] == "cancelled"
