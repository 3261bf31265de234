"""Cancelling: who asked, once, and what an execution is called that ended meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from executions import services
from executions.errors import ExecutionFinished
from executions.models import PipelineExecution
from executions.services import Cancel, carry_out_cancel, request_cancel
from tests.executions.conftest import NODES, Queue, again, key, statuses
from tests.fake_airflow import FakeAirflow, dataset


def test_a_cancel_of_a_running_execution_is_queued_with_its_author(
    running: PipelineExecution, user: Any, queue: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        execution = request_cancel(running, user)
    assert execution.status == "running"
    assert execution.cancel_requested_by == user
    assert queue.names().count("cancel_pipeline") == 1


def test_asking_twice_is_one_cancel(
    running: PipelineExecution, queue: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = request_cancel(running, None)
        second = request_cancel(running, None)
    assert first.cancel_requested_at == second.cancel_requested_at
    assert queue.names().count("cancel_pipeline") == 1


def test_a_cancelled_run_is_stopped_in_airflow(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.DONE
    execution = again(running)
    assert execution.status == "cancelled"
    assert execution.completed_at is not None
    assert airflow.runs[key(running)].state == "failed"
    assert set(statuses(execution).values()) == {"cancelled"}


def test_a_run_that_succeeded_before_the_cancel_arrived_is_a_success(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(running, None)
    airflow.finish(*key(running))
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "success"
    assert airflow.calls["cancel_run"] == 0


def test_a_run_that_failed_before_the_cancel_arrived_is_failed(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(running, None)
    airflow.fail(*key(running), "read", {"message": "no such file"})
    carry_out_cancel(running.pk)
    execution = again(running)
    assert (execution.status, execution.error_message) == ("failed", "Node 'read': no such file")


def test_a_node_that_failed_before_the_cancel_keeps_the_execution_failed(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(running, None)
    airflow.set_task(*key(running), "read", "failed", error={"message": "no such file"})
    carry_out_cancel(running.pk)
    execution = again(running)
    assert execution.status == "failed"
    assert statuses(execution) == {"read": "failed", "keep": "cancelled", "write": "cancelled"}


def test_a_run_whose_work_was_done_when_airflow_wrote_it_off_is_a_success(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    def end_meanwhile() -> None:
        for node in NODES:
            airflow.set_task(*key(running), node, "success", result=dataset())

    airflow.before("cancel_run", end_meanwhile)
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    assert again(running).status == "success"


def test_whoever_looked_before_the_cancel_does_not_call_it_failed(
    running: PipelineExecution, airflow: FakeAirflow, alive_nodes: set[str]
) -> None:
    """A worker reads the execution; the cancel is sent; then that worker hears `failed`."""
    alive_nodes.add("read")

    def cancel_meanwhile() -> None:
        request_cancel(running, None)
        assert carry_out_cancel(running.pk) is Cancel.SOON

    airflow.before("get_run", cancel_meanwhile)
    services.refresh_execution(running)
    assert again(running).status == "running"
    assert "failed" not in statuses(running).values()
    alive_nodes.clear()
    carry_out_cancel(running.pk)
    assert again(running).status == "cancelled"


def test_a_node_that_the_cancel_made_fail_is_not_called_failed_by_who_looked_before(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    def cancel_is_sent_meanwhile() -> None:
        now = timezone.now()
        PipelineExecution.objects.update(cancel_requested_at=now, cancel_sent_at=now)
        airflow.cancel_run(*key(running))

    airflow.before("task_instances", cancel_is_sent_meanwhile)
    services.refresh_execution(running)
    assert statuses(running)["read"] == "running"
    carry_out_cancel(running.pk)
    assert again(running).status == "cancelled"


def test_an_ended_execution_cannot_be_cancelled(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    services.refresh_execution(running)
    with pytest.raises(ExecutionFinished, match="already ended as success"):
        request_cancel(running, None)


def test_a_trigger_that_may_still_arrive_keeps_a_cancel_waiting(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    PipelineExecution.objects.update(trigger_claimed_at=timezone.now())
    request_cancel(pending, None)
    assert carry_out_cancel(pending.pk) is Cancel.SOON
    assert again(pending).status == "pending"
    PipelineExecution.objects.update(trigger_claimed_at=timezone.now() - timedelta(hours=1))
    assert carry_out_cancel(pending.pk) is Cancel.DONE
    assert again(pending).status == "cancelled"
    assert airflow.calls["cancel_run"] == 0


def test_a_run_that_appears_after_its_cancel_is_stopped_and_stays_cancelled(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(pending, None)
    airflow.begin(*key(pending))
    services.sync_active()
    carry_out_cancel(pending.pk)
    services.sync_active()
    assert airflow.runs[key(pending)].state == "failed"
    assert again(pending).status == "cancelled"


def test_a_cancel_that_nobody_asked_for_is_not_carried_out(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert airflow.calls["cancel_run"] == 0
