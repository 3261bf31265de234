"""Triggering: once, on the right version, never after a cancel, and patiently."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from airflow_bridge.errors import AirflowRefused, AirflowUnavailable, DagNotFound
from executions import services
from executions.models import PipelineExecution
from executions.services import Attempt, trigger_execution
from pipelines.models import DeploymentStatus, Pipeline
from pipelines.services import check_deployment
from tests.executions.conftest import GRAPH, Queue, again, key, revise, serve, statuses
from tests.fake_airflow import FakeAirflow


def test_a_ready_pipeline_is_triggered_with_its_config_pinned(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    conf = airflow.runs[key(pending)].conf
    assert conf["min_amount"] == 10
    assert conf["logidata"]["execution_id"] == str(pending.pk)
    assert conf["logidata"]["revision"] == 1
    assert conf["logidata"]["nodes"]["read"] == {"path": "a.csv"}
    assert again(pending).status_reason == ""


def test_triggering_twice_makes_one_run(pending: PipelineExecution, airflow: FakeAirflow) -> None:
    trigger_execution(pending.pk)
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    assert airflow.calls["trigger"] == 1


def test_a_trigger_whose_answer_was_lost_makes_one_run(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.lose_answer("trigger")
    assert trigger_execution(pending.pk) is Attempt.LATER
    assert again(pending).status == "pending"
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    assert list(airflow.runs) == [key(pending)]


def test_a_run_that_exists_after_all_is_not_failed_for_a_later_change(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.lose_answer("trigger")
    trigger_execution(pending.pk)
    revise(pipeline, config={"nodes": GRAPH["nodes"][:2], "edges": GRAPH["edges"][:1]})
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    assert again(pending).status == "pending"


def test_a_trigger_that_may_still_arrive_keeps_a_failure_waiting(
    pending: PipelineExecution, pipeline: Pipeline
) -> None:
    revise(pipeline, config={"nodes": GRAPH["nodes"][:2], "edges": GRAPH["edges"][:1]})
    PipelineExecution.objects.update(trigger_claimed_at=timezone.now())
    assert trigger_execution(pending.pk) is Attempt.LATER
    assert again(pending).status == "pending"
    PipelineExecution.objects.update(trigger_claimed_at=timezone.now() - timedelta(hours=1))
    trigger_execution(pending.pk)
    assert again(pending).status == "failed"


def test_an_airflow_that_is_down_leaves_it_pending_with_the_reason(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.outage = "Airflow at http://airflow:8080 cannot be reached."
    assert trigger_execution(pending.pk) is Attempt.LATER
    waiting = again(pending)
    assert waiting.status == "pending"
    assert waiting.status_reason.startswith(airflow.outage)
    airflow.outage = ""
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED


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


def test_other_configs_on_the_same_structure_run_as_they_were_when_started(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    nodes = [node | {"config": {"path": "changed"}} for node in GRAPH["nodes"]]
    revise(pipeline, config=GRAPH | {"nodes": nodes})
    serve(airflow, pipeline)
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    own = airflow.runs[key(pending)].conf["logidata"]
    assert (own["revision"], own["nodes"]["read"]) == (1, {"path": "a.csv"})


def test_another_structure_fails_what_was_started_before(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    without = {"nodes": GRAPH["nodes"][:2], "edges": GRAPH["edges"][:1]}
    revise(pipeline, config=without)
    serve(airflow, pipeline)
    trigger_execution(pending.pk)
    failed = again(pending)
    assert failed.status == "failed"
    assert "changed to revision 2" in failed.error_message
    assert "Execute the pipeline again" in failed.error_message
    assert airflow.runs == {}


def test_a_pipeline_that_was_deleted_fails_what_was_started_before(
    pending: PipelineExecution,
) -> None:
    Pipeline.objects.all().delete()
    trigger_execution(pending.pk)
    assert "was deleted" in again(pending).error_message
    assert "Create it anew" in again(pending).error_message


def test_a_refused_trigger_fails_the_execution_with_the_reason(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    def refuse() -> None:
        raise AirflowRefused("The conf is no object.", status=422)

    airflow.before("trigger", refuse)
    trigger_execution(pending.pk)
    assert again(pending).status == "failed"
    assert "The conf is no object." in again(pending).error_message


@pytest.mark.parametrize("status", [401, 403, 302, None])
def test_a_refusal_that_is_not_about_the_run_leaves_it_pending_with_the_reason(
    pending: PipelineExecution, airflow: FakeAirflow, status: int | None
) -> None:
    def refuse() -> None:
        raise AirflowRefused("User 'logidata' may not trigger DAGs.", status=status)

    airflow.before("trigger", refuse)
    assert trigger_execution(pending.pk) is Attempt.LATER
    waiting = again(pending)
    assert waiting.status == "pending"
    assert "may not trigger DAGs" in waiting.status_reason
    assert "once that is put right" in waiting.status_reason
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED


def test_a_refusal_does_not_hide_that_an_earlier_trigger_may_still_arrive(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    def fall_over() -> None:
        raise AirflowUnavailable("Airflow did not answer in time.")

    def refuse() -> None:
        raise AirflowRefused("Not now.", status=422)

    airflow.before("trigger", fall_over)
    trigger_execution(pending.pk)
    first = again(pending).trigger_claimed_at
    airflow.before("trigger", refuse)
    assert trigger_execution(pending.pk) is Attempt.LATER
    assert again(pending).trigger_claimed_at == first
    assert services.request_cancel(again(pending), None).status == "pending"


def test_a_refused_trigger_fails_the_execution_once_no_earlier_one_can_arrive(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    def refuse() -> None:
        raise AirflowRefused("Not now.", status=422)

    PipelineExecution.objects.update(trigger_claimed_at=timezone.now() - timedelta(hours=1))
    airflow.before("trigger", refuse)
    trigger_execution(pending.pk)
    assert again(pending).status == "failed"


def test_what_another_worker_has_set_out_to_trigger_is_left_to_it(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    now = timezone.now()
    airflow.before(
        "get_dag", lambda: PipelineExecution.objects.update(trigger_claimed_at=now) and None
    )
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    assert airflow.calls["trigger"] == 0
    assert again(pending).trigger_claimed_at == now


def test_a_trigger_may_arrive_for_as_long_as_the_timeouts_allow(
    pending: PipelineExecution, settings: Any
) -> None:
    settings.AIRFLOW_CONNECT_TIMEOUT, settings.AIRFLOW_READ_TIMEOUT = 5, 100
    PipelineExecution.objects.update(trigger_claimed_at=timezone.now() - timedelta(seconds=420))
    services.request_cancel(pending, None)
    assert services.carry_out_cancel(pending.pk) is services.Cancel.SOON
    settings.AIRFLOW_READ_TIMEOUT = 30
    assert services.carry_out_cancel(pending.pk) is services.Cancel.DONE


def test_a_wrong_login_is_waited_out_since_it_can_be_put_right(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    def refuse() -> None:
        raise AirflowRefused("Airflow refuses the login of 'logidata'.")

    airflow.before("get_dag", refuse)
    assert trigger_execution(pending.pk) is Attempt.LATER
    assert "refuses the login" in again(pending).status_reason


@pytest.mark.parametrize("error", [DagNotFound("gone"), AirflowRefused("later", retryable=True)])
def test_a_trigger_that_airflow_denied_leaves_no_claim_behind(
    pending: PipelineExecution, airflow: FakeAirflow, error: Exception
) -> None:
    def deny() -> None:
        raise error

    airflow.before("trigger", deny)
    assert trigger_execution(pending.pk) is not Attempt.TRIGGERED
    assert services.request_cancel(again(pending), None).status == "cancelled"


def test_a_cancel_before_the_trigger_starts_no_dag_run(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert services.request_cancel(pending, None).status == "cancelled"
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    assert airflow.runs == {}
    assert set(statuses(pending).values()) == {"cancelled"}


def test_a_cancel_between_the_look_and_the_trigger_starts_no_dag_run(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.after("get_dag", lambda: _cancel(pending))
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    assert airflow.runs == {}
    assert again(pending).status == "cancelled"


def test_a_cancel_between_two_attempts_starts_no_dag_run(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    def fall_over() -> None:
        raise AirflowUnavailable("Airflow did not answer in time.")

    airflow.before("trigger", fall_over)
    trigger_execution(pending.pk)
    airflow.after("get_dag", lambda: _cancel(pending))
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    assert airflow.runs == {}


def test_a_cancel_while_the_trigger_is_on_its_way_stops_the_run(
    pending: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.before("trigger", lambda: _cancel(pending))
    trigger_execution(pending.pk)
    assert again(pending).status == "pending"
    assert "cancel_pipeline" in queue.names()
    services.carry_out_cancel(pending.pk)
    assert again(pending).status == "cancelled"
    assert airflow.runs[key(pending)].state == "failed"


def test_an_outage_during_the_trigger_is_retried_with_the_same_run_id(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    def fall_over() -> None:
        raise AirflowUnavailable("Airflow did not answer in time.")

    airflow.before("trigger", fall_over)
    trigger_execution(pending.pk)
    trigger_execution(pending.pk)
    assert list(airflow.runs) == [key(pending)]


def _cancel(execution: PipelineExecution) -> Any:
    return services.request_cancel(execution, None)
