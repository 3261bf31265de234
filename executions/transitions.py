"""The only way a status changes: a conditional UPDATE, with the old status in its WHERE.

Several workers look at the same execution at the same time. The database decides who wins: the
UPDATE of a writer that comes too late changes no row. A final status stays, and nothing goes
backwards within an attempt.
"""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from executions.models import PipelineExecution, TaskExecution
from executions.statuses import (
    FINAL_NODE_STATUSES,
    FINAL_STATUSES,
    ExecutionStatus,
    NodeStatus,
)

# From which statuses each status may be reached. A status that is not final may be confirmed
# (with a new reason, say); "unknown" is left as soon as Airflow knows the run again.
_REACHED_FROM: dict[str, frozenset[str]] = {
    ExecutionStatus.PENDING: frozenset({"pending", "unknown"}),
    ExecutionStatus.RUNNING: frozenset({"pending", "running", "unknown"}),
    ExecutionStatus.SUCCESS: frozenset({"pending", "running", "unknown"}),
    ExecutionStatus.FAILED: frozenset({"pending", "running", "unknown"}),
    ExecutionStatus.CANCELLED: frozenset({"pending", "running", "unknown"}),
    ExecutionStatus.UNKNOWN: frozenset({"pending", "running", "unknown"}),
}


def change_status(
    execution_id: uuid.UUID, to: str, *, only_if: Q | None = None, **fields: Any
) -> bool:
    """Set the status and `fields` of an execution; return whether this writer won.

    `only_if` is a further condition that must still hold in the database. False means that
    another writer was there first, or that the status is final: the caller changes nothing then.
    """
    fields.setdefault("status_reason", "")
    query = PipelineExecution.objects.filter(pk=execution_id, status__in=_REACHED_FROM[to])
    if only_if is not None:
        query = query.filter(only_if)
    return query.update(status=to, **fields) == 1


def explain_waiting(execution_id: uuid.UUID, reason: str) -> None:
    """Say why an execution that is still pending waits."""
    PipelineExecution.objects.filter(
        pk=execution_id, status=ExecutionStatus.PENDING, cancel_requested_at=None
    ).exclude(status_reason=reason).update(status_reason=reason)


def end_without_run(
    execution_id: uuid.UUID,
    to: str,
    *,
    nodes: str,
    error: str = "",
    only_if: Q | None = None,
) -> bool:
    """End an execution that never had a DAG run, and its nodes with it; return whether it did."""
    ended = change_status(
        execution_id,
        to,
        only_if=Q(triggered_at=None) & (only_if or Q()),
        error_message=error,
        completed_at=timezone.now(),
    )
    if ended:
        end_nodes(execution_id, nodes)
    return ended


def reopen(execution: PipelineExecution) -> bool:
    """Take an ended execution up again, because its run was cleared in Airflow: a new attempt."""
    return (
        PipelineExecution.objects.filter(
            pk=execution.pk, status=execution.status, completed_at=execution.completed_at
        )
        .filter(status__in=FINAL_STATUSES)
        .update(
            status=ExecutionStatus.PENDING,
            status_reason="Cleared in Airflow, so it runs again.",
            completed_at=None,
            duration_seconds=None,
            error_message="",
            cancel_requested_at=None,
            cancel_requested_by=None,
            cancel_sent_at=None,
            staging_removed_at=None,
        )
        == 1
    )


def change_node(
    task: TaskExecution, *, status: str, tries: int, cancel_sent_at: datetime | None, **fields: Any
) -> bool:
    """Set the status and `fields` of a node as seen in its try `tries`; return whether it won.

    `cancel_sent_at` is the execution's at the time before Airflow was asked. Has a cancel been
    sent since, then what Airflow answered may be the work of the cancel, and is not written.
    """
    return (
        TaskExecution.objects.filter(pk=task.pk, execution__cancel_sent_at=cancel_sent_at)
        .filter(Q(tries__lt=tries) | (Q(tries=tries) & ~Q(status__in=FINAL_NODE_STATUSES)))
        .update(status=status, tries=tries, **fields)
        == 1
    )


def end_nodes(execution_id: uuid.UUID, status: str) -> None:
    """Give every node that has not ended the status `status`."""
    TaskExecution.objects.filter(execution_id=execution_id).exclude(
        status__in=FINAL_NODE_STATUSES
    ).exclude(status=NodeStatus(status)).update(status=status)
