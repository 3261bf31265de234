"""Trigger the DAG run of an execution: once, on the right version, and never after a cancel."""

import logging
import uuid
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from airflow_bridge import factory
from airflow_bridge.client import AirflowClient, DagRun
from airflow_bridge.errors import (
    AirflowError,
    AirflowRefused,
    AirflowUnavailable,
    DagBroken,
    DagNotFound,
    RunNotFound,
)
from airflow_bridge.patience import within
from etl.graph import parse_graph
from etl.messages import say
from executions.models import PipelineExecution
from executions.publishing import publish_changed
from executions.services.beginning import (
    BROKEN_DAG,
    UNKNOWN_DAG,
    WAITS_TO_BEGIN,
    Attempt,
    Impossible,
    Waits,
    deployed_again,
    nothing_can_begin,
    patience,
    require_served,
)
from executions.services.clearing import clear_run
from executions.services.queueing import queue_cancel
from executions.services.starting import RESERVED_PARAM
from executions.statuses import ExecutionStatus, NodeStatus
from executions.transitions import end_without_run, explain_waiting
from pipelines.models import DeploymentStatus, Pipeline, PipelineRevision
from pipelines.services import dag_to_run, keep_apart

logger = logging.getLogger(__name__)

# The answers that are about this very run, and would be the same next time.
_REJECTED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


def trigger_execution(execution_id: uuid.UUID) -> Attempt:
    """Make sure that Airflow runs the execution's attempt, or say why it cannot yet.

    Safe to repeat at any time and from several workers: the DAG run's id is fixed, so Airflow
    refuses a second one. Never raises for an Airflow that is down or unwilling; the reason is on
    the execution.
    """
    now = timezone.now()
    if not PipelineExecution.objects.filter(WAITS_TO_BEGIN, pk=execution_id).update(
        attempted_at=now
    ):
        return Attempt.NOTHING
    execution = PipelineExecution.objects.select_related(
        "revision", "pipeline__current_revision"
    ).get(pk=execution_id)
    try:
        if execution.clear_pending:
            return clear_run(factory.get_airflow_client(), execution)
        return _trigger_once_served(execution)
    except Waits as waits:
        explain_waiting(execution_id, waits.reason)
        return waits.attempt
    except Impossible as impossible:
        ended = end_without_run(
            execution_id,
            ExecutionStatus.FAILED,
            nodes=NodeStatus.SKIPPED,
            error=impossible.reason,
            only_if=nothing_can_begin() & Q(attempt=execution.attempt),
        )
        return Attempt.NOTHING if ended else Attempt.LATER
    except AirflowUnavailable as error:
        explain_waiting(
            execution_id,
            say("{reason} The execution goes on by itself when Airflow is back.", reason=error),
        )
        return Attempt.LATER
    except AirflowError as error:
        explain_waiting(
            execution_id,
            say("{reason} The execution goes on by itself once that is put right.", reason=error),
        )
        return Attempt.LATER


def _trigger_once_served(execution: PipelineExecution) -> Attempt:
    if execution.trigger_claimed_at is not None and _arrived(execution):
        return Attempt.TRIGGERED
    revision = _revision_to_run(execution)
    client = factory.get_airflow_client()
    require_served(client, execution, revision)
    return _trigger(client, execution, revision)


def _arrived(execution: PipelineExecution) -> bool:
    """Whether an earlier trigger, whose answer was lost, made the run after all."""
    client = factory.get_airflow_client()
    try:
        run = client.get_run(execution.airflow_dag_id, execution.airflow_dag_run_id)
    except RunNotFound:
        return False
    confirm_triggered(execution, run)
    return True


def _revision_to_run(execution: PipelineExecution) -> PipelineRevision:
    """Return the revision that Airflow must serve under the execution's DAG.

    It is ready as far as we know, or the execution's own in a DAG for it alone: an execution whose
    pipeline was changed before it could start is moved there. Raise `Waits` or `Impossible`.
    """
    pipeline, own = execution.pipeline, execution.revision
    if pipeline is None or own is None or pipeline.current_revision is None:
        raise Impossible(
            say(
                "Pipeline '{name}' was deleted before this execution could start. Create it anew "
                "if it is still wanted.",
                name=execution.pipeline_name,
            )
        )
    current = pipeline.current_revision
    dag_id = dag_to_run(own, current)
    if dag_id is None:
        raise Impossible(
            say(
                "Pipeline '{name}' was changed to revision {current} before this execution of "
                "revision {own} could start. They differ in nodes, edges, retries, timeouts or "
                "watermarks, and this one has a watermark, so that both must not run at once. "
                "Execute the pipeline again to run the new revision.",
                name=pipeline.name,
                current=current.number,
                own=own.number,
            )
        )
    if not execution.runs_apart and dag_id != execution.airflow_dag_id:
        _move_apart(execution, dag_id)
    if execution.runs_apart:
        return own
    if pipeline.deployment_status == DeploymentStatus.FAILED:
        raise Impossible(
            say(
                "Airflow cannot serve revision {number} of pipeline '{name}'. Put that right and "
                "deploy the pipeline again, then execute it again. The reason: {reason}",
                number=current.number,
                name=pipeline.name,
                reason=pipeline.deployment_error,
            )
        )
    if pipeline.deployment_status != DeploymentStatus.READY:
        # While Airflow is down the deployment says so; it is no use to look again at once.
        if pipeline.deployment_error:
            raise Waits(pipeline.deployment_error, Attempt.LATER)
        raise Waits(
            say("Airflow is registering revision {number}.", number=current.number), Attempt.SOON
        )
    return current


