"""What is kept for how long: logs, executions, revisions that nothing has run."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from airflow_bridge.client import LogEvent
from executions import services, tasks
from executions.errors import LogsRemoved
from executions.models import PipelineExecution, TaskExecution
from executions.services import log_store, remove_unkept, retention
from pipelines.models import Pipeline, PipelineDraft, PipelineRevision
from pipelines.services import begin_draft, draft_of, save_draft
from tests.executions.conftest import Queue, again, key, revise
from tests.fake_airflow import FakeAirflow


@pytest.fixture(autouse=True)
def log_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "LOGIDATA_LOGS", str(tmp_path))
    return tmp_path


@pytest.fixture
def ended(running: PipelineExecution, airflow: FakeAirflow) -> PipelineExecution:
    airflow.finish(*key(running))
    services.sync_active()
    log_store.keep(running, "read", 1, [LogEvent(None, "info", "read")])
    TaskExecution.objects.update(logs_kept=1)
    return again(running)


def age(execution: PipelineExecution, days: float) -> None:
    then = timezone.now() - timedelta(days=days)
    PipelineExecution.objects.filter(pk=execution.pk).update(completed_at=then, created_at=then)


def saved_days_ago(draft: PipelineDraft | None, days: float) -> None:
    assert draft is not None
    then = timezone.now() - timedelta(days=days)
    PipelineDraft.objects.filter(pk=draft.pk).update(saved_at=then)


def due() -> list[int]:
    return [kept.due for kept in retention()]


def test_logs_go_after_their_days_and_that_is_said(
    ended: PipelineExecution, log_folder: Path
) -> None:
    age(ended, 89)
    assert remove_unkept(at_most=10) == 0
    age(ended, 91)
    assert due()[1] == 1
    assert remove_unkept(at_most=10) == 1
    assert list(log_folder.rglob("*.gz")) == []
    with pytest.raises(LogsRemoved, match="LOGIDATA_LOG_DAYS"):
        services.execution_logs(again(ended), "read")
    assert remove_unkept(at_most=10) == 0


def test_executions_go_after_their_days_with_all_that_is_theirs(
    ended: PipelineExecution, running: PipelineExecution, log_folder: Path
) -> None:
    age(ended, 366)
    remove_unkept(at_most=10)
    assert not PipelineExecution.objects.exists()
    assert not TaskExecution.objects.exists()
    assert list(log_folder.rglob("*.gz")) == []


def test_what_waits_or_runs_stays_however_old(running: PipelineExecution) -> None:
    PipelineExecution.objects.update(created_at=timezone.now() - timedelta(days=1000))
    assert remove_unkept(at_most=10) == 0
    assert again(running).status == "running"


def test_what_is_retried_while_others_are_removed_keeps_what_it_has(
    ended: PipelineExecution,
    pipeline: Pipeline,
    airflow: FakeAirflow,
    log_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = services.start_execution(pipeline)
    services.trigger_execution(other.pk)
    airflow.finish(*key(other))
    services.sync_active()
    log_store.keep(other, "read", 1, [LogEvent(None, "info", "read")])
    age(ended, 367)
    age(other, 366)
    forget = log_store.forget

    def retry_the_next_one(execution: PipelineExecution) -> None:
        if execution == ended:
            services.retry_execution(other, None, nodes=["read"])
        forget(execution)

    PipelineExecution.objects.update(logs_removed_at=timezone.now())
    monkeypatch.setattr(log_store, "forget", retry_the_next_one)
    remove_unkept(at_most=10)
    assert list(PipelineExecution.objects.all()) == [other]
    assert [path.parts[-3] for path in log_folder.rglob("*.gz")] == [str(other.pk)]


def test_what_is_replayed_at_the_moment_stays(ended: PipelineExecution, pipeline: Pipeline) -> None:
    replay = services.start_execution(pipeline)
    PipelineExecution.objects.filter(pk=replay.pk).update(replay_of=ended)
    age(ended, 366)
    remove_unkept(at_most=10)
    assert PipelineExecution.objects.filter(pk=ended.pk).exists()


def test_only_revisions_that_nothing_needs_go(ended: PipelineExecution, pipeline: Pipeline) -> None:
    revise(pipeline, name="never run")
    revise(pipeline, name="current")
    PipelineRevision.objects.update(created_at=timezone.now() - timedelta(days=89))
    assert due()[3] == 0
    PipelineRevision.objects.update(created_at=timezone.now() - timedelta(days=91))
    assert due()[3] == 1
    assert remove_unkept(at_most=10) == 1
    assert [revision.number for revision in pipeline.revisions.order_by("number")] == [1, 3]


def test_a_draft_goes_that_nobody_has_saved_for_long_and_what_is_deployed_stays(
    pipeline: Pipeline,
) -> None:
    draft = save_draft(pipeline, {"description": "drawn"}, user=None)
    saved_days_ago(draft, 89)
    assert (due()[4], remove_unkept(at_most=10)) == (0, 0)
    saved_days_ago(draft, 91)
    assert due()[4] == 1
    assert remove_unkept(at_most=10) == 1
    assert draft_of(pipeline) is None
    assert Pipeline.objects.get(pk=pipeline.pk).current_revision == pipeline.current_revision


def test_a_pipeline_that_never_was_more_than_a_draft_goes_with_it(pipeline: Pipeline) -> None:
    later = begin_draft({"name": "later"}, user=None)
    saved_days_ago(draft_of(later), 91)
    remove_unkept(at_most=10)
    assert list(Pipeline.objects.all()) == [pipeline]


def test_the_command_shows_and_removes_only_when_told(ended: PipelineExecution) -> None:
    age(ended, 366)
    out = StringIO()
    call_command("retention", stdout=out)
    assert "executions: kept 365 days (LOGIDATA_EXECUTION_DAYS), 1 due, the oldest of" in (
        out.getvalue()
    )
    assert "Nothing is removed." in out.getvalue()
    assert PipelineExecution.objects.exists()
    call_command("retention", "--remove", stdout=StringIO())
    assert not PipelineExecution.objects.exists()


def test_what_cannot_be_removed_is_left_for_the_next_time(
    ended: PipelineExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(ended, 366)

    def fail(*_: Any) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(log_store, "forget", fail)
    assert remove_unkept(at_most=10) == 0
    assert PipelineExecution.objects.exists()


def test_beat_runs_both_and_a_full_lot_goes_on(
    ended: PipelineExecution, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = set(PeriodicTask.objects.values_list("task", flat=True))
    assert {"executions.tasks.copy_logs", "executions.tasks.remove_unkept"} <= planned
    age(ended, 91)
    monkeypatch.setattr(tasks, "STAGING_LOT", 1)
    tasks.remove_unkept()
    assert queue.names()[-1] == "remove_unkept"
