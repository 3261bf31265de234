"""The Celery tasks of executions. Every one may be delivered twice, late, or to several workers."""

import logging
import time
import uuid
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from airflow_bridge.errors import AirflowError
from executions import services
from executions.errors import AirflowNotAnswering
from executions.models import PipelineExecution
from executions.services.queueing import (
    queue_cancel,
    queue_execute,
    queue_monitor,
    queue_remove_staging,
    queue_remove_unkept,
)
from pipelines import services as pipelines
from pipelines.errors import DomainError
from pipelines.models import Pipeline

logger = logging.getLogger(__name__)

# Seconds between two looks at a deployment that Airflow is registering.
REGISTERING_EVERY = 0.3
# For as long as a deployment normally may take; after that the regular sync looks again.
REGISTERING_FOR = timedelta(minutes=3)
# A fresh run is looked at this often, a little less often as it grows older; after a minute the
# regular sync suffices.
MONITOR_FASTEST, MONITOR_SLOWEST = 0.3, 1.0
MONITOR_FOR = timedelta(seconds=60)
# So many executions that the task ends well before its message counts as lost.
STAGING_LOT = 200
LOG_LOT, LOGS_FOR = 1000, 20.0
SYNC_FOR = 3.0
CANCEL_EVERY = 0.5
CANCEL_FOR = timedelta(seconds=60)


@shared_task(bind=True, name="executions.tasks.execute_pipeline")
def execute_pipeline(
    self: "Task[..., str | None]",
    pipeline_id: str | None,
    params: dict[str, Any] | None,
    trigger_type: str,
    user_id: int | None,
    execution_id: str | None = None,
) -> str | None:
    """Trigger an execution of the pipeline; return its id, None if there is nothing to execute.

    Without `execution_id` the execution is created here, once for this message.
    """
    execution = (
        _existing(execution_id)
        if execution_id
        else _created(self.request.id, pipeline_id, params, trigger_type, user_id)
    )
    if execution is None:
        return None
    attempt = services.trigger_execution(execution.pk)
    age = timezone.now() - execution.asked_at
    if attempt is services.Attempt.SOON and age < REGISTERING_FOR:
        queue_execute(execution, countdown=REGISTERING_EVERY)
    elif attempt is services.Attempt.TRIGGERED:
        queue_monitor(execution.pk, countdown=MONITOR_FASTEST)
    return str(execution.pk)


@shared_task(name="executions.tasks.monitor_execution")
def monitor_execution(execution_id: str) -> str | None:
    """Bring an execution up to what Airflow says; return its status.

    Comes again by itself while the run is fresh, so that short pipelines are shown as they go.
    """
    execution = _existing(execution_id)
    if execution is None:
        return None
    try:
        execution = services.refresh_execution(execution)
    except AirflowNotAnswering as error:
        logger.warning("Execution %s: %s", execution_id, error)
        return str(execution.status)
    if execution.is_active and execution.triggered_at is not None:
        age = timezone.now() - (execution.clear_claimed_at or execution.triggered_at)
        if age < MONITOR_FOR:
            seconds = min(max(age.total_seconds() / 20, MONITOR_FASTEST), MONITOR_SLOWEST)
            queue_monitor(execution.pk, countdown=seconds)
    return str(execution.status)


@shared_task(name="executions.tasks.look_at_run")
def look_at_run(dag_id: str, run_id: str, after: str | None = None, again: int = 0) -> None:
    """Look at a DAG run of which Airflow told that it changed."""
    try:
        services.look_at_run(dag_id, run_id, after, again)
    except AirflowError as error:
        # The regular sync looks at it again.
        logger.warning("Run %s of DAG %s: %s", run_id, dag_id, error)


