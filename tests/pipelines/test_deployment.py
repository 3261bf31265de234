"""From a saved revision to one that Airflow serves, whatever gets lost in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from airflow_bridge.client import DagImportError
from pipelines import services, tasks
from pipelines.models import DagRemoval, Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import Queue, Save


def file_of(pipeline: Pipeline, dags_dir: Path) -> Path:
    return dags_dir / f"{pipeline.dag_id}.py"


def serve(airflow: FakeAirflow, pipeline: Pipeline) -> None:
    assert pipeline.current_revision is not None
    airflow.serve(pipeline.dag_id, tags=[f"sha256:{pipeline.current_revision.sha256}"])


@pytest.fixture
def deployed(pipeline: Pipeline, queue: Queue) -> Pipeline:
    tasks.deploy_pipeline(str(pipeline.pk))
    return pipeline


@pytest.fixture
def ready(deployed: Pipeline, airflow: FakeAirflow, queue: Queue) -> Pipeline:
    serve(airflow, deployed)
    look(deployed)
    deployed.refresh_from_db()
    assert deployed.deployment_status == "ready"
    queue.clear()
    return deployed


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


def test_deploying_writes_the_file_and_looks_again_soon(
    deployed: Pipeline, dags_dir: Path, queue: Queue
) -> None:
    assert file_of(deployed, dags_dir).read_text() == services.generated_code(deployed)
    assert queue.of("follow_deployment") == [[str(deployed.pk)]]


def test_it_is_ready_only_when_airflow_serves_this_very_revision(
    deployed: Pipeline, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.serve(deployed.dag_id, tags=["sha256:of-the-previous-revision"])
    queue.clear()
    look(deployed)
    assert status_of(deployed) == "registering"
    assert len(queue.of("follow_deployment")) == 1
    serve(airflow, deployed)
    queue.clear()
    look(deployed)
    assert status_of(deployed) == "ready"
    assert queue == []


def test_an_import_error_fails_it_and_is_shown_word_for_word(
    deployed: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.broken_files = [
        DagImportError(f"{deployed.dag_id}.py", "SyntaxError: no", datetime.now(UTC))
    ]
    look(deployed)
    assert status_of(deployed) == "failed"
    assert deployed.deployment_error == "SyntaxError: no"


def test_past_the_deadline_it_fails_and_says_where_to_look(deployed: Pipeline) -> None:
    later(deployed, 121)
    look(deployed)
    assert status_of(deployed) == "failed"
    assert "DAG processor" in deployed.deployment_error


def test_the_deadline_does_not_run_while_airflow_is_down(
    deployed: Pipeline, airflow: FakeAirflow, queue: Queue
) -> None:
    later(deployed, 10_000)
    airflow.outage = "Airflow is down."
    queue.clear()
    look(deployed)
    assert status_of(deployed) == "registering"
    assert "Airflow is down." in deployed.deployment_error
    assert queue == []
    airflow.outage = ""
    look(deployed)
    assert status_of(deployed) == "registering"
    assert deployed.deployment_error == ""
    assert len(queue.of("follow_deployment")) == 1


def test_deployments_that_wait_cost_one_question_and_go_on_when_airflow_is_back(
    save: Save, airflow: FakeAirflow, queue: Queue, resume: Any
) -> None:
    waiting = [save(name=f"Orders {number}") for number in range(3)]
    airflow.outage = "Airflow is down."
    for pipeline in waiting:
        look(pipeline)
    queue.clear()
    airflow.calls.clear()
    resume()
    assert queue == []
    assert airflow.calls.total() == 1
    airflow.outage = ""
    resume()
    assert {pk for (pk,) in queue.of("deploy_pipeline")} == {str(one.pk) for one in waiting}


def test_repeated_messages_do_not_multiply_the_looks(deployed: Pipeline, queue: Queue) -> None:
    queue.clear()
    for _ in range(3):
        tasks.follow_deployment(str(deployed.pk))
    assert len(queue.of("follow_deployment")) == 1


def test_a_folder_that_cannot_be_written_fails_it_with_the_reason(
    pipeline: Pipeline, dags_dir: Path
) -> None:
    dags_dir.write_text("in the way")
    tasks.deploy_pipeline(str(pipeline.pk))
    assert status_of(pipeline) == "failed"
    assert str(dags_dir) in pipeline.deployment_error


def test_an_answer_about_an_old_revision_does_not_settle_the_new_one(
    deployed: Pipeline, airflow: FakeAirflow, save: Save
) -> None:
    serve(airflow, deployed)

    def meanwhile() -> None:
        save(Pipeline.objects.get(), description="changed")

    airflow.after("get_dag", meanwhile)
    services.check_deployment(deployed.pk)
    assert status_of(deployed) == "registering"


def test_deploying_a_pipeline_that_is_gone_does_nothing(
    pipeline: Pipeline, dags_dir: Path, queue: Queue
) -> None:
    pipeline_id = str(pipeline.pk)
    pipeline.delete()
    queue.clear()
    tasks.deploy_pipeline(pipeline_id)
    tasks.follow_deployment(pipeline_id)
    assert queue == []
    assert not dags_dir.exists()


def test_a_removed_dag_is_looked_for_until_airflow_has_forgotten_it(
    ready: Pipeline, airflow: FakeAirflow, dags_dir: Path, queue: Queue
) -> None:
    dag_id, file = ready.dag_id, file_of(ready, dags_dir)
    services.delete_pipeline(ready)
    # Airflow was just reading the file: the DAG comes back once.
    airflow.after("delete_dag", lambda: airflow.serve(dag_id))
    for _ in range(2):
        tasks.remove_dag(dag_id)
        assert queue.pop() == ("pipelines.tasks.remove_dag", [dag_id])
    tasks.remove_dag(dag_id)
    assert queue == []
    assert not file.exists()
    assert dag_id not in airflow.dags
    assert not DagRemoval.objects.exists()


def test_a_removal_outlives_an_airflow_that_is_down(
    ready: Pipeline, airflow: FakeAirflow, dags_dir: Path, queue: Queue, reconcile: Any
) -> None:
    dag_id, file = ready.dag_id, file_of(ready, dags_dir)
    services.delete_pipeline(ready)
    airflow.outage = "Airflow is down."
    tasks.remove_dag(dag_id)
    assert not file.exists()
    DagRemoval.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    queue.clear()
    reconcile()
    assert queue.of("remove_dag") == [[dag_id]]


@pytest.fixture
def resume(django_capture_on_commit_callbacks: Any) -> Any:
    def run() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            tasks.resume_deployments()

    return run


@pytest.fixture
def reconcile(django_capture_on_commit_callbacks: Any) -> Any:
    def run() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            tasks.reconcile_deployments()

    return run


def test_reconciling_leaves_what_is_right_alone(
    ready: Pipeline, queue: Queue, reconcile: Any
) -> None:
    reconcile()
    assert queue == []
    assert status_of(ready) == "ready"


def test_a_deployment_whose_message_was_lost_is_queued_again(
    pipeline: Pipeline, queue: Queue, resume: Any
) -> None:
    queue.clear()
    resume()
    assert queue == []
    later(pipeline, 60)
    resume()
    assert queue.of("deploy_pipeline") == [[str(pipeline.pk)]]


@pytest.mark.parametrize("damage", ["removed", "edited"])
def test_a_file_that_was_removed_or_edited_is_written_again(
    ready: Pipeline, dags_dir: Path, queue: Queue, reconcile: Any, damage: str
) -> None:
    file = file_of(ready, dags_dir)
    if damage == "removed":
        file.unlink()
    else:
        file.write_text("import os\n")
    reconcile()
    assert status_of(ready) == "registering"
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]


def test_a_dag_that_airflow_lost_is_deployed_again(
    ready: Pipeline, airflow: FakeAirflow, queue: Queue, reconcile: Any
) -> None:
    airflow.delete_dag(ready.dag_id)
    reconcile()
    assert status_of(ready) == "registering"
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]


def test_a_dag_that_broke_is_deployed_again_and_stays_failed_while_it_is_broken(
    ready: Pipeline, airflow: FakeAirflow, queue: Queue, reconcile: Any
) -> None:
    airflow.break_file(ready.dag_id, "ModuleNotFoundError: operators")
    reconcile()
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]
    look(ready)
    assert status_of(ready) == "failed"
    assert ready.deployment_error == "ModuleNotFoundError: operators"
    queue.clear()
    reconcile()
    assert queue == []
    serve(airflow, ready)
    reconcile()
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]
    look(ready)
    assert status_of(ready) == "ready"


def test_a_failed_deployment_that_airflow_serves_after_all_becomes_ready(
    ready: Pipeline, queue: Queue, reconcile: Any
) -> None:
    Pipeline.objects.update(deployment_status="failed", deployment_error="Too late.")
    reconcile()
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]
    look(ready)
    assert status_of(ready) == "ready"


def test_a_file_without_a_pipeline_stays_and_is_named(
    ready: Pipeline,
    airflow: FakeAirflow,
    dags_dir: Path,
    queue: Queue,
    reconcile: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = file_of(ready, dags_dir)
    # As for a LogiData that was started with another database.
    Pipeline.objects.all().delete()
    reconcile()
    assert queue == []
    assert file.exists()
    assert ready.dag_id in airflow.dags
    assert not DagRemoval.objects.exists()
    assert str(file) in caplog.text
    assert "LOGIDATA_DATABASE_URL" in caplog.text


def test_a_removal_that_is_not_on_record_removes_nothing(
    ready: Pipeline, airflow: FakeAirflow, dags_dir: Path, queue: Queue
) -> None:
    tasks.remove_dag(ready.dag_id)
    assert file_of(ready, dags_dir).exists()
    assert ready.dag_id in airflow.dags
    assert queue == []


def test_a_file_whose_removal_is_under_way_is_not_complained_about(
    ready: Pipeline, reconcile: Any, caplog: pytest.LogCaptureFixture
) -> None:
    dag_id = ready.dag_id
    services.delete_pipeline(ready)
    reconcile()
    assert dag_id not in caplog.text


def test_files_that_are_not_ours_are_never_touched(
    ready: Pipeline, dags_dir: Path, queue: Queue, reconcile: Any
) -> None:
    mine = dags_dir / "my_own_dag.py"
    mine.write_text("")
    reconcile()
    assert queue == []
    assert mine.exists()
