"""Retrying: a new attempt of an ended execution, cleared in Airflow exactly once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from airflow_bridge.errors import AirflowRefused
from executions import services, tasks
from executions.errors import NotRetryable, PipelineInactive, UnknownNode
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
from tests.executions.conftest import GRAPH, NODES, Queue, again, key, revise, serve, statuses
from tests.fake_airflow import FakeAirflow, dataset


@pytest.fixture
def failed(running: PipelineExecution, airflow: FakeAirflow) -> PipelineExecution:
    """An execution whose second node has failed."""
    airflow.set_task(*key(running), "read", "success", result=dataset(3))
    airflow.fail(*key(running), "keep", {"message": "no such column"})
    services.sync_active()
    return again(running)


def test_a_retry_runs_what_did_not_succeed_and_keeps_the_rest(
    failed: PipelineExecution, airflow: FakeAirflow, user: Any
) -> None:
    retry = retry_execution(failed, user)
    assert retry.nodes == ("keep", "write")
    waiting = again(failed)
    assert (waiting.status, waiting.attempt) == ("pending", 2)
    assert (waiting.attempt_requested_by, waiting.completed_at) == (user, None)
    assert statuses(failed) == {"read": "success", "keep": "pending", "write": "pending"}
    assert trigger_execution(failed.pk) is Attempt.TRIGGERED
    airflow.finish(*key(failed))
    services.sync_active()
    ended = again(failed)
    assert (ended.status, ended.error_message, ended.attempt) == ("success", "", 2)
    assert ended.tasks.get(node_id="read").tries == 1
    assert ended.tasks.get(node_id="keep").tries == 2
    assert airflow.calls["clear_tasks"] == 1


def test_the_attempt_before_is_kept_as_it_ended(failed: PipelineExecution) -> None:
    error = failed.error_message
    retry_execution(failed, None)
    first, second = services.attempts_of(again(failed))
    assert (first.number, first.status, first.error_message) == (1, "failed", error)
    assert {node["node_id"]: node["status"] for node in first.nodes} == {
        "read": "success",
        "keep": "failed",
        "write": "skipped",
    }
    assert (second.number, second.status) == (2, "pending")
    assert [node["node_id"] for node in second.nodes] == ["keep", "write"]


def test_a_retry_from_a_chosen_node_runs_all_behind_it(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert retry_execution(failed, None, nodes=["read"]).nodes == ("read", "keep", "write")
    trigger_execution(failed.pk)
    assert airflow._instances[key(failed)]["read"].state is None


def test_a_success_can_be_run_again_from_a_node_but_not_from_its_failures(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    services.sync_active()
    with pytest.raises(NotRetryable, match="none of its nodes has failed"):
        retry_execution(running, None)
    assert retry_execution(running, None, nodes=["write"]).nodes == ("write",)


def test_a_node_whose_input_is_missing_is_refused_with_where_to_begin(
    failed: PipelineExecution,
) -> None:
    with pytest.raises(NotRetryable, match="Retry from 'keep'"):
        retry_execution(failed, None, nodes=["write"])
    assert again(failed).status == "failed"


def test_an_unknown_node_is_named(failed: PipelineExecution) -> None:
    with pytest.raises(UnknownNode, match="'nowhere'"):
        retry_execution(failed, None, nodes=["nowhere"])


def test_outputs_that_were_removed_are_needed_no_more_from_the_first_node_on(
    failed: PipelineExecution,
) -> None:
    PipelineExecution.objects.update(staging_removed_at=timezone.now())
    with pytest.raises(NotRetryable, match="'read', which 'keep' needs, was removed"):
        retry_execution(failed, None)
    assert retry_execution(failed, None, nodes=["read"])
    assert again(failed).staging_removed_at is None


def test_a_run_whose_dag_file_was_removed_with_its_outputs_is_not_retried(
    failed: PipelineExecution,
) -> None:
    PipelineExecution.objects.update(staging_removed_at=timezone.now(), bundle_version="abc")
    with pytest.raises(NotRetryable, match="Run it again as a new execution"):
        retry_execution(failed, None, nodes=["read"])


def test_all_nodes_of_an_execution_that_never_had_a_run_are_run(
    pending: PipelineExecution,
) -> None:
    PipelineExecution.objects.update(status="failed")
    assert retry_execution(pending, None, nodes=["write"]).nodes == ("read", "keep", "write")


def test_what_has_not_ended_is_not_retried(running: PipelineExecution) -> None:
    with pytest.raises(NotRetryable, match="still running"):
        retry_execution(running, None)


def test_what_ended_nobody_knows_how_is_not_retried(failed: PipelineExecution) -> None:
    PipelineExecution.objects.update(status="unknown")
    with pytest.raises(NotRetryable, match="not known"):
        retry_execution(failed, None)


def test_a_pipeline_that_is_switched_off_is_not_retried(failed: PipelineExecution) -> None:
    Pipeline.objects.update(is_active=False)
    with pytest.raises(PipelineInactive):
        retry_execution(failed, None)


def test_other_nodes_since_are_refused_unless_the_run_keeps_to_its_own(
    failed: PipelineExecution, pipeline: Pipeline
) -> None:
    revise(pipeline, config={"nodes": GRAPH["nodes"][:2], "edges": GRAPH["edges"][:1]})
    with pytest.raises(NotRetryable, match="Restore revision 1"):
        retry_execution(failed, None)
    PipelineExecution.objects.update(bundle_version="abc")
    assert retry_execution(failed, None).nodes == ("keep", "write")


def test_other_settings_of_the_same_nodes_since_do_not_matter(
    failed: PipelineExecution, pipeline: Pipeline
) -> None:
    config = {**GRAPH, "nodes": [{**node, "name": "Other"} for node in GRAPH["nodes"]]}
    revise(pipeline, config=config)
    assert retry_execution(failed, None)


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
