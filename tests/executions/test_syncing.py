"""The regular look at Airflow: following, and what was lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from executions import services
from executions.models import PipelineExecution, SyncCursor
from executions.services import sync_round, syncing
from executions.services.sync_lock import LOCK
from executions.services.triggering import trigger_execution
from pipelines.models import Pipeline
from tests.executions.conftest import NODES, Queue, again, key, statuses
from tests.fake_airflow import FakeAirflow, dataset


def started(pipeline: Pipeline) -> PipelineExecution:
    execution = services.start_execution(pipeline)
    trigger_execution(execution.pk)
    return again(execution)


def aged(execution: PipelineExecution, **ages: int) -> None:
    """Move times of the execution into the past, by seconds."""
    PipelineExecution.objects.filter(pk=execution.pk).update(
        **{name: timezone.now() - timedelta(seconds=seconds) for name, seconds in ages.items()}
    )


def test_a_finished_run_is_noticed_without_a_monitor(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    services.sync_active()
    assert again(running).status == "success"
    assert running.tasks.get(node_id="keep").rows_out == 3


def test_a_sync_costs_a_handful_of_requests_for_any_number_of_runs(
    pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    executions = [started(pipeline) for _ in range(30)]
    for execution in executions[:20]:
        airflow.set_run(*key(execution), "running")
        airflow.set_task(*key(execution), "read", "running")
    services.sync_active()
    airflow.calls.clear()
    report = services.sync_active()
    assert report.followed == 30
    assert airflow.calls["get_run"] == airflow.calls["xcom"] == 0
    assert airflow.calls.total() <= 4
    assert {again(execution).status for execution in executions[:20]} == {"running"}


def test_nodes_of_a_run_that_did_not_change_are_followed(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    services.sync_active()
    SyncCursor.objects.update(runs_seen_until=timezone.now() + timedelta(minutes=1))
    airflow.set_task(*key(running), "read", "success", result=dataset())
    airflow.set_task(*key(running), "keep", "running")
    services.sync_active()
    assert statuses(running) == {"read": "success", "keep": "running", "write": "pending"}


def test_ended_executions_cost_nothing(running: PipelineExecution, airflow: FakeAirflow) -> None:
    airflow.finish(*key(running))
    services.sync_active()
    airflow.calls.clear()
    services.sync_active()
    assert dict(airflow.calls) == {"runs_updated_since": 1}


def test_a_run_deleted_in_airflow_becomes_unknown(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.forget_run(*key(running))
    services.sync_active()
    assert again(running).status == "unknown"


def test_a_run_that_ended_behind_the_cursor_is_noticed_by_its_nodes(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    services.sync_active()
    airflow.finish(*key(running))
    now = timezone.now()
    SyncCursor.objects.update(runs_seen_until=now + timedelta(days=1), looked_back_at=now)
    services.sync_active()
    assert again(running).status == "success"


def test_the_run_of_a_cancel_is_read_before_its_nodes(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    """The node ends between the two answers: the run that is read must not be the newer one."""
    services.sync_active()
    airflow.cancel_run(*key(running))
    now = timezone.now()
    running.cancel_requested_at = running.cancel_sent_at = now
    running.save()
    SyncCursor.objects.update(runs_seen_until=now + timedelta(days=1), looked_back_at=now)
    for node in NODES:
        airflow.set_task(*key(running), node, "running", try_number=2)

    def end_meanwhile() -> None:
        for node in NODES:
            airflow.set_task(*key(running), node, "success", try_number=2, result=dataset())
        airflow.set_run(*key(running), "success")

    airflow.after("task_instances", end_meanwhile)
    services.sync_active()
    assert statuses(running) == dict.fromkeys(NODES, "success")


def test_a_task_that_the_dag_has_lost_does_not_become_a_node(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "of_another_revision", "removed")
    services.sync_active()
    assert list(statuses(running)) == NODES


def test_a_run_cleared_in_airflow_runs_again(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.fail(*key(running), "read", {"message": "no such file"})
    services.sync_active()
    assert again(running).status == "failed"
    airflow.clear(*key(running))
    services.sync_active()
    reopened = again(running)
    assert (reopened.status, reopened.error_message) == ("pending", "")
    for node in NODES:
        airflow.set_task(*key(running), node, "success", try_number=2, result=dataset(7))
    airflow.set_run(*key(running), "success")
    services.sync_active()
    assert again(running).status == "success"
    read = running.tasks.get(node_id="read")
    assert (read.tries, read.rows_out, read.error) == (2, 7, "")


def test_a_trigger_whose_message_was_lost_is_queued_again(
    pending: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    services.sync_active()
    assert queue.messages == []
    aged(pending, created_at=40)
    assert services.sync_active().queued == 1
    assert [message.args[-1] for message in queue.messages] == [str(pending.pk)]
    assert services.sync_active().queued == 0


def test_an_execution_set_aside_goes_on_when_airflow_is_back(
    pending: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.outage = "Airflow cannot be reached."
    trigger_execution(pending.pk)
    aged(pending, attempted_at=6)
    services.sync_active()
    assert queue.messages == []
    assert again(pending).status_reason.startswith("Airflow cannot be reached.")
    airflow.outage = ""
    services.sync_active()
    assert queue.names() == ["execute_pipeline"]


def test_a_run_whose_confirmation_was_lost_is_found(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.lose_answer("trigger")
    trigger_execution(pending.pk)
    airflow.finish(*key(pending))
    services.sync_active()
    assert again(pending).status == "success"


def test_a_cancel_whose_message_was_lost_is_queued_again(
    running: PipelineExecution, queue: Queue
) -> None:
    services.request_cancel(running, None)
    services.sync_active()
    assert "cancel_pipeline" not in queue.names()
    aged(running, cancel_requested_at=15)
    services.sync_active()
    assert "cancel_pipeline" in queue.names()


def test_thousands_of_lost_messages_are_queued_again_some_at_a_time(
    pipeline: Pipeline, airflow: FakeAirflow, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "_QUEUED", 2)
    lost = [services.start_execution(pipeline) for _ in range(5)]
    for execution in lost:
        aged(execution, created_at=40)
    assert [services.sync_active().queued for _ in range(4)] == [2, 2, 1, 0]
    assert {message.args[-1] for message in queue.messages} == {str(one.pk) for one in lost}


def test_while_airflow_is_down_running_executions_say_so_and_then_no_more(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.outage = "Airflow cannot be reached."
    services.sync_active()
    stale = again(running)
    assert stale.status == "running"
    assert stale.status_reason.startswith("Airflow cannot be reached. What is shown may be older")
    airflow.outage = ""
    services.sync_active()
    assert again(running).status_reason == ""


def test_an_outage_in_the_middle_forgets_nothing(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    airflow.lose_answer("task_instances")
    services.sync_active()
    assert again(running).status == "running"
    services.sync_active()
    assert again(running).status == "success"


def test_a_run_that_cannot_be_followed_does_not_hold_up_the_others(
    pipeline: Pipeline, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = started(pipeline), started(pipeline)
    for execution in (bad, good):
        airflow.finish(*key(execution))
    read = sync_round.read_run

    def fail_for_bad(client: Any, execution: PipelineExecution, *args: Any) -> Any:
        if execution.pk == bad.pk:
            raise RuntimeError("unforeseen")
        return read(client, execution, *args)

    with monkeypatch.context() as patch:
        patch.setattr(sync_round, "read_run", fail_for_bad)
        assert services.sync_active().failed == 1
    assert (again(bad).status, again(good).status) == ("pending", "success")
    services.sync_active()
    assert again(bad).status == "success"


def test_only_one_sync_runs_at_a_time(running: PipelineExecution, airflow: FakeAirflow) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            assert services.sync_active().skipped
            assert airflow.calls["runs_updated_since"] == 0
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        assert not services.sync_active().skipped
    finally:
        other.close()


def test_a_sync_needs_no_more_queries_for_more_ended_runs(
    make_pipeline: Callable[..., Pipeline],
    airflow: FakeAirflow,
    django_assert_max_num_queries: Any,
) -> None:
    pipeline = make_pipeline()
    for _ in range(20):
        airflow.finish(*key(started(pipeline)))
    while services.sync_active().postponed:
        pass
    with django_assert_max_num_queries(12):
        services.sync_active()
