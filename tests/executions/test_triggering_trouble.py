"""A trigger that Airflow does not answer, or refuses: patience, or the end, with the reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from airflow_bridge.errors import AirflowRefused, AirflowUnavailable, DagNotFound
from executions import services
from executions.models import PipelineExecution
from executions.services import Attempt, trigger_execution
from pipelines.models import Pipeline
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow


def test_a_trigger_that_may_still_arrive_keeps_a_failure_waiting(
    pending: PipelineExecution,
) -> None:
    Pipeline.objects.update(deployment_status="failed", deployment_error="SyntaxError")
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


def test_an_outage_during_the_trigger_is_retried_with_the_same_run_id(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    def fall_over() -> None:
        raise AirflowUnavailable("Airflow did not answer in time.")

    airflow.before("trigger", fall_over)
    trigger_execution(pending.pk)
    trigger_execution(pending.pk)
    assert list(airflow.runs) == [key(pending)]
