"""Deleting a pipeline: never under an execution that is active, never with its history."""

from __future__ import annotations

import pytest

from executions import services
from executions.errors import PipelineBusy
from executions.models import PipelineExecution
from pipelines.models import Pipeline
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow


def test_a_pipeline_with_an_active_execution_is_not_deleted(running: PipelineExecution) -> None:
    assert running.pipeline is not None
    with pytest.raises(PipelineBusy, match="1 execution waits or runs"):
        services.delete_pipeline(running.pipeline)
    assert Pipeline.objects.filter(pk=running.pipeline_id).exists()


def test_a_deleted_pipeline_leaves_its_executions_readable(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    assert running.pipeline is not None
    services.refresh_execution(running)
    services.delete_pipeline(running.pipeline)
    kept = again(running)
    assert (kept.pipeline, kept.pipeline_name, kept.status) == (None, "orders", "success")
    assert kept.revision is not None
    assert kept.tasks.count() == 3


def test_a_pipeline_is_not_deleted_while_a_run_of_it_is_in_a_state_nobody_knows(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert running.pipeline is not None
    airflow.set_run(*key(running), "a_state_of_tomorrow")
    assert services.refresh_execution(running).status == "unknown"
    with pytest.raises(PipelineBusy, match="Cancel them"):
        services.delete_pipeline(running.pipeline)


def test_a_pipeline_can_be_deleted_once_its_run_in_an_unknown_state_is_cancelled(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert running.pipeline is not None
    airflow.set_run(*key(running), "a_state_of_tomorrow")
    services.refresh_execution(running)
    services.request_cancel(running, None)
    services.carry_out_cancel(running.pk)
    services.delete_pipeline(running.pipeline)
    assert again(running).status == "cancelled"


def test_a_pipeline_whose_run_was_deleted_in_airflow_can_be_deleted(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert running.pipeline is not None
    airflow.forget_run(*key(running))
    assert services.refresh_execution(running).status == "unknown"
    services.delete_pipeline(running.pipeline)
    assert not Pipeline.objects.exists()
