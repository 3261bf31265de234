"""Cancelling: cancelled means stopped, and a run that ended by itself keeps its result."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from airflow_bridge.errors import AirflowRefused, AirflowUnavailable
from etl.liveness import stop_requested
from etl.settings import run_settings
from executions import services
from executions.errors import ExecutionFinished
from executions.models import PipelineExecution
from executions.services import Cancel, carry_out_cancel, request_cancel, stopping
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


def test_it_is_not_cancelled_while_a_process_gives_signs_of_life(
    running: PipelineExecution, alive_nodes: set[str]
) -> None:
    alive_nodes.add("read")
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.SOON
    waiting = again(running)
    assert waiting.status == "running"
    assert "waiting for these nodes to stop: read" in waiting.status_reason
    alive_nodes.clear()
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "cancelled"


def test_it_is_not_cancelled_while_airflow_has_tasks_at_work(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.after("cancel_run", lambda: airflow.set_task(*key(running), "read", "running"))
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.SOON
    assert again(running).status == "running"


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


def test_an_execution_whose_status_is_unknown_is_stopped_before_it_is_called_cancelled(
    running: PipelineExecution, airflow: FakeAirflow, alive_nodes: set[str]
) -> None:
    airflow.set_run(*key(running), "a_state_of_tomorrow")
    assert services.refresh_execution(running).status == "unknown"
    alive_nodes.add("read")
    assert "Airflow is being told" in request_cancel(running, None).status_reason
    assert carry_out_cancel(running.pk) is Cancel.SOON
    assert airflow.runs[key(running)].state == "failed"
    assert again(running).status == "running"
    alive_nodes.clear()
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "cancelled"


def test_the_cancel_of_an_execution_whose_status_is_unknown_is_repeated_until_it_took_effect(
    running: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.set_run(*key(running), "a_state_of_tomorrow")
    services.refresh_execution(running)
    airflow.outage = "Airflow cannot be reached."
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.LATER
    assert "Cancel asked for, but Airflow cannot be reached." in again(running).status_reason
    airflow.outage = ""
    PipelineExecution.objects.update(cancel_requested_at=timezone.now() - timedelta(minutes=1))
    services.sync_active()
    assert "cancel_pipeline" in queue.names()
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "cancelled"


def test_an_execution_whose_run_was_deleted_in_airflow_has_nothing_to_cancel(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.forget_run(*key(running))
    services.refresh_execution(running)
    with pytest.raises(ExecutionFinished, match="no longer has a DAG run"):
        request_cancel(running, None)


def test_a_cancel_while_airflow_is_down_waits_with_the_reason_and_goes_on(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.outage = "Airflow cannot be reached."
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.LATER
    assert "Cancel asked for, but Airflow cannot be reached." in again(running).status_reason
    airflow.outage = ""
    assert carry_out_cancel(running.pk) is Cancel.DONE


def test_a_cancel_that_airflow_refuses_is_not_taken_as_sent(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    def refuse() -> None:
        raise AirflowRefused("Not for you.")

    airflow.before("cancel_run", refuse)
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.LATER
    assert again(running).cancel_sent_at is None
    airflow.fail(*key(running), "read", {"message": "no such file"})
    assert services.refresh_execution(running).status == "failed"


def test_a_cancel_that_was_lost_on_its_way_is_sent_again(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    def lose() -> None:
        raise AirflowUnavailable("Airflow did not answer in time.")

    airflow.before("cancel_run", lose)
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.LATER
    assert airflow.runs[key(running)].state == "running"
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "cancelled"


def test_it_is_not_cancelled_while_nobody_can_see_whether_it_stopped(
    running: PipelineExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(staging: str, execution_id: str) -> set[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(stopping, "running_nodes", unreadable)
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.SOON
    assert "cannot be seen" in again(running).status_reason


def refuses_nodes(execution: PipelineExecution, airflow: FakeAirflow) -> bool:
    """Whether a process of the run that has not begun its work would refuse to."""
    began = airflow.runs[key(execution)].start_date
    return stop_requested(run_settings().staging, stopping.staging_key(execution), began)


def test_nodes_that_nobody_can_see_yet_are_forbidden_before_airflow_is_told(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    seen: list[bool] = []
    airflow.before("cancel_run", lambda: seen.append(refuses_nodes(running, airflow)))
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    assert seen == [True]
    assert again(running).status == "cancelled"
    assert refuses_nodes(running, airflow)


def test_nodes_are_forbidden_before_the_last_look_whoever_failed_to(
    running: PipelineExecution, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def look(staging: str, execution_id: str) -> set[str]:
        seen.append(refuses_nodes(running, airflow))
        return set()

    monkeypatch.setattr(stopping, "running_nodes", look)
    airflow.after("cancel_run", lambda: stopping.allow_nodes(running))
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    assert seen == [True]


def test_it_is_not_cancelled_while_nodes_cannot_be_forbidden_but_airflow_is_told(
    running: PipelineExecution, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(stopping, "request_stop", full)
        request_cancel(running, None)
        assert carry_out_cancel(running.pk) is Cancel.SOON
    assert airflow.runs[key(running)].state == "failed"
    assert "No space left" in again(running).status_reason
    assert carry_out_cancel(running.pk) is Cancel.DONE


def test_a_cancelled_run_that_is_cleared_may_run_its_nodes_again(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    airflow.clear(*key(running))
    airflow.set_run(*key(running), "running")
    assert not refuses_nodes(running, airflow)
    services.sync_active()
    assert again(running).status == "running"


def test_a_run_cancelled_before_it_began_may_begin_when_it_is_cleared(
    triggered: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(triggered, None)
    airflow.after("cancel_run", lambda: _never_began(triggered, airflow))
    carry_out_cancel(triggered.pk)
    assert again(triggered).status == "cancelled"
    airflow.clear(*key(triggered))
    airflow.set_run(*key(triggered), "running")
    assert not refuses_nodes(triggered, airflow)


def _never_began(execution: PipelineExecution, airflow: FakeAirflow) -> None:
    run = airflow.runs[key(execution)]
    airflow.runs[key(execution)] = replace(run, start_date=None)


def test_a_cancel_that_came_too_late_or_was_refused_forbids_nothing(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    def refuse() -> None:
        raise AirflowRefused("Not for you.")

    airflow.before("cancel_run", refuse)
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    assert not refuses_nodes(running, airflow)
    airflow.before("cancel_run", lambda: airflow.finish(*key(running)) and None)
    carry_out_cancel(running.pk)
    assert again(running).status == "success"
    assert not refuses_nodes(running, airflow)


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


def test_a_run_deleted_in_airflow_while_it_was_cancelled_is_unknown(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(running, None)
    airflow.forget_run(*key(running))
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "unknown"


def test_a_cancel_that_nobody_asked_for_is_not_carried_out(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert airflow.calls["cancel_run"] == 0