@shared_task(name="executions.tasks.cancel_pipeline")
def cancel_pipeline(
    pipeline_id: str | None, execution_id: str, attempt: int | None = None
) -> str | None:
    """Cancel an execution and make sure that it has stopped; return its status.

    Sent for an execution whose cancel nobody asked for yet, it asks for it. With `attempt` it is
    about that one alone, whose cancel was asked for. Comes again by itself until everything has
    stopped.
    """
    execution = _existing(execution_id)
    if execution is None:
        return None
    if pipeline_id is not None and str(execution.pipeline_id) not in {pipeline_id, "None"}:
        logger.error("Execution %s is not one of pipeline %s", execution_id, pipeline_id)
        return None
    if attempt is not None and attempt != execution.attempt:
        # It was retried since.
        return str(execution.status)
    if execution.cancel_requested_at is None:
        try:
            return str(services.request_cancel(execution, None).status)
        except DomainError as error:
            logger.info("Execution %s: %s", execution_id, error)
            return str(execution.status)
    outcome = services.carry_out_cancel(execution.pk)
    age = timezone.now() - execution.cancel_requested_at
    if outcome is services.Cancel.SOON and age < CANCEL_FOR:
        queue_cancel(execution, countdown=CANCEL_EVERY)
    execution.refresh_from_db()
    return str(execution.status)


@shared_task(name="executions.tasks.sync_executions")
def sync_executions() -> None:
    """Bring all executions up to what changed in Airflow since the last look.

    Where results were left to be read, further rounds follow at once until beat sends the next.
    """
    began = time.monotonic()
    while True:
        report = services.sync_active()
        if report.adopted or report.queued:
            logger.info(
                "Sync: %d runs adopted, %d executions queued", report.adopted, report.queued
            )
        if not report.postponed or time.monotonic() - began > SYNC_FOR:
            return


@shared_task(name="executions.tasks.remove_staging")
def remove_staging() -> None:
    """Remove staged data that is kept no longer, a lot at a time; that of previews, too."""
    pipelines.remove_old_previews()
    removed = services.remove_staging(at_most=STAGING_LOT)
    if removed:
        logger.info("Staged data of %d executions removed", removed)
    if removed == STAGING_LOT:
        queue_remove_staging()


@shared_task(name="executions.tasks.remove_unkept")
def remove_unkept() -> None:
    """Remove logs, executions, revisions and drafts kept no longer, a lot at a time."""
    removed = services.remove_unkept(at_most=STAGING_LOT)
    if removed:
        logger.info(
            "Kept no longer, and removed: %d logs, executions, revisions and drafts", removed
        )
    if removed >= STAGING_LOT:
        queue_remove_unkept()


@shared_task(name="executions.tasks.copy_logs")
def copy_logs() -> None:
    """Copy the logs of tries that have ended out of Airflow; beat runs it every few seconds."""
    services.copy_logs(at_most=LOG_LOT, seconds=LOGS_FOR)


def _existing(execution_id: str) -> PipelineExecution | None:
    execution = PipelineExecution.objects.filter(pk=uuid.UUID(execution_id)).first()
    if execution is None:
        logger.warning("Execution %s does not exist (any more)", execution_id)
    return execution


def _created(
    message_id: str | None,
    pipeline_id: str | None,
    params: dict[str, Any] | None,
    trigger_type: str,
    user_id: int | None,
) -> PipelineExecution | None:
    message_id = message_id or str(uuid.uuid4())
    execution = PipelineExecution.objects.filter(celery_task_id=message_id).first()
    if execution is not None:
        return execution
    pipeline = Pipeline.objects.filter(pk=pipeline_id).first() if pipeline_id else None
    if pipeline is None:
        logger.warning("Pipeline %s does not exist (any more)", pipeline_id)
        return None
    try:
        return services.create_execution(
            pipeline,
            params=params,
            trigger_type=trigger_type,
            user_id=user_id,
            celery_task_id=message_id,
        )
    except DomainError as error:
        logger.error("Pipeline %s cannot be executed: %s", pipeline_id, error.detail)
        return None
