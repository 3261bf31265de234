"""Deployments: what they are looked at with, and how time passes for them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from pipelines import tasks
from pipelines.models import Pipeline
from tests.fake_airflow import FakeAirflow


def file_of(pipeline: Pipeline, dags_dir: Path) -> Path:
    return dags_dir / f"{pipeline.dag_id}.py"


def serve(airflow: FakeAirflow, pipeline: Pipeline) -> None:
    assert pipeline.current_revision is not None
    airflow.serve(pipeline.dag_id, tags=[f"sha256:{pipeline.current_revision.sha256}"])


def status_of(pipeline: Pipeline) -> str:
    pipeline.refresh_from_db()
    return pipeline.deployment_status


def look(pipeline: Pipeline) -> None:
    """Have the next look take place, as if enough time had passed since the last one."""
    Pipeline.objects.filter(pk=pipeline.pk).update(deployment_checked_at=None)
    tasks.follow_deployment(str(pipeline.pk))


def later(pipeline: Pipeline, seconds: float) -> None:
    """Let time pass for a deployment."""
    past = timezone.now() - timedelta(seconds=seconds)
    Pipeline.objects.filter(pk=pipeline.pk).update(
        deployment_started_at=past, deployment_checked_at=past
    )
