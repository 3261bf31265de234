"""Celery tasks that get pipelines served by Airflow. Each may run twice without harm."""

import logging
import uuid

from celery import shared_task

from airflow_bridge.errors import AirflowError
from pipelines import services
from pipelines.models import DeploymentStatus, Pipeline

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.4
# How often to look for an Airflow that does not answer, or that has still to forget a DAG.
PATIENT_SECONDS = 3


@shared_task
def deploy_pipeline(pipeline_id: str) -> None:
    """Write the pipeline's DAG file and follow it until Airflow serves it."""
    if services.deploy(uuid.UUID(pipeline_id)):
        follow_deployment.apply_async((pipeline_id,), countdown=POLL_SECONDS)


@shared_task
def follow_deployment(pipeline_id: str) -> None:
    """Look once whether Airflow serves the pipeline; queue the next look while it does not.

    No worker is held while waiting. Running out of time ends it, see `check_deployment`.
    """
    if services.check_deployment(uuid.UUID(pipeline_id)) != DeploymentStatus.REGISTERING:
        return
    waits_for_airflow = (
        Pipeline.objects.filter(pk=pipeline_id).exclude(deployment_error="").exists()
    )
    follow_deployment.apply_async(
        (pipeline_id,), countdown=PATIENT_SECONDS if waits_for_airflow else POLL_SECONDS
    )


@shared_task
def remove_dag(dag_id: str) -> None:
    """Remove a deleted pipeline's DAG, looking again until Airflow has forgotten it."""
    try:
        done = services.remove_dag(dag_id)
    except AirflowError as error:
        # The removal is on record: `reconcile_deployments` comes back to it.
        logger.warning("DAG %s is not removed from Airflow yet: %s", dag_id, error)
        return
    if not done:
        remove_dag.apply_async((dag_id,), countdown=PATIENT_SECONDS)


@shared_task
def reconcile_deployments() -> None:
    """Bring DAG files and Airflow back in line with the pipelines; beat runs it."""
    services.reconcile_deployments()
