"""Several workers and a person at the same execution at the same moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from executions import services
from executions.models import PipelineExecution, TaskExecution
from executions.services import trigger_execution
from executions.transitions import begin_attempt, change_status
from pipelines.errors import DomainError
from pipelines.models import Pipeline
from tests.executions.conftest import again, change_node, key
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


def while_locked(write: Callable[[], object], late: Callable[[], bool]) -> bool:
    """Return what `late` does that has begun before `write` is committed, and waits for it."""

    def wait_for_lock() -> bool:
        try:
            return late()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            write()
            late_result = pool.submit(wait_for_lock)
            until_someone_waits()
        return late_result.result(timeout=10)


def until_someone_waits() -> None:
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid))",
                [connection.connection.info.backend_pid],
            )
            if cursor.fetchone():
                return
            assert time.monotonic() < deadline, "nobody waits for the lock"
            time.sleep(0.01)


def test_an_older_answer_that_waited_for_a_newer_one_is_not_written(
    pending: PipelineExecution,
) -> None:
    task = pending.tasks.get(node_id="read")
    node = TaskExecution.objects.filter(pk=task.pk)
    assert not while_locked(
        lambda: node.update(status="running", tries=2),
        lambda: change_node(pending, task, status="failed", tries=1),
    )
    assert (node.get().status, node.get().tries) == ("running", 2)


def test_an_answer_that_waited_for_a_new_attempt_is_not_written(
    pending: PipelineExecution,
) -> None:
    change_status(pending.pk, "failed")
    ended = again(pending)
    task = ended.tasks.get(node_id="read")
    assert not while_locked(
        lambda: begin_attempt(ended, reason="again", nodes=["read"]),
        lambda: change_node(ended, task, status="running", tries=1),
    )
    assert ended.tasks.get(node_id="read").status == "pending"


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
