"""Revisions with other nodes than the current one: run in a DAG of their own, then removed."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from django.db import connection

from airflow_bridge.errors import AirflowUnavailable
from executions import services
from executions.models import PipelineExecution
from executions.services import Attempt, trigger_execution, triggering
from executions.services.under_way import runs_that_differ_from
from pipelines import services as pipelines
from pipelines.models import DagRemoval, Pipeline, PipelineRevision
from tests.executions.conftest import GRAPH, SHORTER, Queue, again, key, revise, serve
from tests.fake_airflow import FakeAirflow

pytestmark = pytest.mark.usefixtures("dags_dir")


@pytest.fixture
def older(pipeline: Pipeline, airflow: FakeAirflow) -> PipelineRevision:
    """The pipeline's first revision, when the second one, with other nodes, is served."""
    first = pipeline.current_revision
    assert first is not None
    revise(pipeline, config=SHORTER)
    serve(airflow, pipeline)
    return first


def serve_apart(airflow: FakeAirflow, revision: PipelineRevision) -> None:
    airflow.serve(
        f"pipeline_{revision.pipeline_id}_r{revision.number}",
        tasks=[node["id"] for node in revision.snapshot["config"]["nodes"]],
        tags=[f"sha256:{revision.sha256}"],
    )


def started(pipeline: Pipeline, airflow: FakeAirflow, older: PipelineRevision) -> PipelineExecution:
    execution = services.start_execution(pipeline, revision=older.number)
    serve_apart(airflow, older)
    assert trigger_execution(execution.pk) is Attempt.TRIGGERED
    return again(execution)


def test_it_waits_for_a_dag_of_its_own_and_runs_there(
    pipeline: Pipeline, older: PipelineRevision, airflow: FakeAirflow, dags_dir: Path
) -> None:
    execution = services.start_execution(pipeline, revision=1)
    assert execution.airflow_dag_id == f"{pipeline.dag_id}_r1"
    assert trigger_execution(execution.pk) is Attempt.SOON
    assert "registering revision 1 beside the current one" in again(execution).status_reason
    code = (dags_dir / f"{pipeline.dag_id}_r1.py").read_text()
    assert "schedule=None" in code
    assert "'write'" in code
    serve_apart(airflow, older)
    assert trigger_execution(execution.pk) is Attempt.TRIGGERED
    assert airflow.runs[key(execution)].conf["logidata"]["revision"] == 1
    assert [task.node_id for task in execution.tasks.order_by("position")] == [
        node["id"] for node in GRAPH["nodes"]
    ]


def test_a_pipeline_changed_before_the_start_does_not_change_what_runs(
    pending: PipelineExecution, older: PipelineRevision, airflow: FakeAirflow
) -> None:
    serve_apart(airflow, older)
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    moved = again(pending)
    assert moved.airflow_dag_id == f"pipeline_{moved.pipeline_id}_r1"
    assert list(airflow.runs) == [key(moved)]


