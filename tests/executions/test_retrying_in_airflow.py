"""A retry in Airflow: cleared exactly once, whatever comes between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from airflow_bridge.errors import AirflowRefused
from executions import services, tasks
from executions.models import PipelineExecution
from executions.services import (
    Attempt,
    Cancel,
    carry_out_cancel,
    request_cancel,
    retry_execution,
    trigger_execution,
)
from pipelines.models import Pipeline
from tests.executions.conftest import NODES, Queue, again, key, serve, statuses
from tests.executions.retries import failed
from tests.fake_airflow import FakeAirflow

__all__ = ["failed"]


def test_what_airflow_says_of_the_attempt_before_is_not_taken_for_the_new_one(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    retry_execution(failed, None)
    services.sync_active()
    services.refresh_execution(failed)
    assert again(failed).status == "pending"
    assert statuses(failed)["keep"] == "pending"


def test_an_answer_that_was_lost_does_not_clear_twice(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    retry_execution(failed, None)
    airflow.lose_answer("clear_tasks")
    assert trigger_execution(failed.pk) is Attempt.LATER
    assert trigger_execution(failed.pk) is Attempt.TRIGGERED
    assert airflow.calls["clear_tasks"] == 1
    assert not again(failed).clear_pending


def test_a_worker_that_died_while_telling_airflow_is_waited_for_and_then_followed_by_another(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    retry_execution(failed, None)
    claimed = PipelineExecution.objects.filter(pk=failed.pk)
    claimed.update(clear_claimed_at=timezone.now())
    assert trigger_execution(failed.pk) is Attempt.LATER
    assert airflow.calls["clear_tasks"] == 0
    claimed.update(clear_claimed_at=timezone.now() - timedelta(seconds=30))
    assert trigger_execution(failed.pk) is Attempt.TRIGGERED
    assert airflow.calls["clear_tasks"] == 1


def test_a_run_that_follows_the_newest_version_waits_until_that_is_its_own(
    failed: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    retry_execution(failed, None)
    airflow.serve(pipeline.dag_id, tasks=NODES, tags=["sha256:of another"])
    assert trigger_execution(failed.pk) is Attempt.SOON
    assert airflow.calls["clear_tasks"] == 0
    serve(airflow, pipeline)
    assert trigger_execution(failed.pk) is Attempt.TRIGGERED


def test_a_message_delivered_twice_clears_once(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    retry_execution(failed, None)
    assert trigger_execution(failed.pk) is Attempt.TRIGGERED
    assert trigger_execution(failed.pk) is Attempt.NOTHING
    assert airflow.calls["clear_tasks"] == 1


def test_a_refusal_is_shown_and_tried_again(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    retry_execution(failed, None)

    def refuse() -> None:
        raise AirflowRefused("Airflow says no.", status=403)

    airflow.before("clear_tasks", refuse)
    assert trigger_execution(failed.pk) is Attempt.LATER
    assert "Airflow says no." in again(failed).status_reason
    assert trigger_execution(failed.pk) is Attempt.TRIGGERED


def test_a_retry_waits_for_an_airflow_that_is_down(
    failed: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.outage = "Airflow is away."
    retry_execution(failed, None)
    assert trigger_execution(failed.pk) is Attempt.LATER
    assert "goes on by itself" in again(failed).status_reason
    airflow.outage = ""
    PipelineExecution.objects.update(attempted_at=timezone.now() - timedelta(seconds=10))
    assert services.sync_active().queued == 1


def test_a_cancel_before_airflow_is_told_runs_nothing(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    retry_execution(failed, None)
    assert request_cancel(failed, None).status == "cancelled"
    assert trigger_execution(failed.pk) is Attempt.NOTHING
    assert airflow.calls["clear_tasks"] == 0
    assert statuses(failed) == {"read": "success", "keep": "cancelled", "write": "cancelled"}
    services.sync_active()
    assert again(failed).status == "cancelled"


def test_a_cancel_after_airflow_was_told_stops_the_run(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    retry_execution(failed, None)
    trigger_execution(failed.pk)
    airflow.set_run(*key(failed), "running")
    airflow.set_task(*key(failed), "keep", "running", try_number=2)
    services.sync_active()
    request_cancel(failed, None)
    assert carry_out_cancel(failed.pk) is Cancel.DONE
    assert again(failed).status == "cancelled"
    assert retry_execution(failed, None).nodes == ("keep", "write")


def test_a_message_of_a_cancel_before_the_retry_does_not_cancel_the_new_attempt(
    running: PipelineExecution,
    airflow: FakeAirflow,
    queue: Queue,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        request_cancel(running, None)
    [late] = [message for message in queue.messages if message.task == "cancel_pipeline"]
    assert carry_out_cancel(running.pk) is Cancel.DONE
    retry_execution(running, None)
    assert tasks.cancel_pipeline(*late.args) == "pending"
    assert again(running).cancel_requested_at is None


def test_what_was_seen_of_a_cancel_before_the_retry_is_not_written_over_it(
    running: PipelineExecution, airflow: FakeAirflow, alive_nodes: set[str]
) -> None:
    def end_and_retry() -> None:
        alive_nodes.clear()
        assert carry_out_cancel(running.pk) is Cancel.DONE
        retry_execution(running, None)
        # Another worker, which has not looked for so long yet, takes the node for alive.
        alive_nodes.add("read")

    alive_nodes.add("read")
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.SOON
    airflow.after("task_instances", end_and_retry)
    services.refresh_execution(running)
    assert again(running).status == "pending"
    assert trigger_execution(running.pk) is Attempt.TRIGGERED


def test_a_strange_state_before_the_retry_is_not_written_over_it(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    PipelineExecution.objects.update(status="running")
    airflow.set_run(*key(failed), "strange")

    def end_and_retry() -> None:
        PipelineExecution.objects.update(status="failed")
        retry_execution(failed, None)

    airflow.after("task_instances", end_and_retry)
    services.refresh_execution(failed)
    assert again(failed).status == "pending"


def test_an_execution_that_never_had_a_run_is_triggered_by_a_retry(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(pending, None)
    assert retry_execution(pending, None).nodes == tuple(NODES)
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    assert airflow.calls["trigger"] == 1
    assert airflow.calls["clear_tasks"] == 0


def test_a_run_deleted_in_airflow_ends_the_retry_as_unknown(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    retry_execution(failed, None)
    airflow.forget_run(*key(failed))
    assert trigger_execution(failed.pk) is Attempt.NOTHING
    assert again(failed).status == "unknown"


def test_a_run_cleared_in_airflow_is_a_further_attempt(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.clear(*key(failed))
    services.sync_active()
    assert [attempt.status for attempt in services.attempts_of(again(failed))] == [
        "failed",
        "pending",
    ]
    airflow.finish(*key(failed))
    services.sync_active()
    assert (again(failed).status, again(failed).attempt) == ("success", 2)


def test_an_attempt_begun_in_airflow_was_asked_for_when_it_was_cleared(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    PipelineExecution.objects.update(created_at=timezone.now() - timedelta(days=3))
    airflow.clear(*key(failed))
    services.sync_active()
    cleared = again(failed)
    assert cleared.attempt_requested_at is None
    assert cleared.asked_at == cleared.run_queued_at
    assert cleared.asked_at > cleared.created_at + timedelta(days=2)
