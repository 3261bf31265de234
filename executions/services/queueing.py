"""Messages to the worker. Sent by name, so that services need not import the tasks."""

import uuid
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from etl.messages import say
from executions.models import PipelineExecution
from executions.statuses import ExecutionStatus
from executions.transitions import NOT_BEGUN, explain_waiting

EXECUTE = "executions.tasks.execute_pipeline"
MONITOR = "executions.tasks.monitor_execution"
CANCEL = "executions.tasks.cancel_pipeline"
SYNC = "executions.tasks.sync_executions"
REMOVE_STAGING = "executions.tasks.remove_staging"
REMOVE_UNKEPT = "executions.tasks.remove_unkept"

UNTOLD = say(
    "Redis does not answer, so no worker knows of it yet. It begins by itself once Redis is back."
)


def queue_execute(execution: PipelineExecution, *, countdown: float | None = None) -> None:
    """Queue the task that triggers an execution which exists already.

    The message keeps the execution's Celery task id, so that the id given to the operator stays
    true however often the task has to look again.
    """
    args: list[Any] = [
        str(execution.pipeline_id) if execution.pipeline_id else None,
        execution.params,
        execution.trigger_type,
        execution.triggered_by_id,
        str(execution.pk),
    ]
    current_app.send_task(
        EXECUTE, args=args, task_id=execution.celery_task_id or None, countdown=countdown
    )


def queue_monitor(execution_id: uuid.UUID, *, countdown: float | None = None) -> None:
    """Queue a look at a running execution."""
    current_app.send_task(MONITOR, args=[str(execution_id)], countdown=countdown)


def queue_cancel(execution: PipelineExecution, *, countdown: float | None = None) -> None:
    """Queue the task that stops an execution and makes sure that it has stopped.

    It is about the attempt that the execution is in: one that begins later goes on.
    """
    pipeline_id = str(execution.pipeline_id) if execution.pipeline_id else None
    current_app.send_task(
        CANCEL, args=[pipeline_id, str(execution.pk), execution.attempt], countdown=countdown
    )


def queue_remove_staging() -> None:
    """Queue the removal of the next lot of staged data."""
    current_app.send_task(REMOVE_STAGING)


def queue_remove_unkept() -> None:
    """Queue the removal of the next lot of what is kept no longer."""
    current_app.send_task(REMOVE_UNKEPT)


def queue_execute_on_commit(execution: PipelineExecution) -> None:
    """Queue the trigger once the execution is committed: the worker may be faster than we are.

    A broker that is down is logged, not raised: the execution exists, says so, and the regular sync
    queues it again.
    """

    def queue() -> None:
        try:
            queue_execute(execution)
        except OperationalError:
            explain_waiting(execution.pk, UNTOLD)
            raise

    transaction.on_commit(queue, robust=True)


def queue_cancel_on_commit(execution: PipelineExecution) -> None:
    """Queue the cancel once its request is committed; the sync repeats one that is lost."""
    transaction.on_commit(lambda: queue_cancel(execution), robust=True)


def queue_lost_triggers(*, waiting_for: timedelta, silent_for: timedelta, at_most: int) -> int:
    """Queue again the executions that wait for their trigger and that no worker looks after.

    `at_most` so many, those first that nobody has looked at for longest.

    Those that a worker has seen and set aside (it gave a reason) are due after `waiting_for`,
    those that no worker has seen yet after `silent_for`: their message may still be in the queue.
    Return how many were queued.
    """
    now = timezone.now()
    lost = PipelineExecution.objects.filter(
        Q(attempted_at__lt=now - silent_for)
        | Q(attempted_at__lt=now - waiting_for, status_reason__gt="")
        | Q(attempted_at=None, created_at__lt=now - silent_for),
        NOT_BEGUN,
        status=ExecutionStatus.PENDING,
        cancel_requested_at=None,
    )
    queued = 0
    for execution in lost.order_by(F("attempted_at").asc(nulls_first=True), "created_at")[:at_most]:
        # Two syncs may see the same row: the one that changes it queues it.
        row = PipelineExecution.objects.filter(pk=execution.pk, attempted_at=execution.attempted_at)
        if row.update(attempted_at=now):
            queue_execute(execution)
            queued += 1
    return queued
