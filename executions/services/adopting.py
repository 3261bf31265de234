"""Take in DAG runs of ours that Airflow's scheduler, or a person in Airflow, started."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from airflow_bridge.client import DagRun
from airflow_bridge.spec import parse_dag_id
from etl.execution_id import RUN_ID_PREFIX
from etl.graph import parse_graph
from executions.models import PipelineExecution
from executions.publishing import publish_changed
from executions.services.results import storable
from executions.services.starting import RESERVED_PARAM, create_node_rows
from executions.statuses import TriggerType
from pipelines.models import Pipeline, PipelineRevision

_TRIGGER_TYPES = {
    "scheduled": TriggerType.SCHEDULED,
    "backfill": TriggerType.BACKFILL,
}


@transaction.atomic
def adopt(run: DagRun, clock_ahead: timedelta) -> PipelineExecution | None:
    """Return a new execution for the run; None if its pipeline does not exist (any more).

    By `clock_ahead` Airflow's clock is ahead of ours, by which our revisions are dated.
    """
    parsed = parse_dag_id(run.dag_id)
    pipeline = (
        Pipeline.objects.select_related("current_revision").filter(pk=parsed[0]).first()
        if parsed is not None
        else None
    )
    if pipeline is None:
        return None
    told = run.queued_at or run.start_date
    begun = told - clock_ahead if told is not None else None
    revision = _revision_of(pipeline, run, begun)
    execution, created = PipelineExecution.objects.get_or_create(
        airflow_dag_id=run.dag_id,
        airflow_dag_run_id=run.run_id,
        defaults={
            "id": _old_id(run) or uuid.uuid4(),
            "pipeline": pipeline,
            "pipeline_name": pipeline.name,
            "revision": revision,
            "trigger_type": _TRIGGER_TYPES.get(run.run_type, TriggerType.EXTERNAL),
            "params": _params_of(run, revision),
            "replay_plan": _plan_of(run),
            "triggered_at": begun or timezone.now(),
            "run_queued_at": run.queued_at,
            "bundle_version": run.bundle_version or "",
        },
    )
    if created:
        if begun is not None:
            # The list shows when the run began, not when it was noticed.
            PipelineExecution.objects.filter(pk=execution.pk).update(created_at=begun)
            execution.created_at = begun
        if revision is not None:
            create_node_rows(execution, parse_graph(revision.snapshot["config"]))
        publish_changed([execution.pk])
    return execution


def _revision_of(
    pipeline: Pipeline, run: DagRun, begun: datetime | None
) -> PipelineRevision | None:
    """Return the revision that the run names, else the one that Airflow served when it began."""
    parsed = parse_dag_id(run.dag_id)
    alone = parsed[1] if parsed is not None else None
    number = alone if alone is not None else _own_conf(run).get("revision")
    if isinstance(number, int):
        named = pipeline.revisions.filter(number=number).first()
        if named is not None:
            return named
    current = pipeline.current_revision
    known = pipeline.revisions.order_by("-number")
    if begun is not None:
        known = known.filter(created_at__lte=begun)
        ready = pipeline.deployment_ready_at
        # A revision that exists is served a moment later; until then the one before it runs.
        before = pipeline.deployment_waits or (ready is not None and begun < ready)
        if current is not None and before and known.count() > 1:
            known = known.exclude(pk=current.pk)
    return known.first() or current


def _params_of(run: DagRun, revision: PipelineRevision | None) -> dict[str, object]:
    given = {key: value for key, value in run.conf.items() if key != RESERVED_PARAM}
    defaults = revision.snapshot["default_params"] if revision is not None else {}
    params: dict[str, object] = storable({**defaults, **given})
    return params


def _own_conf(run: DagRun) -> dict[str, object]:
    own = run.conf.get(RESERVED_PARAM)
    return own if isinstance(own, dict) else {}


def _plan_of(run: DagRun) -> dict[str, object] | None:
    """Return what a replay's conf says of itself; the numbers of its rows are not in there."""
    replay, idle = _own_conf(run).get("replay"), _own_conf(run).get("idle")
    if not isinstance(replay, dict) or not isinstance(idle, list):
        return None
    plan: dict[str, object] = storable({"replay": replay, "idle": idle})
    return plan


def _old_id(run: DagRun) -> uuid.UUID | None:
    """Return the id that a run of ours had whose row was lost (a restored backup).

    None for a run that only goes by the id of one: of another DAG, or typed by hand.
    """
    old = _uuid(run.run_id, RUN_ID_PREFIX)
    if old is None or _own_conf(run).get("execution_id") != str(old):
        return None
    return None if PipelineExecution.objects.filter(pk=old).exists() else old


def _uuid(text: str, prefix: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text.removeprefix(prefix)) if text.startswith(prefix) else None
    except ValueError:
        return None
