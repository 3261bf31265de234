"""A cancel before, between and during the tries to trigger: no run is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from airflow_bridge.errors import AirflowUnavailable
from executions import services
from executions.models import PipelineExecution
from executions.services import Attempt, trigger_execution
from tests.executions.conftest import Queue, again, key, statuses
from tests.fake_airflow import FakeAirflow


def test_a_trigger_may_arrive_for_as_long_as_the_timeouts_allow(
    pending: PipelineExecution, settings: Any
) -> None:
    settings.AIRFLOW_CONNECT_TIMEOUT, settings.AIRFLOW_READ_TIMEOUT = 1, 2
    PipelineExecution.objects.update(trigger_claimed_at=timezone.now() - timedelta(seconds=20))
    services.request_cancel(pending, None)
    assert services.carry_out_cancel(pending.pk) is services.Cancel.SOON
    settings.AIRFLOW_READ_TIMEOUT = 1
    assert services.carry_out_cancel(pending.pk) is services.Cancel.DONE


def test_a_trigger_whose_worker_died_holds_up_a_cancel_for_half_a_minute_at_most(
    pending: PipelineExecution, settings: Any
) -> None:
    settings.AIRFLOW_CONNECT_TIMEOUT, settings.AIRFLOW_READ_TIMEOUT = 5, 100
    PipelineExecution.objects.update(trigger_claimed_at=timezone.now() - timedelta(seconds=20))
    services.request_cancel(pending, None)
    assert services.carry_out_cancel(pending.pk) is services.Cancel.SOON
    PipelineExecution.objects.update(trigger_claimed_at=timezone.now() - timedelta(seconds=30))
    assert services.carry_out_cancel(pending.pk) is services.Cancel.DONE


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


def _cancel(execution: PipelineExecution) -> Any:
    return services.request_cancel(execution, None)
