"""Getting a pipeline's current revision served by Airflow."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from airflow_bridge import factory
from airflow_bridge.dag_source import hash_tag
from airflow_bridge.deployment import deployment_of
from airflow_bridge.errors import AirflowError, DagFileError
from airflow_bridge.generator import DAGGenerator
from etl.messages import say
from pipelines.errors import PipelineNotSaved
from pipelines.models import DeploymentStatus, Pipeline, PipelineRevision
from pipelines.services import holding

DEPLOY = "pipelines.tasks.deploy_pipeline"
LOOK_APART = timedelta(seconds=0.25)


def generator() -> DAGGenerator:
    """Return the generator that writes into the folder Airflow reads."""
    return DAGGenerator(Path(settings.LOGIDATA_DAGS_DIR))


def generated_code(pipeline: Pipeline) -> str:
    """Return the code of the DAG of the current revision; raise PipelineNotSaved without one."""
    if pipeline.current_revision is None:
        raise PipelineNotSaved(pipeline.name)
    return generator().generate_dag(pipeline.current_revision.dag_spec())


def begin_deployment(pipeline: Pipeline, *, now: datetime) -> None:
    """Mark the current revision as registering, and queue its deployment on commit."""
    pipeline.deployment_status = DeploymentStatus.REGISTERING
    pipeline.deployment_error = ""
    pipeline.deployment_asked_at = now
    pipeline.deployment_started_at = now
    pipeline.deployment_checked_at = None
    pipeline.deployment_ready_at = None
    pipeline.save(
        update_fields=[
            "current_revision",
            "deployment_status",
            "deployment_error",
            "deployment_asked_at",
            "deployment_started_at",
            "deployment_checked_at",
            "deployment_ready_at",
        ]
    )
    queue_deployment(pipeline.pk)


def request_deployment(pipeline: Pipeline) -> None:
    """Deploy the current revision once more; raise PipelineNotSaved without one."""
    with transaction.atomic():
        locked = Pipeline.objects.select_for_update().filter(pk=pipeline.pk).first()
        if locked is None or locked.current_revision_id is None:
            raise PipelineNotSaved(pipeline.name)
        begin_deployment(locked, now=timezone.now())


def redeploy(pipeline_id: uuid.UUID, revision_id: int) -> None:
    """Deploy again unless someone has saved, deleted or redeployed the pipeline meanwhile.

    A DAG file that someone changed is written anew; one that is right and that Airflow cannot
    import all the same fails the deployment with Airflow's words.
    """
    with transaction.atomic():
        pipeline = (
            Pipeline.objects.select_for_update(of=("self",))
            .filter(pk=pipeline_id, current_revision=revision_id)
            .exclude(deployment_status=DeploymentStatus.REGISTERING)
            .first()
        )
        if pipeline is not None:
            begin_deployment(pipeline, now=timezone.now())


def queue_deployment(pipeline_id: uuid.UUID) -> None:
    """Queue the deployment on commit; a broker that is down is logged, and reconciled later."""
    # By name: services need not import the tasks. No partial: Django logs what failed by its name.
    transaction.on_commit(
        lambda: current_app.send_task(DEPLOY, args=[str(pipeline_id)]), robust=True
    )


def deploy(pipeline_id: uuid.UUID) -> bool:
    """Write the DAG file of the current revision; return False if there is none to write now.

    A file that cannot be written (the disk is full), or would change what runs now, is not written
    yet: the deployment says what it waits for, its deadline does not run, and `resume_deployments`
    comes back to it. A revision of which no file can be made fails it with the reason.
    """
    holds = _may_hold_back(pipeline_id)
    with transaction.atomic():
        # Locked, so that of two revisions saved in a row the newer one is written last.
        pipeline = (
            Pipeline.objects.select_for_update(of=("self",))
            .select_related("current_revision")
            .filter(pk=pipeline_id)
            .first()
        )
        if pipeline is None or pipeline.current_revision is None:
            return False
        # Asked under the lock that a trigger takes as well: no run begins in between.
        if holds and (reason := holding.why_to_wait(pipeline.current_revision, holds.unknown)):
            _wait(pipeline, pipeline.current_revision, reason)
            return False
        try:
            generator().update_dag(pipeline.current_revision.dag_spec())
        except DagFileError as error:
            _settle(
                pipeline,
                pipeline.current_revision,
                deployment_status=DeploymentStatus.FAILED,
                deployment_error=str(error),
                deployment_checked_at=timezone.now(),
            )
            return False
        except OSError as error:
            _wait(pipeline, pipeline.current_revision, _unwritten(error))
            return False
        # Whatever it waited for, it does no longer.
        _settle(pipeline, pipeline.current_revision, deployment_error="")
    return True


@dataclass(frozen=True)
class _MayHoldBack:
    """Runs follow the newest file, or, with the reason `unknown`, might."""

    unknown: AirflowError | None = None


def _may_hold_back(pipeline_id: uuid.UUID) -> _MayHoldBack | None:
    """Return whether runs may hold the current revision back; asks Airflow, so without a lock."""
    pipeline = Pipeline.objects.select_related("current_revision").filter(pk=pipeline_id).first()
    if pipeline is None or pipeline.current_revision is None or not _replaces_another(pipeline):
        return None
    try:
        return None if holding.every_run_keeps_its_file(pipeline) else _MayHoldBack()
    except AirflowError as error:
        return _MayHoldBack(unknown=error)


def _replaces_another(pipeline: Pipeline) -> bool:
    """Return whether the pipeline has a DAG file, of another revision than the current one."""
    assert pipeline.current_revision is not None
    try:
        written = generator().path_of(pipeline.dag_id).read_text(errors="replace")
    except OSError:
        return False
    return hash_tag(pipeline.current_revision.sha256) not in written


def claim_look(pipeline_id: uuid.UUID) -> bool:
    """Return whether it is the caller's turn to look at a deployment.

    False where it is settled or waits, or where someone else has looked just now: however often a
    message is repeated, one chain of looks goes on.
    """
    now = timezone.now()
    return bool(
        Pipeline.objects.filter(
            Q(deployment_checked_at=None) | Q(deployment_checked_at__lt=now - LOOK_APART),
            pk=pipeline_id,
            deployment_status=DeploymentStatus.REGISTERING,
            # What waits for something outside is resumed, from the beginning.
            deployment_error="",
        ).update(deployment_checked_at=now)
    )


def check_deployment(pipeline_id: uuid.UUID) -> bool:
    """Ask Airflow whether it serves the current revision; return whether to look again soon.

    While Airflow cannot be asked the status stays *registering*, `deployment_error` says why, the
    deadline does not run, and `resume_deployments` goes on once Airflow is back.
    """
    pipeline = Pipeline.objects.select_related("current_revision").filter(pk=pipeline_id).first()
    if pipeline is None or pipeline.current_revision is None:
        return False
    if pipeline.deployment_status != DeploymentStatus.REGISTERING:
        return False
    _settle(pipeline, pipeline.current_revision, **_look(pipeline, pipeline.current_revision))
    # Read anew: ours may have lost to a newer revision, which is then still to be deployed.
    return Pipeline.objects.filter(
        pk=pipeline_id, deployment_status=DeploymentStatus.REGISTERING, deployment_error=""
    ).exists()


def _unwritten(error: OSError) -> str:
    return say(
        "The DAG file could not be written into {folder}: {error}. Make room there or grant "
        "access; LogiData goes on by itself.",
        folder=settings.LOGIDATA_DAGS_DIR,
        error=error.strerror or error,
    )


def _look(pipeline: Pipeline, revision: PipelineRevision) -> dict[str, Any]:
    """Return the columns that Airflow's answer changes."""
    now = timezone.now()
    try:
        found = deployment_of(
            factory.get_airflow_client(),
            pipeline.dag_id,
            revision.sha256,
            generator().path_of(pipeline.dag_id),
        )
    except AirflowError as error:
        return {
            "deployment_checked_at": now,
            "deployment_started_at": now,
            "deployment_error": say("Waiting for Airflow: {reason}", reason=error),
        }
    if found.state == "ready":
        return {
            "deployment_status": DeploymentStatus.READY,
            "deployment_error": "",
            "deployment_checked_at": now,
            "deployment_ready_at": now,
        }
    if found.state == "failed":
        return {
            "deployment_status": DeploymentStatus.FAILED,
            "deployment_error": found.detail,
            "deployment_checked_at": now,
        }
    deadline = settings.LOGIDATA_DEPLOY_DEADLINE
    if pipeline.deployment_started_at and now - pipeline.deployment_started_at > deadline:
        return {
            "deployment_status": DeploymentStatus.FAILED,
            "deployment_error": say(
                "Airflow has not served revision {number} within {seconds:g} s. {detail} See that "
                "Airflow's DAG processor runs and reads the folder LOGIDATA_DAGS_DIR, then deploy "
                "again.",
                number=revision.number,
                seconds=deadline.total_seconds(),
                detail=found.detail,
            ),
            "deployment_checked_at": now,
        }
    generator().ask_again(pipeline.dag_id)
    return {"deployment_checked_at": now, "deployment_error": ""}


def _wait(pipeline: Pipeline, revision: PipelineRevision, reason: str) -> None:
    """Say what the deployment waits for; the deadline does not run meanwhile."""
    now = timezone.now()
    _settle(
        pipeline,
        revision,
        deployment_checked_at=now,
        deployment_started_at=now,
        deployment_error=reason,
    )


def _settle(pipeline: Pipeline, revision: PipelineRevision, **changes: Any) -> bool:
    """Apply the changes if the revision is still the current one and still registering."""
    return bool(
        Pipeline.objects.filter(
            pk=pipeline.pk,
            current_revision=revision,
            deployment_status=DeploymentStatus.REGISTERING,
        ).update(**changes)
    )
