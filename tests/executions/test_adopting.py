"""The regular look at Airflow: runs that LogiData did not start."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from executions import services
from executions.models import PipelineExecution, SyncCursor, run_id_for
from executions.services import sync_round
from pipelines.models import Pipeline
from tests.executions.conftest import NODES, again, key, revise
from tests.fake_airflow import FakeAirflow


def test_a_scheduled_run_is_adopted_with_its_nodes(
    pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    run = airflow.begin(pipeline.dag_id, "scheduled__2026-01-01", run_type="scheduled")
    airflow.finish(*(run.dag_id, run.run_id))
    report = services.sync_active()
    execution = PipelineExecution.objects.get(airflow_dag_run_id=run.run_id)
    assert report.adopted == 1
    assert (execution.status, execution.trigger_type) == ("success", "scheduled")
    assert (execution.pipeline, execution.revision) == (pipeline, pipeline.current_revision)
    assert execution.params == {"min_amount": 10}
    assert execution.created_at == run.queued_at
    assert [task.node_id for task in execution.tasks.all()] == NODES
    assert {task.rows_out for task in execution.tasks.all()} == {3}


@pytest.mark.parametrize(
    ("run_type", "trigger_type"),
    [("manual", "external"), ("backfill", "backfill"), ("asset_triggered", "external")],
)
def test_a_run_started_in_airflow_tells_what_started_it(
    pipeline: Pipeline, airflow: FakeAirflow, run_type: str, trigger_type: str
) -> None:
    airflow.begin(pipeline.dag_id, "by hand", run_type=run_type, conf={"min_amount": 1})
    services.sync_active()
    execution = PipelineExecution.objects.get()
    assert (execution.trigger_type, execution.params) == (trigger_type, {"min_amount": 1})


def test_a_run_is_adopted_once(pipeline: Pipeline, airflow: FakeAirflow) -> None:
    airflow.begin(pipeline.dag_id, "by hand")
    services.sync_active()
    services.sync_active()
    assert PipelineExecution.objects.count() == 1


def test_a_run_has_the_revision_there_was_when_it_began(
    pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    first = pipeline.current_revision
    airflow.begin(pipeline.dag_id, "by hand")
    revise(pipeline, description="changed")
    services.sync_active()
    assert PipelineExecution.objects.get().revision == first


def test_a_run_whose_change_was_missed_is_adopted_within_a_minute(
    pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    services.sync_active()
    airflow.begin(pipeline.dag_id, "by hand")
    now = timezone.now()
    SyncCursor.objects.update(runs_seen_until=now + timedelta(minutes=50), looked_back_at=now)
    assert services.sync_active().adopted == 0
    SyncCursor.objects.update(looked_back_at=now - timedelta(seconds=61))
    assert services.sync_active().adopted == 1


@pytest.mark.parametrize("hours", [-3, 5])
def test_an_airflow_whose_clock_differs_is_followed_and_its_runs_are_placed_by_ours(
    pipeline: Pipeline, airflow: FakeAirflow, hours: int
) -> None:
    """A pipeline was changed after a run began, and before one that was told at the same hour."""
    airflow.ahead = timedelta(hours=hours)
    first = pipeline.current_revision
    before = timezone.now()
    airflow.begin(pipeline.dag_id, "earlier", run_type="scheduled")
    services.sync_active()
    second = revise(pipeline, description="changed")
    Pipeline.objects.update(deployment_ready_at=timezone.now())
    airflow.begin(pipeline.dag_id, "later", run_type="scheduled")
    services.sync_active()
    earlier, later = PipelineExecution.objects.order_by("created_at")
    assert (earlier.revision, later.revision) == (first, second)
    assert before <= earlier.created_at <= later.created_at <= timezone.now()
    for execution in (earlier, later):
        airflow.finish(*key(execution))
    services.sync_active()
    assert {again(execution).status for execution in (earlier, later)} == {"success"}


def test_a_run_that_only_goes_by_the_id_of_another_is_adopted_and_holds_up_nothing(
    running: PipelineExecution,
    make_pipeline: Callable[..., Pipeline],
    airflow: FakeAirflow,
) -> None:
    other = make_pipeline("other")
    conf = airflow.runs[key(running)].conf
    airflow.begin(other.dag_id, running.airflow_dag_run_id, conf=conf)
    airflow.begin(other.dag_id, f"logidata__{uuid.uuid4()}")
    report = services.sync_active()
    assert (report.adopted, report.failed) == (2, 0)
    adopted = PipelineExecution.objects.filter(pipeline=other)
    assert all(run_id_for(one.pk) != one.airflow_dag_run_id for one in adopted)


def test_a_run_that_can_never_be_written_does_not_stop_the_cursor(
    pipeline: Pipeline, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run: Any, clock_ahead: timedelta) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(sync_round, "adopt", fail)
    run = airflow.begin(pipeline.dag_id, "by hand")
    assert services.sync_active().failed == 1
    assert SyncCursor.objects.get().runs_seen_until == run.updated_at


def test_a_run_of_ours_whose_row_was_lost_gets_its_id_back(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    PipelineExecution.objects.all().delete()
    services.sync_active()
    assert PipelineExecution.objects.get().pk == running.pk


def test_runs_of_pipelines_that_do_not_exist_are_left_alone(
    pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    for dag_id in (f"pipeline_{uuid.uuid4()}", "pipeline_of_somebody_else"):
        airflow.serve(dag_id)
        airflow.begin(dag_id, "by hand")
    services.sync_active()
    assert not PipelineExecution.objects.exists()


def test_an_adopted_run_is_cancelled_like_any_other(
    pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.begin(pipeline.dag_id, "by hand")
    services.sync_active()
    execution = PipelineExecution.objects.get()
    services.request_cancel(execution, None)
    services.carry_out_cancel(execution.pk)
    assert again(execution).status == "cancelled"


def test_a_scheduled_run_before_a_revision_was_served_has_the_one_before(
    pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    first = pipeline.current_revision
    revise(pipeline, description="changed")
    airflow.begin(pipeline.dag_id, "just before", run_type="scheduled")
    Pipeline.objects.update(deployment_ready_at=timezone.now())
    services.sync_active()
    assert PipelineExecution.objects.get().revision == first
