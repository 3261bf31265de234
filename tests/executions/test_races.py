"""Several workers and a person at the same execution at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from executions import services
from executions.models import PipelineExecution
from executions.services import trigger_execution
from pipelines.errors import DomainError
from pipelines.models import Pipeline
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*actions: Callable[[], object]) -> None:
    """Run each action in a thread of its own, all let go together; raise what one of them did."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            action()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        for future in [pool.submit(run, action) for action in actions]:
            future.result()


@pytest.mark.parametrize("turn", range(8))
def test_a_trigger_and_a_cancel_at_once_end_in_a_run_that_is_stopped_or_in_none(
    pipeline: Pipeline, airflow: FakeAirflow, turn: int
) -> None:
    execution = services.start_execution(pipeline)
    at_once(
        lambda: trigger_execution(execution.pk),
        lambda: services.request_cancel(execution, None),
        lambda: trigger_execution(execution.pk),
    )
    triggered = bool(airflow.runs)
    assert again(execution).status == ("pending" if triggered else "cancelled")
    services.carry_out_cancel(execution.pk)
    assert again(execution).status == "cancelled"
    assert {run.state for run in airflow.runs.values()} <= {"failed"}


@pytest.mark.parametrize("turn", range(4))
def test_many_who_follow_a_run_write_its_end_once(
    running: PipelineExecution, airflow: FakeAirflow, turn: int
) -> None:
    airflow.finish(*key(running))
    at_once(*[lambda: services.refresh_execution(running)] * 3, services.sync_active)
    assert again(running).status == "success"
    assert [task.rows_out for task in running.tasks.all()] == [3, 3, 3]


@pytest.mark.parametrize("turn", range(4))
def test_a_pipeline_is_deleted_or_executed_but_never_both(pipeline: Pipeline, turn: int) -> None:
    outcomes: list[str] = []

    def attempt(name: str, action: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                action()
                outcomes.append(name)
            except DomainError:
                pass

        return run

    at_once(
        attempt("executed", lambda: services.start_execution(pipeline)),
        attempt("deleted", lambda: services.delete_pipeline(pipeline)),
    )
    assert len(outcomes) == 1
    assert PipelineExecution.objects.exists() == (outcomes == ["executed"])


def test_syncs_at_once_adopt_a_run_once(pipeline: Pipeline, airflow: FakeAirflow) -> None:
    airflow.begin(pipeline.dag_id, "by hand")
    at_once(*[services.sync_active] * 4)
    assert PipelineExecution.objects.count() == 1
