"""What a lost message, a killed process or a changed folder has left undone."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from airflow_bridge import factory
from airflow_bridge.dag_source import PRODUCT_TAG, hash_tag
from airflow_bridge.errors import AirflowError, DagFileError
from airflow_bridge.spec import parse_dag_id
from pipelines.models import DagRemoval, DeploymentStatus, Pipeline, PipelineRevision
from pipelines.services.deployment import (
    generator,
    queue_deployment,
    redeploy,
)
from pipelines.services.removing import queue_removal
from pipelines.services.revision_dags import remove_unused

logger = logging.getLogger(__name__)

# A deployment, or a removal, that nobody has looked at for so long has lost its message.
SILENT_FOR = timedelta(seconds=15)


def reconcile_deployments() -> None:
    """Bring DAG files and Airflow back in line with the pipelines, and finish removals."""
    remove_unused()
    _queue_lost_removals()
    _report_orphaned_files()
    _redeploy_changed_files()
    _redeploy_unserved()


def resume_deployments() -> None:
    """Queue the deployments that waited for Airflow, once it answers, and those that were lost.

    One question to Airflow decides for all of them, however many wait.
    """
    silent_since = timezone.now() - SILENT_FOR
    waiting = list(
        Pipeline.objects.filter(
            Q(deployment_error__gt="")
            | Q(deployment_checked_at__lt=silent_since)
            | Q(deployment_checked_at=None, deployment_started_at__lt=silent_since),
            deployment_status=DeploymentStatus.REGISTERING,
        ).values_list("pk", flat=True)
    )
    if not waiting:
        return
    try:
        factory.get_airflow_client().version()
    except AirflowError as error:
        logger.info("%s deployments wait for Airflow: %s", len(waiting), error)
        return
    for pk in waiting:
        queue_deployment(pk)


def _queue_lost_removals() -> None:
    for removal in DagRemoval.objects.filter(created_at__lt=timezone.now() - SILENT_FOR):
        queue_removal(removal.dag_id)


def _report_orphaned_files() -> None:
    """Name the DAG files that no pipeline stands behind, and leave them and their runs alone.

    That is what every file looks like to a process started with another database: only the
    deletion of a pipeline, which is on record, removes anything.
    """
    # Files first, pipelines second: a file is written only after its pipeline is committed, so
    # that a pipeline created in between is never taken for missing.
    in_folder = generator().dag_ids()
    pipelines = set(Pipeline.objects.values_list("pk", flat=True))
    known = {dag_id for dag_id in in_folder if _pipeline_of(dag_id) in pipelines}
    known.update(DagRemoval.objects.values_list("dag_id", flat=True))
    for dag_id in sorted(in_folder - known):
        logger.warning(
            "%s: no pipeline in the database has this DAG file, and Airflow goes on running it. "
            "See that LOGIDATA_DATABASE_URL and LOGIDATA_DAGS_DIR belong together; if the "
            "pipeline is gone for good, remove the file, then delete the DAG in Airflow.",
            generator().path_of(dag_id),
        )


def _pipeline_of(dag_id: str) -> UUID | None:
    parsed = parse_dag_id(dag_id)
    return parsed[0] if parsed is not None else None


def _redeploy_changed_files() -> None:
    """Deploy again where someone removed or edited the generated file."""
    settled = Pipeline.objects.exclude(current_revision=None).exclude(
        deployment_status=DeploymentStatus.REGISTERING
    )
    for pipeline in settled.select_related("current_revision").iterator():
        assert pipeline.current_revision is not None
        if not _file_is_right(pipeline.current_revision):
            logger.warning("%s: its DAG file is missing or changed.", pipeline.dag_id)
            redeploy(pipeline.pk, pipeline.current_revision.pk)


def _file_is_right(revision: PipelineRevision) -> bool:
    spec = revision.dag_spec()
    try:
        path = generator().path_of(spec.dag_id)
        return path.read_bytes() == generator().generate_dag(spec).encode()
    except FileNotFoundError:
        return False
    except (OSError, DagFileError) as error:
        # Writing it anew would fail as well; the deployment has said so.
        logger.warning("%s: its DAG file cannot be compared: %s", spec.dag_id, error)
        return True


def _redeploy_unserved() -> None:
    """Deploy again what Airflow no longer serves: its database was replaced, or a file broke.

    A failed deployment that Airflow serves by now becomes ready the same way.
    """
    settled = list(
        Pipeline.objects.exclude(current_revision=None)
        .filter(deployment_status__in=[DeploymentStatus.READY, DeploymentStatus.FAILED])
        .select_related("current_revision")
    )
    try:
        # Asked after the rows were read: what was ready then is served now, unless it is lost.
        dags = factory.get_airflow_client().list_dags(PRODUCT_TAG)
        served = {
            dag.dag_id: dag.tags for dag in dags if dag.is_active and not dag.has_import_errors
        }
    except AirflowError as error:
        logger.info("Deployments are not compared with Airflow: %s", error)
        return
    for pipeline in settled:
        assert pipeline.current_revision is not None
        tag = hash_tag(pipeline.current_revision.sha256)
        is_served = tag in served.get(pipeline.dag_id, frozenset())
        if is_served != (pipeline.deployment_status == DeploymentStatus.READY):
            redeploy(pipeline.pk, pipeline.current_revision.pk)
