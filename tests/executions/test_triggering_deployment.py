"""What is triggered only once Airflow serves it, and what is done if it does not."""

from __future__ import annotations

from typing import Any

from executions import services
from executions.models import PipelineExecution
from executions.services import Attempt, trigger_execution
from pipelines.models import DeploymentStatus, Pipeline
from pipelines.services import check_deployment
from tests.executions.conftest import Queue, again, serve, statuses
from tests.fake_airflow import FakeAirflow


def test_a_pipeline_that_airflow_is_registering_is_waited_for(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    Pipeline.objects.update(deployment_status=DeploymentStatus.REGISTERING)
    assert trigger_execution(pending.pk) is Attempt.SOON
    assert "registering revision 1" in again(pending).status_reason
    assert airflow.calls["trigger"] == 0


def test_an_older_version_than_the_one_saved_is_never_triggered(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.serve(pipeline.dag_id, tags=["sha256:of-another-revision"])
    assert trigger_execution(pending.pk) is Attempt.SOON
    assert airflow.runs == {}


def test_a_dag_that_airflow_has_read_but_not_brought_up_to_date_is_not_triggered(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    serve(airflow, pipeline, doc_md="Revision 1 of a LogiData pipeline, `sha256:of-before`.")
    assert trigger_execution(pending.pk) is Attempt.SOON
    assert airflow.runs == {}


def test_a_paused_dag_is_not_triggered_into_an_invisible_queue(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    serve(airflow, pipeline, paused=True)
    assert trigger_execution(pending.pk) is Attempt.LATER
    assert "paused in Airflow" in again(pending).status_reason
    assert airflow.runs == {}


def test_a_deployment_that_failed_fails_the_execution_with_airflows_words(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    Pipeline.objects.update(
        deployment_status=DeploymentStatus.FAILED, deployment_error="ImportError: no module x"
    )
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    failed = again(pending)
    assert failed.status == "failed"
    assert "ImportError: no module x" in failed.error_message
    assert "deploy the pipeline again" in failed.error_message
    assert set(statuses(failed).values()) == {"skipped"}
    assert failed.completed_at is not None


def test_a_dag_that_broke_since_fails_deployment_and_execution_with_airflows_words(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.break_file(pipeline.dag_id, "ModuleNotFoundError: No module named 'operators'")
    assert trigger_execution(pending.pk) is Attempt.SOON
    assert airflow.calls["trigger"] == 0
    assert "being deployed again" in again(pending).status_reason
    check_deployment(pipeline.pk)
    pipeline.refresh_from_db()
    assert pipeline.deployment_status == "failed"
    assert pipeline.deployment_error == "ModuleNotFoundError: No module named 'operators'"
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    assert again(pending).status == "failed"
    assert "No module named 'operators'" in again(pending).error_message


def test_a_dag_that_broke_since_is_deployed_again_and_the_execution_goes_on(
    pending: PipelineExecution,
    pipeline: Pipeline,
    airflow: FakeAirflow,
    queue: Queue,
    django_capture_on_commit_callbacks: Any,
) -> None:
    airflow.break_file(pipeline.dag_id, "SyntaxError: edited from outside")
    with django_capture_on_commit_callbacks(execute=True):
        trigger_execution(pending.pk)
    assert "deploy_pipeline" in queue.names()
    assert trigger_execution(pending.pk) is Attempt.SOON
    serve(airflow, pipeline)
    check_deployment(pipeline.pk)
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED


def test_a_dag_that_breaks_between_the_look_and_the_trigger_leaves_no_claim_behind(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.after("get_dag", lambda: airflow.break_file(pipeline.dag_id, "SyntaxError"))
    assert trigger_execution(pending.pk) is Attempt.SOON
    assert airflow.calls["trigger"] == 1
    assert again(pending).trigger_claimed_at is None
    assert "being deployed again" in again(pending).status_reason
    pipeline.refresh_from_db()
    assert pipeline.deployment_status == "registering"
    assert services.request_cancel(again(pending), None).status == "cancelled"


def test_a_dag_that_vanished_is_deployed_again_and_waited_for(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.dags.clear()
    assert trigger_execution(pending.pk) is Attempt.SOON
    assert "does not know" in again(pending).status_reason
    pipeline.refresh_from_db()
    assert pipeline.deployment_status == "registering"