def test_it_is_moved_and_its_dag_kept_or_neither(
    pending: PipelineExecution,
    older: PipelineRevision,
    airflow: FakeAirflow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(dag_id: str) -> None:
        raise SystemExit

    DagRemoval.objects.create(dag_id=f"pipeline_{older.pipeline_id}_r1")
    with monkeypatch.context() as patch:
        patch.setattr(triggering, "keep_apart", killed)
        with pytest.raises(SystemExit):
            trigger_execution(pending.pk)
    serve_apart(airflow, older)
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    assert not DagRemoval.objects.exists()


def test_one_that_another_worker_has_moved_is_not_started_where_it_was(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    rows = PipelineExecution.objects.filter(pk=pending.pk)
    airflow.after("get_dag", lambda: rows.update(airflow_dag_id=f"{pipeline.dag_id}_r1"))
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    assert airflow.runs == {}


def test_a_trigger_that_may_still_arrive_keeps_it_where_it_is(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    def vanish() -> None:
        raise AirflowUnavailable("Airflow has not answered.")

    airflow.before("trigger", vanish)
    assert trigger_execution(pending.pk) is Attempt.LATER
    revise(pipeline, config=SHORTER)
    assert trigger_execution(pending.pk) is Attempt.LATER
    assert again(pending).airflow_dag_id == pipeline.dag_id
    assert "has not answered" in again(pending).status_reason


def test_a_file_that_airflow_cannot_import_fails_it_with_the_reason(
    pipeline: Pipeline, older: PipelineRevision, airflow: FakeAirflow, dags_dir: Path
) -> None:
    execution = services.start_execution(pipeline, revision=1)
    trigger_execution(execution.pk)
    airflow.break_file(f"{pipeline.dag_id}_r1", "ImportError: no module of that name")
    trigger_execution(execution.pk)
    assert again(execution).status == "failed"
    assert "no module of that name" in again(execution).error_message


def test_a_folder_that_cannot_be_written_is_named(
    pipeline: Pipeline, older: PipelineRevision, dags_dir: Path
) -> None:
    dags_dir.write_text("not a folder")
    execution = services.start_execution(pipeline, revision=1)
    assert trigger_execution(execution.pk) is Attempt.LATER
    assert str(dags_dir) in again(execution).status_reason


def test_it_can_be_retried_whatever_is_current(
    pipeline: Pipeline, older: PipelineRevision, airflow: FakeAirflow
) -> None:
    execution = started(pipeline, airflow, older)
    airflow.set_run(*key(execution), "failed")
    for node in ("read", "keep", "write"):
        airflow.set_task(*key(execution), node, "failed")
    services.refresh_execution(execution)
    services.retry_execution(again(execution), None)
    assert trigger_execution(execution.pk) is Attempt.TRIGGERED
    assert airflow.calls["clear_tasks"] == 1


def test_it_holds_no_revision_back(
    pipeline: Pipeline, older: PipelineRevision, airflow: FakeAirflow
) -> None:
    started(pipeline, airflow, older)
    assert pipeline.current_revision is not None
    assert runs_that_differ_from(pipeline.current_revision) == 0


def test_a_run_made_there_by_hand_is_adopted_with_its_revision(
    pipeline: Pipeline, older: PipelineRevision, airflow: FakeAirflow
) -> None:
    serve_apart(airflow, older)
    airflow.trigger(f"{pipeline.dag_id}_r1", "by_hand", conf={})
    services.sync_active()
    adopted = PipelineExecution.objects.get(airflow_dag_run_id="by_hand")
    assert (adopted.pipeline, adopted.revision) == (pipeline, older)


def test_its_dag_stays_as_long_as_an_execution_in_it_is_on_record(
    pipeline: Pipeline, older: PipelineRevision, airflow: FakeAirflow, dags_dir: Path, queue: Queue
) -> None:
    execution = started(pipeline, airflow, older)
    pipelines.reconcile_deployments()
    assert not DagRemoval.objects.exists()
    execution.delete()
    pipelines.reconcile_deployments()
    removal = DagRemoval.objects.get()
    assert removal.dag_id == f"{pipeline.dag_id}_r1"
    services.start_execution(pipeline, revision=1)
    assert not DagRemoval.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_removal_under_way_does_not_take_a_run_with_it(
    pipeline: Pipeline, older: PipelineRevision, airflow: FakeAirflow
) -> None:
    def start() -> PipelineExecution:
        try:
            execution = services.start_execution(pipeline, revision=1)
            trigger_execution(execution.pk)
            return execution
        finally:
            connection.close()

    serve_apart(airflow, older)
    dag_id = f"{pipeline.dag_id}_r1"
    DagRemoval.objects.create(dag_id=dag_id)
    with ThreadPoolExecutor(1) as pool:
        begun: list[Future[PipelineExecution]] = []
        # Time enough to begin, where nothing keeps it from that.
        airflow.before("delete_dag", lambda: begun.append(pool.submit(start)))
        airflow.before("delete_dag", lambda: wait(begun, timeout=2))
        pipelines.remove_dag(dag_id)
    execution = begun[0].result()
    serve_apart(airflow, older)
    trigger_execution(execution.pk)
    assert list(airflow.runs) == [key(execution)]
    assert again(execution).triggered_at is not None


def test_it_is_removed_with_its_pipeline(
    pipeline: Pipeline, older: PipelineRevision, airflow: FakeAirflow
) -> None:
    started(pipeline, airflow, older)
    dag_id = pipeline.dag_id
    pipelines.delete_pipeline(pipeline)
    found = sorted(DagRemoval.objects.values_list("dag_id", flat=True))
    assert found == [dag_id, f"{dag_id}_r1"]
