"""The only way a status changes: a conditional UPDATE, with the old status in its WHERE.

Several workers look at the same execution at the same time. The database decides who wins: the
UPDATE of a writer that comes too late changes no row. A final status stays, and nothing goes
backwards within an attempt.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from executions.bulk import update_rows
from executions.models import ExecutionAttempt, PipelineExecution, TaskExecution
from executions.publishing import publish_changed
from executions.statuses import (
    DELETED_IN_AIRFLOW,
    FINAL_NODE_STATUSES,
    ExecutionStatus,
    NodeStatus,
)
from executions.tries import Try, merged

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

_told_of_ends: list[Callable[[uuid.UUID], None]] = []


def tell_of_ends(listener: Callable[[uuid.UUID], None]) -> None:
    """Have `listener` called with the id of every execution that ends, once an attempt.

    Within the transaction that ends it: what it writes is kept exactly if the end is.
    """
    _told_of_ends.append(listener)


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
    won = query.update(status=to, **fields) == 1
    if won:
        publish_changed([execution_id])
    return won


def explain_waiting(execution_id: uuid.UUID, reason: str) -> None:
    """Say why an execution that is still pending waits."""
    pending = PipelineExecution.objects.filter(
        pk=execution_id, status=ExecutionStatus.PENDING, cancel_requested_at=None
    )
    if pending.exclude(status_reason=reason).update(status_reason=reason):
        publish_changed([execution_id])


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
        for listener in _told_of_ends:
            listener(execution_id)
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
    publish_changed([execution.pk])
    return True


@dataclass(frozen=True)
class NodeChange:
    """A node's status, and `fields` beside it, as seen in its try `tries`.

    `execution` is as it was read before Airflow was asked. `seen` are tries of the node as they
    were seen, to be kept beside those that are known.
    """

    execution: PipelineExecution
    node_pk: int
    status: str
    tries: int
    fields: dict[str, Any]
    seen: Sequence[Try] = ()

    def is_newer_than(self, status: str, tries: int) -> bool:
        """Return whether it may follow on that."""
        return tries < self.tries or (tries == self.tries and status not in FINAL_NODE_STATUSES)


@dataclass(frozen=True)
class StatusChange:
    """The status of an execution whose attempt goes on, and `fields` beside it."""

    execution: PipelineExecution
    status: str
    fields: dict[str, Any]


@transaction.atomic
def change_nodes(changes: Sequence[NodeChange]) -> list[NodeChange]:
    """Write how nodes stand; return the changes that won.

    Has a cancel been sent since an execution was read, then what Airflow answered may be the work
    of the cancel; has another attempt begun, it is about the one before: it is not written.
    """
    # All are locked first, executions before nodes as by whoever begins an attempt, and in one
    # order: what is compared then is what is written over.
    read = {change.execution.pk: change.execution for change in changes}
    still = {
        pk
        for pk, attempt, sent_at in _locked(PipelineExecution, read).values_list(
            "pk", "attempt", "cancel_sent_at"
        )
        if (attempt, sent_at) == (read[pk].attempt, read[pk].cancel_sent_at)
    }
    wanted = [change for change in changes if change.execution.pk in still]
    nodes = _locked(TaskExecution, [change.node_pk for change in wanted])
    known = {pk: stand for pk, *stand in nodes.values_list("pk", "status", "tries", "seen_tries")}
    won = [
        change
        for change in wanted
        if change.node_pk in known and change.is_newer_than(*known[change.node_pk][:2])
    ]
    update_rows(
        TaskExecution,
        {
            change.node_pk: {
                "status": change.status,
                "tries": change.tries,
                "seen_tries": merged(known[change.node_pk][2], change.seen),
                **change.fields,
            }
            for change in won
        },
    )
    publish_changed({change.execution.pk for change in won})
    return won


def change_statuses(changes: Sequence[StatusChange]) -> None:
    """Write the statuses of executions that go on, as `change_status` does for one.

    One for which a cancel was asked or another attempt begun since it was read is left alone.
    """
    wanted = {change.execution.pk: change for change in changes}
    if not wanted:
        return
    with transaction.atomic():
        found = _locked(PipelineExecution, wanted)
        rows: dict[uuid.UUID, dict[str, Any]] = {}
        columns = ("pk", "status", "attempt", "cancel_requested_at")
        for pk, status, *stand in found.values_list(*columns):
            change, read = wanted[pk], wanted[pk].execution
            if stand == [read.attempt, read.cancel_requested_at] and (
                status in _REACHED_FROM[change.status]
            ):
                rows[pk] = {"status": change.status, **change.fields}
        update_rows(PipelineExecution, rows)
        publish_changed(rows)


def _locked(model: type[Model], pks: Iterable[Any]) -> QuerySet[Any]:
    rows = model._default_manager.select_for_update(no_key=True)
    return rows.filter(pk__in=list(pks)).order_by("pk")


@transaction.atomic
def mark_deleted(executions: Collection[PipelineExecution]) -> None:
    """Say that the executions' runs are gone from Airflow, and their nodes' fate with them.

    Another attempt begun since `executions` were read is left alone.
    """
    attempts = {execution.pk: execution.attempt for execution in executions}
    found = _locked(PipelineExecution, attempts).values_list("pk", "status", "attempt")
    gone = [
        pk
        for pk, status, attempt in found
        if attempts[pk] == attempt and status in _REACHED_FROM[ExecutionStatus.UNKNOWN]
    ]
    PipelineExecution.objects.filter(pk__in=gone).update(
        status=ExecutionStatus.UNKNOWN, status_reason=DELETED_IN_AIRFLOW
    )
    end_nodes(gone, NodeStatus.UNKNOWN)
    publish_changed(gone)


def end_nodes(execution_ids: Collection[uuid.UUID], status: str) -> None:
    """Give every node of the executions that has not ended the status `status`."""
    TaskExecution.objects.filter(execution__in=execution_ids).exclude(
        status__in=FINAL_NODE_STATUSES
    ).exclude(status=NodeStatus(status)).update(status=status)
