"""The only way a status changes: a conditional UPDATE, with the old status in its WHERE.

Several workers look at the same execution at the same time. The database decides who wins: the
UPDATE of a writer that comes too late changes no row. A final status stays, and nothing goes
backwards within an attempt.
"""

import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from executions.models import ExecutionAttempt, PipelineExecution, TaskExecution
from executions.statuses import (
    DELETED_IN_AIRFLOW,
    FINAL_NODE_STATUSES,
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

# Airflow is still to be told: to start the run, or to run nodes of it again.
NOT_BEGUN = Q(triggered_at=None) | Q(clear_pending=True)


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


@transaction.atomic
def end_with_nodes(
    execution_id: uuid.UUID, to: str, *, nodes: str, only_if: Q | None = None, **fields: Any
) -> bool:
    """Set a status of an execution of which nothing runs any more; return whether this writer won.

    Its nodes that have not ended get the status `nodes`, in the same transaction: nobody follows
    the execution after this, so that a writer killed in between would leave them for good.
    """
    ended = change_status(execution_id, to, only_if=only_if, **fields)
    if ended:
        end_nodes([execution_id], nodes)
    return ended


def end_without_run(
    execution_id: uuid.UUID,
    to: str,
    *,
    nodes: str,
    error: str = "",
    only_if: Q | None = None,
) -> bool:
    """End an attempt that Airflow has not begun, and its nodes with it; return whether it did."""
    return end_with_nodes(
        execution_id,
        to,
        nodes=nodes,
        only_if=NOT_BEGUN & (only_if or Q()),
        error_message=error,
        completed_at=timezone.now(),
        clear_pending=False,
    )


@transaction.atomic
def begin_attempt(
    execution: PipelineExecution,
    *,
    reason: str,
    nodes: Collection[str] | None = None,
    **fields: Any,
) -> bool:
    """Take an ended execution up again; return whether this writer won.

    How it ended is kept as an `ExecutionAttempt`. The nodes that run again (None: whichever Airflow
    runs) are pending at once. `execution` is as it was read when that was decided: another attempt
    begun since, or its outputs being removed, makes this one lose.
    """
    row = PipelineExecution.objects.filter(
        pk=execution.pk,
        attempt=execution.attempt,
        status=execution.status,
        staging_removed_at=execution.staging_removed_at,
    )
    if not execution.is_final or row.select_for_update().first() is None:
        return False
    ExecutionAttempt.of(execution, execution.tasks.all()).save(force_insert=True)
    again = execution.tasks.all() if nodes is None else execution.tasks.filter(node_id__in=nodes)
    row.update(
        status=ExecutionStatus.PENDING,
        status_reason=reason,
        attempt=F("attempt") + 1,
        attempt_nodes=None if nodes is None else sorted(nodes),
        started_at=None,
        completed_at=None,
        duration_seconds=None,
        error_message="",
        cancel_requested_at=None,
        cancel_requested_by=None,
        cancel_sent_at=None,
        staging_removed_at=None,
        logs_removed_at=None,
        **{"attempt_requested_at": None, "attempt_requested_by": None, **fields},
    )
    if nodes is not None:
        again.update(
            status=NodeStatus.PENDING,
            started_at=None,
            completed_at=None,
            duration_seconds=None,
            error="",
            **TaskExecution.NO_RESULT,
        )
    return True


@transaction.atomic
def change_node(
    execution: PipelineExecution, task: TaskExecution, *, status: str, tries: int, **fields: Any
) -> bool:
    """Set the status and `fields` of a node as seen in its try `tries`; return whether it won.

    `execution` is as it was read before Airflow was asked. Has a cancel been sent since, then what
    Airflow answered may be the work of the cancel; has another attempt begun, it is about the one
    before: it is not written.
    """
    # Locked first, as by whoever begins an attempt, and the node's own conditions in the UPDATE
    # itself: PostgreSQL checks those, and no subquery, again once it has waited for a lock.
    still = PipelineExecution.objects.select_for_update(no_key=True).filter(
        pk=execution.pk, cancel_sent_at=execution.cancel_sent_at, attempt=execution.attempt
    )
    if not still.values_list("pk"):
        return False
    newer = Q(tries__lt=tries) | (Q(tries=tries) & ~Q(status__in=FINAL_NODE_STATUSES))
    row = TaskExecution.objects.filter(newer, pk=task.pk)
    return row.update(status=status, tries=tries, **fields) == 1


@transaction.atomic
def mark_deleted(executions: Collection[PipelineExecution]) -> None:
    """Say that the executions' runs are gone from Airflow, and their nodes' fate with them.

    Another attempt begun since `executions` were read is left alone.
    """
    attempts = {execution.pk: execution.attempt for execution in executions}
    rows = PipelineExecution.objects.select_for_update(no_key=True).filter(
        pk__in=attempts, status__in=_REACHED_FROM[ExecutionStatus.UNKNOWN]
    )
    found = rows.order_by("pk").values_list("pk", "attempt")
    gone = [pk for pk, attempt in found if attempts[pk] == attempt]
    PipelineExecution.objects.filter(pk__in=gone).update(
        status=ExecutionStatus.UNKNOWN, status_reason=DELETED_IN_AIRFLOW
    )
    end_nodes(gone, NodeStatus.UNKNOWN)


def end_nodes(execution_ids: Collection[uuid.UUID], status: str) -> None:
    """Give every node of the executions that has not ended the status `status`."""
    TaskExecution.objects.filter(execution__in=execution_ids).exclude(
        status__in=FINAL_NODE_STATUSES
    ).exclude(status=NodeStatus(status)).update(status=status)
