"""Starting an execution: what is written, what is refused, what is queued."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from executions import services
from executions.errors import InvalidParams, PipelineInactive
from executions.models import PipelineExecution
from executions.services import queueing
from pipelines.errors import PipelineNotSaved
from pipelines.models import Pipeline
from tests.executions.conftest import NODES, Queue, again
from tests.fake_airflow import FakeAirflow


def test_starting_writes_a_pending_execution_with_a_row_a_node(pipeline: Pipeline) -> None:
    execution = services.start_execution(pipeline, params={"min_amount": 50})
    assert (execution.status, execution.params) == ("pending", {"min_amount": 50})
    assert execution.airflow_dag_run_id == f"logidata__{execution.pk}"
    assert execution.revision == pipeline.current_revision
    tasks = list(execution.tasks.all())
    assert [task.node_id for task in tasks] == NODES
    assert [task.max_tries for task in tasks] == [1, 2, 1]
    assert {task.status for task in tasks} == {"pending"}


def test_starting_lays_params_over_the_defaults(pipeline: Pipeline) -> None:
    assert services.start_execution(pipeline).params == {"min_amount": 10}


def test_starting_asks_nothing_of_airflow(pipeline: Pipeline, airflow: FakeAirflow) -> None:
    airflow.outage = "Airflow is down."
    services.start_execution(pipeline)
    assert not airflow.calls


@pytest.mark.django_db(transaction=True)
def test_the_trigger_is_queued_only_once_the_execution_is_committed(
    pipeline: Pipeline, queue: Queue
) -> None:
    with transaction.atomic():
        execution = services.start_execution(pipeline)
        assert queue.messages == []
    (message,) = queue.messages
    assert message.task == "execute_pipeline"
    assert message.task_id == execution.celery_task_id
    assert message.args[-1] == str(execution.pk)


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_leaves_the_execution_pending(
    pipeline: Pipeline, queue: Queue
) -> None:
    queue.broken = True
    execution = services.start_execution(pipeline)
    assert again(execution).status == "pending"


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_does_not_answer_is_the_reason_until_a_worker_is_told(
    pipeline: Pipeline, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: Any, **__: Any) -> None:
        raise OperationalError("Timeout reading from socket")

    with monkeypatch.context() as redis:
        redis.setattr(queueing, "queue_execute", hang)
        execution = services.start_execution(pipeline)
    assert again(execution).status_reason == queueing.UNTOLD
    services.trigger_execution(execution.pk)
    assert again(execution).status_reason == ""


def test_a_required_param_that_is_missing_is_refused_by_name(
    make_pipeline: Callable[..., Pipeline],
) -> None:
    with pytest.raises(InvalidParams, match="'min_amount' is required") as caught:
        services.start_execution(make_pipeline(default_params={}))
    assert [problem.field for problem in caught.value.errors] == ["params.min_amount"]
    assert not PipelineExecution.objects.exists()


def test_unknown_params_are_refused_by_name_and_the_known_ones_named(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidParams, match=r"'min'.*It knows: min_amount\. Correct"):
        services.start_execution(pipeline, params={"min": 1, "logidata": {}})


@pytest.mark.parametrize("params", [[1], "min_amount=3", 7])
def test_params_that_are_no_object_are_refused(pipeline: Pipeline, params: Any) -> None:
    with pytest.raises(InvalidParams, match="must be an object"):
        services.start_execution(pipeline, params=params)


@pytest.mark.parametrize("value", ["a\0b", float("nan"), {"deep": ["\0"]}, "\ud800"])
def test_params_that_cannot_be_stored_are_refused(pipeline: Pipeline, value: Any) -> None:
    with pytest.raises(InvalidParams, match="'min_amount'"):
        services.start_execution(pipeline, params={"min_amount": value})


def test_an_inactive_pipeline_is_refused(make_pipeline: Callable[..., Pipeline]) -> None:
    with pytest.raises(PipelineInactive, match="Set it active"):
        services.start_execution(make_pipeline(is_active=False))


def test_a_pipeline_without_a_revision_is_refused(pipeline: Pipeline) -> None:
    Pipeline.objects.update(current_revision=None)
    with pytest.raises(PipelineNotSaved):
        services.start_execution(pipeline)


def test_a_pipeline_that_was_deleted_meanwhile_is_refused(pipeline: Pipeline) -> None:
    Pipeline.objects.all().delete()
    with pytest.raises(PipelineNotSaved):
        services.start_execution(pipeline)
