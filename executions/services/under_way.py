"""The runs of a pipeline that a new DAG file could change while they go on."""

import uuid

from django.db.models import Q

from airflow_bridge import factory
from airflow_bridge.spec import dag_id_of
from executions.models import MAY_STILL_RUN, PipelineExecution
from executions.services.adopting import adopt
from executions.services.sync_cursor import unseen_since
from pipelines.models import Pipeline, PipelineRevision
from pipelines.services import structure_of

# Airflow has a DAG run of it, or is being asked for one.
_HAS_A_RUN = Q(triggered_at__isnull=False) | Q(trigger_claimed_at__isnull=False)


def adopt_new_runs(pipeline_id: uuid.UUID) -> None:
    """Adopt what Airflow has begun of the pipeline since the last sync; raise AirflowError."""
    pipeline = Pipeline.objects.filter(pk=pipeline_id).first()
    if pipeline is None:
        return
    client = factory.get_airflow_client()
    since = unseen_since(client, pipeline.created_at)
    for run in client.runs_updated_since(since, pipeline.dag_id):
        if run.dag_id == pipeline.dag_id and run.state not in {"success", "failed"}:
            adopt(run, client.clock_ahead())


def runs_that_differ_from(revision: PipelineRevision) -> int:
    """Return how many executions of the pipeline may run now, in another structure.

    One whose revision is not known counts. One that is still to be triggered does not: it will
    not be, in another structure than its own. Nor does one in a DAG of its own revision.
    """
    if revision.pipeline_id is None:
        return 0
    executions = PipelineExecution.objects.filter(
        MAY_STILL_RUN,
        _HAS_A_RUN,
        pipeline_id=revision.pipeline_id,
        airflow_dag_id=dag_id_of(revision.pipeline_id),
    ).select_related("revision")
    wanted = structure_of(revision)
    return sum(
        execution.revision is None or structure_of(execution.revision) != wanted
        for execution in executions
    )


def belong_to(dag_id: str) -> bool:
    """Return whether an execution, ended or not, has its run in that DAG."""
    return PipelineExecution.objects.filter(airflow_dag_id=dag_id).exists()
