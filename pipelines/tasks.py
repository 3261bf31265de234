"""Celery tasks that get pipelines served by Airflow. Each may run twice without harm."""

import logging
import uuid

from celery import shared_task

from airflow_bridge.errors import AirflowError
from executions.services import mask, publish_all_changed
from pipelines import services

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.4
# Long enough for Airflow to have read the folder without the file.
FORGET_SECONDS = 3


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
    pk = uuid.UUID(pipeline_id)
    if not services.claim_look(pk):
        return
    if services.check_deployment(pk):
        follow_deployment.apply_async((pipeline_id,), countdown=POLL_SECONDS)
    else:
        # Lists show how far deployments are.
        publish_all_changed()


@shared_task
def resume_deployments() -> None:
    """Go on with deployments that waited for Airflow or were lost; beat runs it."""
    services.resume_deployments()


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
        remove_dag.apply_async((dag_id,), countdown=FORGET_SECONDS)


@shared_task
def reconcile_deployments() -> None:
    """Bring DAG files and Airflow back in line with the pipelines; beat runs it."""
    services.reconcile_deployments()


# Delivered once: whoever waits for it asks again rather than for minutes.
@shared_task(acks_late=False)
def run_preview(preview_id: str) -> None:
    """Run a preview to its end, within its time."""
    user = services.run_preview(preview_id, mask=mask)
    if user is not None:
        remove_previews.apply_async((user,), countdown=services.removed_after())


@shared_task
def remove_previews(user: int) -> None:
    """Remove what the previews of a person have staged and nobody can need any more."""
    services.remove_old_previews(user)
