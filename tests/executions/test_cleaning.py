"""Staged data goes some days after its execution has ended, and not before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from etl.settings import RunSettings
from executions import services, tasks
from executions.models import PipelineExecution
from executions.services import cleaning
from executions.services.stopping import staging_key
from pipelines.models import Pipeline
from tests.executions.conftest import Queue, again, key
from tests.fake_airflow import FakeAirflow, dataset


@pytest.fixture(autouse=True)
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(
        cleaning,
        "run_settings",
        lambda: RunSettings(str(tmp_path), str(tmp_path / "state"), (), "1GB"),
    )
    return tmp_path


@pytest.fixture
def ended(running: PipelineExecution, airflow: FakeAirflow, staging: Path) -> PipelineExecution:
    """An execution that ended ten days ago, with its staged data."""
    airflow.finish(*key(running))
    execution = services.refresh_execution(running)
    part = staging / staging_key(execution) / "read" / "1" / "part-0.parquet"
    part.parent.mkdir(parents=True)
    part.write_text("rows")
    (staging / "of_another").mkdir()
    return _aged(execution, 10)


def _aged(execution: PipelineExecution, days: float) -> PipelineExecution:
    then = timezone.now() - timedelta(days=days)
    PipelineExecution.objects.filter(pk=execution.pk).update(completed_at=then, created_at=then)
    return again(execution)


def test_old_staged_data_is_removed_and_the_execution_says_so(
    ended: PipelineExecution, staging: Path
) -> None:
    assert services.remove_staging(at_most=10) == 1
    assert [folder.name for folder in staging.iterdir()] == ["of_another"]
    assert again(ended).staging_removed_at is not None
    assert services.remove_staging(at_most=10) == 0


def test_data_is_kept_for_as_many_days_as_are_set(
    ended: PipelineExecution, staging: Path, settings: Any
) -> None:
    settings.LOGIDATA_STAGING_DAYS = timedelta(days=11)
    assert services.remove_staging(at_most=10) == 0
    assert (staging / staging_key(ended)).exists()


@pytest.mark.parametrize("status", ["pending", "running"])
def test_an_execution_that_has_not_ended_keeps_its_data(
    ended: PipelineExecution, staging: Path, status: str
) -> None:
    PipelineExecution.objects.update(status=status)
    assert services.remove_staging(at_most=10) == 0
    assert (staging / staging_key(ended)).exists()


def test_the_data_of_a_run_that_is_gone_from_airflow_goes_too(
    ended: PipelineExecution, staging: Path
) -> None:
    PipelineExecution.objects.update(status="unknown", completed_at=None)
    assert services.remove_staging(at_most=10) == 1
    assert not (staging / staging_key(ended)).exists()


def test_the_data_of_a_run_that_airflow_started_goes_too(
    pipeline: Pipeline, airflow: FakeAirflow, staging: Path
) -> None:
    run = airflow.begin(pipeline.dag_id, "scheduled__2026-01-01", run_type="scheduled")
    airflow.finish(run.dag_id, run.run_id)
    services.sync_active()
    execution = _aged(PipelineExecution.objects.get(), 10)
    (staging / f"{pipeline.dag_id}:scheduled__2026-01-01").mkdir()
    assert services.remove_staging(at_most=10) == 1
    assert list(staging.iterdir()) == []
    assert again(execution).staging_removed_at is not None


def test_data_that_cannot_be_removed_is_not_said_to_be_gone(
    ended: PipelineExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cleaning, "remove_execution", lambda *_: None)
        with pytest.raises(PermissionError, match="Let the worker write there"):
            services.remove_staging(at_most=10)
    assert again(ended).staging_removed_at is None
    assert services.remove_staging(at_most=10) == 1


def test_a_run_that_is_cleared_is_due_again_when_it_has_ended(
    ended: PipelineExecution, airflow: FakeAirflow
) -> None:
    services.remove_staging(at_most=10)
    airflow.clear(*key(ended))
    services.sync_active()
    assert again(ended).staging_removed_at is None


def test_beat_removes_a_lot_at_a_time_until_none_is_left(
    ended: PipelineExecution, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PeriodicTask.objects.filter(task=tasks.remove_staging.name).exists()
    monkeypatch.setattr(tasks, "STAGING_LOT", 1)
    queue.messages.clear()
    tasks.remove_staging()
    assert queue.names() == ["remove_staging"]
    queue.messages.clear()
    tasks.remove_staging()
    assert queue.names() == []


def test_what_a_cancel_cut_off_is_removed_and_what_was_finished_stays(
    running: PipelineExecution, airflow: FakeAirflow, staging: Path
) -> None:
    airflow.set_task(*key(running), "read", "success", result=dataset(3))
    airflow.set_task(*key(running), "keep", "running")
    services.sync_active()
    for node, file in (("read", "manifest.json"), ("keep", "part-0.parquet")):
        path = staging / staging_key(running) / node / "1" / file
        path.parent.mkdir(parents=True)
        path.write_text("rows")
    services.request_cancel(running, None)
    services.carry_out_cancel(running.pk)
    assert again(running).status == "cancelled"
    left = {path.name for path in (staging / staging_key(running)).rglob("*") if path.is_file()}
    assert "part-0.parquet" not in left
    assert "manifest.json" in left
