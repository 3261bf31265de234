"""Take in DAG runs of ours that Airflow's scheduler, or a person in Airflow, started."""

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from airflow_bridge.client import DagRun
from airflow_bridge.spec import DAG_ID_PREFIX
from etl.graph import parse_graph
from executions.models import RUN_ID_PREFIX, PipelineExecution
from executions.services.results import storable
from executions.services.starting import RESERVED_PARAM, create_node_rows
from executions.statuses import TriggerType
from pipelines.models import Pipeline, PipelineRevision

_TRIGGER_TYPES = {
    "scheduled": TriggerType.SCHEDULED,
    "backfill": TriggerType.BACKFILL,
}


def adopt(runs: Iterable[DagRun]) -> dict[tuple[str, str], PipelineExecution]:
    """Return new executions, by (dag id, run id), for the runs whose pipeline still exists."""
    runs = list(runs)
    ids = {_uuid(run.dag_id, DAG_ID_PREFIX) for run in runs}
    found = Pipeline.objects.filter(pk__in=[pk for pk in ids if pk is not None]).select_related(
        "current_revision"
    )
    pipelines = {pipeline.dag_id: pipeline for pipeline in found}
    return {
        (run.dag_id, run.run_id): _adopt_one(pipelines[run.dag_id], run)
        for run in runs
        if run.dag_id in pipelines
    }


@transaction.atomic
def _adopt_one(pipeline: Pipeline, run: DagRun) -> PipelineExecution:
    revision = _revision_of(pipeline, run)
    begun = run.queued_at or run.start_date
    execution, created = PipelineExecution.objects.get_or_create(
        airflow_dag_id=run.dag_id,
        airflow_dag_run_id=run.run_id,
        defaults={
            # A run of ours whose row was lost (a restored backup) gets its old id back.
            "id": _uuid(run.run_id, RUN_ID_PREFIX) or uuid.uuid4(),
            "pipeline": pipeline,
            "pipeline_name": pipeline.name,
            "revision": revision,
            "trigger_type": _TRIGGER_TYPES.get(run.run_type, TriggerType.EXTERNAL),
            "params": _params_of(run, revision),
            "triggered_at": begun or timezone.now(),
        },
    )
    if created:
        if begun is not None:
            # The list shows when the run began, not when it was noticed.
            PipelineExecution.objects.filter(pk=execution.pk).update(created_at=begun)
            execution.created_at = begun
        if revision is not None:
            create_node_rows(execution, parse_graph(revision.snapshot["config"]))
    return execution


def _revision_of(pipeline: Pipeline, run: DagRun) -> PipelineRevision | None:
    """Return the revision that the run names, else the newest there was when it began."""
    number = _own_conf(run).get("revision")
    if isinstance(number, int):
        named = pipeline.revisions.filter(number=number).first()
        if named is not None:
            return named
    begun = run.queued_at or run.start_date
    if begun is not None:
        newest = pipeline.revisions.filter(created_at__lte=begun).order_by("-number").first()
        if newest is not None:
            return newest
    return pipeline.current_revision


def _params_of(run: DagRun, revision: PipelineRevision | None) -> dict[str, object]:
    given = {key: value for key, value in run.conf.items() if key != RESERVED_PARAM}
    defaults = revision.snapshot["default_params"] if revision is not None else {}
    params: dict[str, object] = storable({**defaults, **given})
    return params


def _own_conf(run: DagRun) -> dict[str, object]:
    own = run.conf.get(RESERVED_PARAM)
    return own if isinstance(own, dict) else {}


def _uuid(text: str, prefix: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text.removeprefix(prefix)) if text.startswith(prefix) else None
    except ValueError:
        return None
