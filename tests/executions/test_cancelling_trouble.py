"""A cancel that Airflow does not hear, refuses, or has no run for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from airflow_bridge.errors import AirflowRefused, AirflowUnavailable
from executions import services
from executions.errors import ExecutionFinished
from executions.models import PipelineExecution
from executions.services import Cancel, carry_out_cancel, request_cancel
from tests.executions.conftest import Queue, again, key
from tests.fake_airflow import FakeAirflow


def test_an_execution_whose_status_is_unknown_is_stopped_before_it_is_called_cancelled(
    running: PipelineExecution, airflow: FakeAirflow, alive_nodes: set[str]
) -> None:
    airflow.set_run(*key(running), "a_state_of_tomorrow")
    assert services.refresh_execution(running).status == "unknown"
    alive_nodes.add("read")
    assert "Airflow is being told" in request_cancel(running, None).status_reason
    assert carry_out_cancel(running.pk) is Cancel.SOON
    assert airflow.runs[key(running)].state == "failed"
    assert again(running).status == "running"
    alive_nodes.clear()
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "cancelled"


def test_the_cancel_of_an_execution_whose_status_is_unknown_is_repeated_until_it_took_effect(
    running: PipelineExecution, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.set_run(*key(running), "a_state_of_tomorrow")
    services.refresh_execution(running)
    airflow.outage = "Airflow cannot be reached."
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.LATER
    assert "Cancel asked for, but Airflow cannot be reached." in again(running).status_reason
    airflow.outage = ""
    PipelineExecution.objects.update(cancel_requested_at=timezone.now() - timedelta(minutes=1))
    services.sync_active()
    assert "cancel_pipeline" in queue.names()
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "cancelled"


def test_an_execution_whose_run_was_deleted_in_airflow_has_nothing_to_cancel(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.forget_run(*key(running))
    services.refresh_execution(running)
    with pytest.raises(ExecutionFinished, match="no longer has a DAG run"):
        request_cancel(running, None)


def test_a_cancel_while_airflow_is_down_waits_with_the_reason_and_goes_on(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.outage = "Airflow cannot be reached."
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.LATER
    assert "Cancel asked for, but Airflow cannot be reached." in again(running).status_reason
    airflow.outage = ""
    assert carry_out_cancel(running.pk) is Cancel.DONE


def test_a_cancel_that_airflow_refuses_is_not_taken_as_sent(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    def refuse() -> None:
        raise AirflowRefused("Not for you.")

    airflow.before("cancel_run", refuse)
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.LATER
    assert again(running).cancel_sent_at is None
    airflow.fail(*key(running), "read", {"message": "no such file"})
    assert services.refresh_execution(running).status == "failed"


def test_a_cancel_that_was_lost_on_its_way_is_sent_again(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    def lose() -> None:
        raise AirflowUnavailable("Airflow did not answer in time.")

    airflow.before("cancel_run", lose)
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.LATER
    assert airflow.runs[key(running)].state == "running"
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "cancelled"


def test_a_run_deleted_in_airflow_while_it_was_cancelled_is_unknown(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(running, None)
    airflow.forget_run(*key(running))
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "unknown"