def _move_apart(execution: PipelineExecution, dag_id: str) -> None:
    """Have the execution run in the DAG of its revision alone, if it has no run yet."""
    assert execution.pipeline_id is not None
    with transaction.atomic():
        # The lock under which that DAG is found to be of no use, and its removal is put on record.
        _locked(execution.pipeline_id).first()
        moved = PipelineExecution.objects.filter(
            WAITS_TO_BEGIN & nothing_can_begin(), pk=execution.pk, triggered_at=None
        ).update(airflow_dag_id=dag_id)
        if not moved:
            raise Waits(
                say("Airflow was told to start the run, and has not answered."), Attempt.LATER
            )
        keep_apart(dag_id)
    execution.airflow_dag_id = dag_id


def _trigger(
    client: AirflowClient, execution: PipelineExecution, revision: PipelineRevision
) -> Attempt:
    # In the DAG that was looked at: another worker may have moved it to one of its revision alone.
    row = PipelineExecution.objects.filter(pk=execution.pk, airflow_dag_id=execution.airflow_dag_id)
    # The claim and a cancel exclude each other in the database. Is the cancel first, no run
    # starts; is the claim first, the cancel goes through Airflow. Another worker's claim since we
    # looked means that it triggers at this moment.
    before, now = execution.trigger_claimed_at, timezone.now()
    with transaction.atomic():
        _require_unchanged(execution, revision)
        claimed = row.filter(WAITS_TO_BEGIN, triggered_at=None, trigger_claimed_at=before).update(
            trigger_claimed_at=now
        )
    if not claimed:
        return Attempt.NOTHING
    try:
        with within(patience()):
            run = client.trigger(
                execution.airflow_dag_id, execution.airflow_dag_run_id, conf=conf_for(execution)
            )
    except (DagNotFound, DagBroken, AirflowRefused) as error:
        # Airflow answered, so there is no run of this attempt, for which a cancel would have to
        # wait. One of an attempt before may still be on its way.
        row.filter(triggered_at=None, trigger_claimed_at=now).update(trigger_claimed_at=before)
        if isinstance(error, DagBroken):
            raise deployed_again(execution, revision, BROKEN_DAG) from error
        if isinstance(error, DagNotFound):
            raise deployed_again(execution, revision, UNKNOWN_DAG) from error
        if isinstance(error, AirflowRefused) and error.status in _REJECTED:
            raise Impossible(
                say("Airflow refused to start the run: {reason}", reason=error)
            ) from error
        raise
    confirm_triggered(execution, run)
    return Attempt.TRIGGERED


def _require_unchanged(execution: PipelineExecution, revision: PipelineRevision) -> None:
    """Lock the pipeline, so that no other DAG file is written unseen; wait if one will be."""
    assert execution.pipeline_id is not None
    if execution.runs_apart:
        return
    locked = _locked(execution.pipeline_id).filter(
        current_revision=revision, deployment_status=DeploymentStatus.READY
    )
    if locked.first() is None:
        raise Waits(say("The pipeline was saved or deployed anew at this moment."), Attempt.SOON)


def _locked(pipeline_id: uuid.UUID) -> QuerySet[Pipeline]:
    # Without the key: a cancel may hold the execution, and refer to the pipeline.
    return Pipeline.objects.select_for_update(of=("self",), no_key=True).filter(pk=pipeline_id)


def confirm_triggered(execution: PipelineExecution, run: DagRun) -> None:
    """Note that Airflow has the execution's DAG run; have it stopped if a cancel came first."""
    row = PipelineExecution.objects.filter(pk=execution.pk)
    row.filter(triggered_at=None).update(
        triggered_at=timezone.now(),
        run_queued_at=run.queued_at,
        bundle_version=run.bundle_version or "",
    )
    row.filter(status=ExecutionStatus.PENDING, cancel_requested_at=None).update(status_reason="")
    publish_changed([execution.pk])
    if row.filter(cancel_requested_at__isnull=False).exists():
        queue_cancel(execution)


def conf_for(execution: PipelineExecution) -> dict[str, Any]:
    """Return the `dag_run.conf` that pins what the execution runs: params and node configs."""
    assert execution.revision is not None
    graph = parse_graph(execution.revision.snapshot["config"])
    plan = execution.replay_plan or {}
    return {
        **execution.params,
        RESERVED_PARAM: {
            **{key: plan[key] for key in ("replay", "idle") if key in plan},
            "execution_id": str(execution.pk),
            "revision": execution.revision.number,
            "nodes": {node.id: node.config for node in graph.nodes},
        },
    }
