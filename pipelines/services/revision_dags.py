"""Running a revision that Airflow does not serve: in a DAG of its own, beside the pipeline's.

Airflow starts a run on the newest version of a DAG only. A revision with another structure than the
current one therefore gets a file and a DAG for itself, without a schedule, when somebody executes
it. The DAG stays as long as an execution in it is on record, so that it can be retried.
"""

import logging

from django.db import transaction

from airflow_bridge.client import AirflowClient
from airflow_bridge.deployment import Deployment, deployment_of
from airflow_bridge.spec import dag_id_of, parse_dag_id
from etl.graph import parse_graph
from pipelines.models import DagRemoval, Pipeline, PipelineRevision
from pipelines.services.deployment import generator
from pipelines.services.holding import has_runs, structure_of
from pipelines.services.removing import queue_removal

logger = logging.getLogger(__name__)


def dag_to_run(revision: PipelineRevision, current: PipelineRevision) -> str | None:
    """Return the id of the DAG in which an execution of the revision is to run.

    It is the pipeline's if that does the same as the revision, else one for it alone. None for a
    revision with a watermark that would need one: two DAGs would read the same rows at once.
    """
    assert current.pipeline_id is not None
    if revision.pk == current.pk or structure_of(revision) == structure_of(current):
        return dag_id_of(current.pipeline_id)
    if any(node.watermark for node in parse_graph(revision.snapshot["config"]).nodes):
        return None
    return dag_id_of(current.pipeline_id, revision.number)


def keep_apart(dag_id: str) -> None:
    """Take back the removal of an older revision's DAG, if it was to be removed."""
    parsed = parse_dag_id(dag_id)
    if parsed is not None and parsed[1] is not None:
        DagRemoval.objects.filter(dag_id=dag_id).delete()


def serve_apart(client: AirflowClient, revision: PipelineRevision) -> Deployment:
    """Write the revision's own DAG file unless it is there; return how far Airflow is with it.

    Raise DagFileError or OSError where it cannot be written, AirflowError where Airflow cannot be
    asked.
    """
    files = generator()
    spec = revision.dag_spec(apart=True)
    found = deployment_of(client, spec.dag_id, revision.sha256, files.update_dag(spec))
    if found.state == "registering":
        files.ask_again(spec.dag_id)
    return found


def remove_all_apart(pipeline: Pipeline) -> None:
    """Queue the removal of all DAGs of single revisions of a pipeline that is being deleted."""
    for dag_id in generator().dag_ids():
        parsed = parse_dag_id(dag_id)
        if parsed is not None and parsed[0] == pipeline.pk and parsed[1] is not None:
            _remove(dag_id)


def remove_unused() -> None:
    """Queue the removal of DAGs of single revisions in which no execution is on record any more."""
    for dag_id in generator().dag_ids():
        parsed = parse_dag_id(dag_id)
        if parsed is None or parsed[1] is None or has_runs(dag_id):
            continue
        with transaction.atomic():
            # Starting an execution takes the same lock.
            locked = Pipeline.objects.select_for_update(of=("self",)).filter(pk=parsed[0])
            if locked.first() is not None and not has_runs(dag_id):
                logger.info("%s: nothing has run in this DAG that is still on record.", dag_id)
                _remove(dag_id)


def _remove(dag_id: str) -> None:
    DagRemoval.objects.get_or_create(dag_id=dag_id)
    queue_removal(dag_id)
