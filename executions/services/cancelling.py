"""Cancel an execution, and call it cancelled only once nothing of it runs any more."""

import enum
import logging
import uuid

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from airflow_bridge import factory
from airflow_bridge.client import AirflowClient, DagRun
from airflow_bridge.errors import AirflowError, AirflowRefused, AirflowUnavailable, RunNotFound
from airflow_bridge.states import execution_status
from etl.errors import ETLError
from etl.messages import say
from executions.errors import ExecutionFinished
from executions.models import MAY_STILL_RUN, PipelineExecution
from executions.publishing import publish_changed
from executions.services.beginning import nothing_begun, nothing_can_begin
from executions.services.following import confirm_cleared, follow, was_cleared
from executions.services.queueing import queue_cancel_on_commit
from executions.services.stopping import allow_nodes, forbid_nodes
from executions.services.triggering import confirm_triggered
from executions.statuses import FINAL_STATUSES, ExecutionStatus, NodeStatus
from executions.transitions import end_without_run, mark_deleted

logger = logging.getLogger(__name__)


class Cancel(enum.Enum):
    """How far a cancel is."""

    DONE = "the execution has ended"
    SOON = "Airflow was told; look again at once whether everything has stopped"
    LATER = "Airflow cannot be asked: the regular sync goes on"


def request_cancel(
    execution: PipelineExecution, user: AbstractBaseUser | None
) -> PipelineExecution:
    """Return the execution with its cancel asked for, or carried out if no DAG run exists.

    One whose status is unknown may run still, and is cancelled like one that runs. Asking twice
    is harmless. Raise `ExecutionFinished` if it has ended already, or its run was deleted.
    """
    with transaction.atomic():
        row = PipelineExecution.objects.filter(pk=execution.pk)
        asked = row.filter(MAY_STILL_RUN, cancel_requested_at=None).update(
            cancel_requested_at=timezone.now(),
            cancel_requested_by_id=user.pk if user is not None else None,
        )
        if asked and not _cancel_without_run(execution.pk, nothing_begun()):
            row.filter(MAY_STILL_RUN).update(
                status_reason=say("Cancel asked for; Airflow is being told.")
            )
            queue_cancel_on_commit(execution)
            publish_changed([execution.pk])
    execution = row.get()
    if not asked and execution.cancel_requested_at is None:
        raise ExecutionFinished(execution.status)
    return execution


def carry_out_cancel(execution_id: uuid.UUID) -> Cancel:
    """Stop the run of an execution whose cancel was asked for; say how far that is.

    Safe to repeat. Never raises for an Airflow that is down; the reason is on the execution.
    """
    execution = PipelineExecution.objects.filter(pk=execution_id).first()
    if execution is None or execution.cancel_requested_at is None:
        return Cancel.DONE
    if _cancel_without_run(execution_id, nothing_begun()):
        return Cancel.DONE
    try:
        return _stop(factory.get_airflow_client(), execution)
    except AirflowUnavailable as error:
        reason = say("Cancel asked for, but {error} It goes on when Airflow is back.", error=error)
        _explain(execution, reason)
    except AirflowError as error:
        _explain(execution, say("Cancel asked for, but {error} It is tried again.", error=error))
    return Cancel.LATER


def _stop(client: AirflowClient, execution: PipelineExecution) -> Cancel:
    try:
        run = client.get_run(execution.airflow_dag_id, execution.airflow_dag_run_id)
    except RunNotFound:
        return _without_run(execution)
    if execution.clear_pending and not was_cleared(execution, run):
        return _not_begun(execution)
    if execution.clear_pending:
        confirm_cleared(execution, run)
        execution.refresh_from_db()
    if execution.triggered_at is None:
        confirm_triggered(execution, run)
        execution.refresh_from_db()
    # Nodes that failed before the cancel are written first: they failed by themselves.
    if execution.cancel_sent_at is None and not execution.is_final:
        follow(client, execution)
        execution.refresh_from_db()
    # A run that still goes on after a cancel was sent never got it: it is sent again.
    if _goes_on(run):
        _send(client, execution, run)
        execution.refresh_from_db()
    if not execution.is_final:
        follow(client, execution)
        execution.refresh_from_db()
    return Cancel.SOON if execution.may_still_run else Cancel.DONE


def _send(client: AirflowClient, execution: PipelineExecution, run: DagRun) -> None:
    row = PipelineExecution.objects.filter(pk=execution.pk)
    if execution.status != ExecutionStatus.CANCELLED and not execution.may_still_run:
        return
    # Before the request: whoever reads Airflow after it must know that a cancel was sent.
    first = row.filter(cancel_sent_at=None).update(cancel_sent_at=timezone.now())
    try:
        forbid_nodes(execution, run)
    except (OSError, ETLError) as error:
        # Airflow is told all the same. It is not called cancelled before this has succeeded.
        logger.warning("Execution %s: its nodes cannot be told to stop: %s", execution.pk, error)
    try:
        client.cancel_run(execution.airflow_dag_id, execution.airflow_dag_run_id)
    except AirflowRefused:
        if first:
            row.update(cancel_sent_at=None)
            allow_nodes(execution)
        raise
    logger.info("Execution %s: Airflow was told to stop the run", execution.pk)


def _without_run(execution: PipelineExecution) -> Cancel:
    """Airflow has no such run: it was deleted, or the trigger has not arrived (yet)."""
    if execution.triggered_at is not None:
        mark_deleted([execution])
        return Cancel.DONE
    return _not_begun(execution)


def _not_begun(execution: PipelineExecution) -> Cancel:
    """Airflow has not begun the attempt, and perhaps was told to a moment ago."""
    cancelled = _cancel_without_run(execution.pk, nothing_can_begin())
    return Cancel.DONE if cancelled else Cancel.SOON


def _cancel_without_run(execution_id: uuid.UUID, only_if: Q) -> bool:
    return end_without_run(
        execution_id,
        ExecutionStatus.CANCELLED,
        nodes=NodeStatus.CANCELLED,
        only_if=only_if & Q(cancel_requested_at__isnull=False),
    )


def _goes_on(run: DagRun) -> bool:
    return execution_status(run.state, False) not in FINAL_STATUSES


def _explain(execution: PipelineExecution, reason: str) -> None:
    row = PipelineExecution.objects.filter(MAY_STILL_RUN, pk=execution.pk)
    if row.exclude(status_reason=reason).update(status_reason=reason):
        publish_changed([execution.pk])
