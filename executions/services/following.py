"""Bring an execution up to what Airflow says of its run: nodes first, then the status.

The nodes are written before the final status, so that an execution which reads as ended is
complete: its counts and errors are there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from airflow_bridge import factory
from airflow_bridge.client import AirflowClient, DagRun, TaskInstance
from airflow_bridge.errors import AirflowError, RunNotFound
from airflow_bridge.states import execution_status
from etl.messages import join, say
from executions.errors import AirflowNotAnswering
from executions.models import PipelineExecution
from executions.publishing import publish_changed
from executions.services.accounting import open_account
from executions.services.budget import Budget
from executions.services.cleaning import remove_cut_off
from executions.services.following_nodes import KnownNode, node_changes, write_nodes
from executions.services.queueing import queue_cancel
from executions.services.stopping import Stop, allow_nodes, look_for_stop
from executions.statuses import FINAL_STATUSES, ExecutionStatus, NodeStatus
from executions.transitions import (
    NodeChange,
    StatusChange,
    begin_attempt,
    change_status,
    change_statuses,
    end_with_nodes,
    mark_deleted,
)
from pipelines.messages import translated

MARKED_FAILED = say(
    "The run was marked failed in Airflow although none of its nodes failed. "
    "Execute the pipeline again if that was not meant."
)


def refresh_execution(execution: PipelineExecution) -> PipelineExecution:
    """Return the execution as it stands after asking Airflow about its run.

    Airflow is not asked about one that has ended or that was not triggered yet. Raise
    `AirflowNotAnswering` if Airflow cannot be asked.
    """
    execution = PipelineExecution.objects.get(pk=execution.pk)
    if execution.triggered_at is not None and not execution.is_final:
        try:
            follow(factory.get_airflow_client(), execution)
        except AirflowError as error:
            raise AirflowNotAnswering(translated(str(error))) from error
        execution.refresh_from_db()
    return execution


def follow(
    client: AirflowClient, execution: PipelineExecution, budget: Budget | None = None
) -> bool:
    """Ask for the execution's run and nodes and write what changed; raise AirflowError.

    Return whether all is written that there was, as `apply_run` does.
    """
    key = (execution.airflow_dag_id, execution.airflow_dag_run_id)
    try:
        run = client.get_run(*key)
        instances = client.task_instances([key])
    except RunNotFound:
        mark_deleted([execution])
        return True
    return apply_run(client, execution, run, instances, budget)


def apply_run(
    client: AirflowClient,
    execution: PipelineExecution,
    run: DagRun,
    instances: Sequence[TaskInstance],
    budget: Budget | None = None,
) -> bool:
    """Write what Airflow said of a run; return whether all of it is written.

    `execution` must have been read before Airflow was asked, so that a cancel which was sent in
    between is noticed. Where the budget leaves something to be read, the execution goes on.
    """
    reading = read_run(client, execution, run, instances, budget=budget)
    if reading is None:
        return True
    write_nodes(reading.changes)
    change = conclude(reading)
    if change is not None:
        change_statuses([change])
    return reading.complete


@dataclass
class Reading:
    """What is new about an execution and not written yet.

    `complete` is false where the budget left something. Without a `run` it is about nodes alone.
    """

    execution: PipelineExecution
    changes: list[NodeChange]
    complete: bool
    run: DagRun | None = None
    stop: Stop | None = None


def read_run(
    client: AirflowClient,
    execution: PipelineExecution,
    run: DagRun,
    instances: Sequence[TaskInstance],
    nodes: Iterable[KnownNode] | None = None,
    budget: Budget | None = None,
) -> Reading | None:
    """Return what is new about an execution; None if the run is not that of its attempt.

    `nodes` are those of the execution if they are read already.
    """
    if execution.clear_pending and not was_cleared(execution, run):
        # What Airflow says is about the attempt before.
        return None
    if not _take_up(execution, run):
        return None
    stop = look_for_stop(execution, run, instances)
    ended = execution_status(run.state, execution.cancel_sent_at is not None) in FINAL_STATUSES
    changes, complete = node_changes(
        client, execution, instances, stop, run_ended=ended, nodes=nodes, budget=budget
    )
    return Reading(execution, changes, complete, run, stop)


def conclude(reading: Reading, budget: Budget | None = None) -> StatusChange | None:
    """End the execution if its run has ended; return the change of one that goes on, if any.

    What is new about its nodes must be written. An end takes from the budget, too.
    """
    execution, run = reading.execution, reading.run
    if run is None:
        return None
    status = execution_status(run.state, execution.cancel_sent_at is not None)
    if status not in FINAL_STATUSES:
        return _go_on(execution, run, status)
    if not execution.is_final and reading.complete:
        reading.complete = budget is None or budget.take()
        if reading.complete:
            _end(execution, run, reading.stop)
    return None


def _take_up(execution: PipelineExecution, run: DagRun) -> bool:
    """Note a run that was cleared, as was asked for or by hand; return whether to go on with it."""
    if execution.clear_pending:
        confirm_cleared(execution, run)
    elif execution.is_final and was_cleared(execution, run):
        if not begin_attempt(
            execution,
            reason=say("Cleared in Airflow, so it runs again."),
            run_queued_at=run.queued_at,
        ):
            return False
    else:
        return True
    execution.refresh_from_db()
    return True


def was_cleared(execution: PipelineExecution, run: DagRun) -> bool:
    """Return whether the run was cleared after it was last looked at, so that it begins anew."""
    known = execution.run_queued_at or execution.completed_at
    return (
        execution.triggered_at is not None
        and known is not None
        and run.queued_at is not None
        and run.queued_at > known
    )


def confirm_cleared(execution: PipelineExecution, run: DagRun) -> None:
    """Note that Airflow runs the attempt; have it stopped if a cancel came first."""
    row = PipelineExecution.objects.filter(pk=execution.pk, attempt=execution.attempt)
    if row.filter(clear_pending=True).update(clear_pending=False, run_queued_at=run.queued_at):
        row.filter(status=ExecutionStatus.PENDING, cancel_requested_at=None).update(
            status_reason=""
        )
        publish_changed([execution.pk])
    if row.filter(cancel_requested_at__isnull=False).exists():
        queue_cancel(execution)


def _go_on(execution: PipelineExecution, run: DagRun, status: str) -> StatusChange | None:
    asked = execution.cancel_requested_at is not None
    if status == ExecutionStatus.UNKNOWN:
        unclear = say(
            "Airflow reports the state '{state}', which says nothing certain. Look at the run in "
            "Airflow, or cancel the execution.",
            state=run.state,
        )
        reason: str = join([say("Cancel asked for."), unclear]) if asked else unclear
    elif asked:
        reason = execution.status_reason or say("Cancel asked for.")
    else:
        reason = say("Queued in Airflow.") if status == ExecutionStatus.PENDING else ""
    fields = {
        "status_reason": reason,
        "started_at": run.start_date,
        # Later than was known if some of its nodes were cleared, which is no new attempt.
        "run_queued_at": run.queued_at,
    }
    known = {name: getattr(execution, name) for name in fields}
    if (status, fields) == (execution.status, known):
        return None
    return StatusChange(execution, status, fields)


def _end(execution: PipelineExecution, run: DagRun, stop: Stop | None) -> None:
    """Give the execution the status its run ended with, unless a stop is still taking effect."""
    status, error = ExecutionStatus.SUCCESS, ""
    if run.state != "success":
        if stop is not None and stop.waits_for:
            change_status(
                execution.pk,
                ExecutionStatus.RUNNING,
                only_if=Q(attempt=execution.attempt),
                status_reason=stop.waits_for,
            )
            return
        status, error = _verdict(execution, stop)
    elif execution.cancel_sent_at is not None:
        # The cancel came too late; should the run be cleared, its nodes must run.
        allow_nodes(execution)
    if status == ExecutionStatus.SUCCESS:
        error = open_account(execution)
        status = ExecutionStatus.FAILED if error else status
    completed = run.end_date or timezone.now()
    ended = end_with_nodes(
        execution.pk,
        status,
        nodes=(NodeStatus.CANCELLED if status == ExecutionStatus.CANCELLED else NodeStatus.SKIPPED),
        # A cancel sent since Airflow was asked may be what made the run fail: look again then.
        only_if=Q(cancel_sent_at=execution.cancel_sent_at, attempt=execution.attempt),
        started_at=run.start_date,
        run_queued_at=run.queued_at,
        completed_at=completed,
        duration_seconds=_seconds(run.start_date, completed),
        error_message=error,
    )
    if ended and stop is not None:
        remove_cut_off(execution)


def _verdict(execution: PipelineExecution, stop: Stop | None) -> tuple[ExecutionStatus, str]:
    """Return how a run that Airflow calls failed really ended, and the error to show.

    A cancel that came too late changes nothing: nodes that failed before it was sent keep the
    execution failed, and a run whose nodes had all succeeded was a success, whatever Airflow
    wrote over it.
    """
    tasks = list(execution.tasks.all().order_by("position", "id"))
    failed = [task for task in tasks if task.status == NodeStatus.FAILED]
    if execution.cancel_sent_at is not None and not failed:
        idle = (execution.replay_plan or {}).get("idle", ())
        done = [task.status == NodeStatus.SUCCESS or task.node_id in idle for task in tasks]
        if tasks and all(done):
            return ExecutionStatus.SUCCESS, ""
        return ExecutionStatus.CANCELLED, ""
    error = join([task.error for task in failed if task.error], "\n") or (
        stop.error if stop is not None else ""
    )
    return ExecutionStatus.FAILED, error or MARKED_FAILED


def _seconds(start: datetime | None, end: datetime) -> float | None:
    return max((end - start).total_seconds(), 0.0) if start else None
