"""The Celery tasks: delivered twice, late or to nobody, they do no harm."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from executions import services, tasks
from executions.models import PipelineExecution
from pipelines.models import DeploymentStatus, Pipeline
from tests.executions.conftest import Queue, again, key
from tests.fake_airflow import FakeAirflow


def run_execute(execution: PipelineExecution) -> str | None:
    return tasks.execute_pipeline(
        str(execution.pipeline_id), execution.params, "manual", None, str(execution.pk)
    )


def test_executing_triggers_and_then_monitors(
    pending: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    assert run_execute(pending) == str(pending.pk)
    assert key(pending) in airflow.runs
    assert queue.names() == ["monitor_execution"]


def test_a_redelivered_message_triggers_nothing_more(
    pending: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    run_execute(pending)
    run_execute(pending)
    assert airflow.calls["trigger"] == 1
    assert queue.names() == ["monitor_execution"]


def test_executing_without_an_execution_makes_one_a_message(
    pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    message = {"args": (str(pipeline.pk), {"min_amount": 4}, "api", None), "task_id": "m1"}
    for _ in range(2):
        tasks.execute_pipeline.apply(**message)
    execution = PipelineExecution.objects.get()
    assert (execution.trigger_type, execution.celery_task_id) == ("api", "m1")
    assert list(airflow.runs) == [key(execution)]


def test_bad_params_in_a_message_make_no_execution(
    pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    assert tasks.execute_pipeline(str(pipeline.pk), {"no": 1}, "api", None) is None
    assert not PipelineExecution.objects.exists()


def test_messages_about_what_is_gone_do_nothing(db: None, airflow: FakeAirflow) -> None:
    gone = str(uuid.uuid4())
    assert tasks.execute_pipeline(gone, {}, "manual", None) is None
    assert tasks.execute_pipeline(gone, {}, "manual", None, gone) is None
    assert tasks.monitor_execution(gone) is None
    assert tasks.cancel_pipeline(gone, gone) is None


def test_while_airflow_registers_the_message_comes_again_soon_under_its_own_id(
    pending: PipelineExecution, queue: Queue
) -> None:
    Pipeline.objects.update(deployment_status=DeploymentStatus.REGISTERING)
    run_execute(pending)
    (message,) = queue.messages
    assert message.task == "execute_pipeline"
    assert message.task_id == pending.celery_task_id
    assert message.countdown == pytest.approx(0.3)


def test_while_airflow_is_down_the_message_does_not_spin(
    pending: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.outage = "Airflow is down."
    run_execute(pending)
    assert queue.messages == []


def test_monitoring_a_fresh_run_comes_again_and_an_old_one_is_left_to_the_sync(
    running: PipelineExecution, queue: Queue
) -> None:
    assert tasks.monitor_execution(str(running.pk)) == "running"
    assert queue.messages[0].countdown == pytest.approx(0.3)
    PipelineExecution.objects.update(triggered_at=timezone.now() - timedelta(minutes=5))
    tasks.monitor_execution(str(running.pk))
    assert len(queue.messages) == 1


def test_monitoring_ends_with_the_run(
    running: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.finish(*key(running))
    assert tasks.monitor_execution(str(running.pk)) == "success"
    assert queue.messages == []


def test_monitoring_while_airflow_is_down_is_left_to_the_sync(
    running: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.outage = "Airflow is down."
    assert tasks.monitor_execution(str(running.pk)) == "running"
    assert queue.messages == []


def test_cancelling_comes_again_until_everything_has_stopped(
    running: PipelineExecution, alive_nodes: set[str], queue: Queue
) -> None:
    services.request_cancel(running, None)
    alive_nodes.add("read")
    pipeline_id = str(running.pipeline_id)
    assert tasks.cancel_pipeline(pipeline_id, str(running.pk)) == "running"
    assert [(m.task, m.countdown) for m in queue.messages] == [("cancel_pipeline", 0.5)]
    alive_nodes.clear()
    assert tasks.cancel_pipeline(pipeline_id, str(running.pk)) == "cancelled"
    assert len(queue.messages) == 1


def test_a_cancel_sent_as_a_message_alone_asks_for_it(
    running: PipelineExecution, queue: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tasks.cancel_pipeline(str(running.pipeline_id), str(running.pk))
    assert again(running).cancel_requested_at is not None
    assert queue.names() == ["cancel_pipeline"]


def test_a_cancel_for_another_pipeline_is_refused(running: PipelineExecution) -> None:
    assert tasks.cancel_pipeline(str(uuid.uuid4()), str(running.pk)) is None
    assert again(running).cancel_requested_at is None


def test_the_sync_is_scheduled_every_five_seconds_and_can_be_edited(db: None) -> None:
    scheduled = PeriodicTask.objects.get(task="executions.tasks.sync_executions")
    assert scheduled.enabled
    assert (scheduled.interval.every, scheduled.interval.period) == (5, "seconds")
    assert scheduled.expire_seconds is not None


def test_the_sync_task_follows_what_changed(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    tasks.sync_executions()
    assert again(running).status == "success"
