"""What `AirflowClient` promises, as cases that every Airflow must pass, the fake one included.

A test module makes a class of `AirflowContract` and gives it a fixture `world`.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from airflow_bridge.client import AirflowClient, DagRun
from airflow_bridge.errors import AirflowUnavailable, DagNotFound, RunNotFound


class AirflowWorld(Protocol):
    """An Airflow with DAGs to try things on; they and their runs are the test's own."""

    client: AirflowClient
    # A client of the same kind whose Airflow cannot be reached.
    unreachable: AirflowClient
    # Whether a run keeps the DAG's file as it was when the run started.
    versioned: bool

    def quick_dag(self) -> str:
        """Serve a DAG `pipeline_…`, tagged `contract`; `first` returns {"n": 1}, then `second`."""

    def slow_dag(self) -> str:
        """Serve a DAG `pipeline_…` whose task `slow` runs until it is stopped."""

    def until_running(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Return when the task is running."""

    def until_ended(self, dag_id: str, run_id: str) -> DagRun:
        """Return the run once it has ended."""


def a_run_id() -> str:
    return f"logidata__{uuid.uuid4()}"


def just_before() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=2)


class AirflowContract:
    """The cases."""

    def test_an_unknown_dag_is_not_found(self, world: AirflowWorld) -> None:
        with pytest.raises(DagNotFound):
            world.client.get_dag(f"pipeline_{uuid.uuid4()}")

    def test_a_served_dag_carries_its_tags_and_is_not_paused(self, world: AirflowWorld) -> None:
        dag = world.client.get_dag(world.quick_dag())
        assert "contract" in dag.tags
        assert not dag.is_paused

    def test_a_served_dag_says_whether_its_runs_keep_a_version(self, world: AirflowWorld) -> None:
        pinned = world.client.get_dag(world.quick_dag()).bundle_version is not None
        assert pinned is world.versioned

    def test_dags_are_listed_by_tag(self, world: AirflowWorld) -> None:
        dag_id = world.quick_dag()
        assert dag_id in {dag.dag_id for dag in world.client.list_dags("contract")}
        assert dag_id not in {dag.dag_id for dag in world.client.list_dags("no-such-tag")}

    def test_a_dag_can_be_paused_and_resumed(self, world: AirflowWorld) -> None:
        dag_id = world.quick_dag()
        world.client.set_paused(dag_id, True)
        assert world.client.get_dag(dag_id).is_paused
        world.client.set_paused(dag_id, False)
        assert not world.client.get_dag(dag_id).is_paused

    def test_pausing_an_unknown_dag_says_not_found(self, world: AirflowWorld) -> None:
        with pytest.raises(DagNotFound):
            world.client.set_paused(f"pipeline_{uuid.uuid4()}", True)

    def test_deleting_a_dag_that_is_unknown_says_so(self, world: AirflowWorld) -> None:
        assert not world.client.delete_dag(f"pipeline_{uuid.uuid4()}")

    def test_triggering_an_unknown_dag_says_not_found(self, world: AirflowWorld) -> None:
        with pytest.raises(DagNotFound):
            world.client.trigger(f"pipeline_{uuid.uuid4()}", a_run_id(), {})

    def test_a_triggered_run_keeps_its_id_and_conf(self, world: AirflowWorld) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        conf = {"limit": 3, "text": "'ä'\n", "logidata": {"nodes": {"first": {"a": [1, None]}}}}
        run = world.client.trigger(dag_id, run_id, conf)
        assert (run.dag_id, run.run_id, run.run_type) == (dag_id, run_id, "manual")
        assert run.state in {"queued", "running"}
        assert world.client.get_run(dag_id, run_id).conf == conf

    def test_a_second_trigger_returns_the_first_run(self, world: AirflowWorld) -> None:
        dag_id, run_id, since = world.quick_dag(), a_run_id(), just_before()
        first = world.client.trigger(dag_id, run_id, {"n": 1})
        second = world.client.trigger(dag_id, run_id, {"n": 2})
        assert second.run_id == run_id
        assert second.conf == {"n": 1}
        assert second.logical_date == first.logical_date
        runs = [run for run in world.client.runs_updated_since(since) if run.dag_id == dag_id]
        assert [run.run_id for run in runs] == [run_id]

    def test_an_unknown_run_is_not_found(self, world: AirflowWorld) -> None:
        with pytest.raises(RunNotFound):
            world.client.get_run(world.quick_dag(), a_run_id())

    def test_a_run_that_ended_tells_its_times_and_result(self, world: AirflowWorld) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        world.client.trigger(dag_id, run_id, {})
        run = world.until_ended(dag_id, run_id)
        assert run.state == "success"
        assert run.queued_at is not None
        assert run.start_date is not None
        assert run.end_date is not None
        assert run.queued_at <= run.start_date <= run.end_date

    def test_changed_runs_are_listed_and_unchanged_ones_are_not(self, world: AirflowWorld) -> None:
        dag_id, since = world.quick_dag(), just_before()
        run_ids = {a_run_id(), a_run_id()}
        for run_id in run_ids:
            world.client.trigger(dag_id, run_id, {})
        ended = [world.until_ended(dag_id, run_id) for run_id in run_ids]
        listed = {
            run.run_id for run in world.client.runs_updated_since(since) if run.dag_id == dag_id
        }
        assert listed == run_ids
        known = max(run.updated_at for run in ended if run.updated_at is not None)
        later = known + timedelta(minutes=5)
        assert dag_id not in {run.dag_id for run in world.client.runs_updated_since(later)}

    def test_looking_again_from_the_last_known_change_misses_nothing(
        self, world: AirflowWorld
    ) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        triggered = world.client.trigger(dag_id, run_id, {})
        assert triggered.updated_at is not None
        world.until_ended(dag_id, run_id)
        again = {run.run_id for run in world.client.runs_updated_since(triggered.updated_at)}
        assert run_id in again

    def test_runs_of_other_dags_are_not_listed(self, world: AirflowWorld) -> None:
        dag_id, since = world.quick_dag(), just_before()
        world.client.trigger(dag_id, a_run_id(), {})
        others = world.client.runs_updated_since(since, dag_id_prefix="another_")
        assert dag_id not in {run.dag_id for run in others}

    def test_task_instances_of_many_runs_come_together(self, world: AirflowWorld) -> None:
        quick, slow = world.quick_dag(), world.slow_dag()
        keys = [(quick, a_run_id()), (slow, a_run_id())]
        for dag_id, run_id in keys:
            world.client.trigger(dag_id, run_id, {})
        world.until_ended(*keys[0])
        world.until_running(*keys[1], "slow")
        unknown = (quick, a_run_id())
        found = {
            (instance.dag_id, instance.run_id, instance.task_id): instance
            for instance in world.client.task_instances([*keys, unknown])
        }
        assert set(found) == {(*keys[0], "first"), (*keys[0], "second"), (*keys[1], "slow")}
        first, running = found[*keys[0], "first"], found[*keys[1], "slow"]
        assert (first.state, first.try_number) == ("success", 1)
        assert first.duration is not None
        assert running.state == "running"
        assert running.start_date is not None
        assert running.end_date is None
        world.client.cancel_run(*keys[1])

    def test_task_instances_of_hundreds_of_runs_may_be_asked_for(self, world: AirflowWorld) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        world.client.trigger(dag_id, run_id, {})
        world.until_ended(dag_id, run_id)
        unknown = [(dag_id, a_run_id()) for _ in range(900)]
        found = world.client.task_instances([*unknown[:450], (dag_id, run_id), *unknown[450:]])
        assert [one.run_id for one in found] == [run_id, run_id]

    def test_the_clocks_of_one_machine_do_not_differ(self, world: AirflowWorld) -> None:
        world.client.version()
        assert world.client.clock_ahead() == timedelta()

    def test_no_runs_have_no_task_instances(self, world: AirflowWorld) -> None:
        assert world.client.task_instances([]) == []

    def test_a_cancelled_run_ends_as_failed_with_its_tasks(self, world: AirflowWorld) -> None:
        dag_id, run_id = world.slow_dag(), a_run_id()
        world.client.trigger(dag_id, run_id, {})
        world.until_running(dag_id, run_id, "slow")
        assert world.client.cancel_run(dag_id, run_id).state == "failed"
        assert world.until_ended(dag_id, run_id).state == "failed"
        states = {task.state for task in world.client.task_instances([(dag_id, run_id)])}
        assert states <= {"failed", "skipped"}

    def test_a_run_that_has_ended_stays_as_it_ended(self, world: AirflowWorld) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        world.client.trigger(dag_id, run_id, {})
        world.until_ended(dag_id, run_id)
        assert world.client.cancel_run(dag_id, run_id).state == "success"
        assert world.client.get_run(dag_id, run_id).state == "success"

    def test_a_cleared_run_is_queued_anew_and_runs_the_named_tasks(
        self, world: AirflowWorld
    ) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        world.client.trigger(dag_id, run_id, {})
        before = world.until_ended(dag_id, run_id)
        world.client.clear_tasks(dag_id, run_id, ["second"])
        cleared = world.client.get_run(dag_id, run_id)
        assert cleared.state in {"queued", "running"}
        again = world.until_ended(dag_id, run_id)
        assert again.state == "success"
        assert before.queued_at is not None
        assert again.queued_at is not None
        assert again.queued_at > before.queued_at
        # Airflow 2 does not tell it before the run has started.
        assert cleared.queued_at is None or cleared.queued_at > before.queued_at
        tries = {
            task.task_id: task.try_number
            for task in world.client.task_instances([(dag_id, run_id)])
        }
        assert tries == {"first": 1, "second": 2}
        earlier = world.client.tries(dag_id, run_id, "second")
        # Airflow remembers them since 2.10.
        major, minor = map(int, world.client.version().split(".")[:2])
        remembered = {1: "success", 2: "success"} if (major, minor) >= (2, 10) else {}
        assert {one.try_number: one.state for one in earlier} == remembered
        assert all(one.start_date and one.end_date for one in earlier)

    def test_clearing_for_an_unknown_dag_says_not_found(self, world: AirflowWorld) -> None:
        with pytest.raises(DagNotFound):
            world.client.clear_tasks("pipeline_of_nobody", a_run_id(), ["first"])

    def test_cancelling_an_unknown_run_says_not_found(self, world: AirflowWorld) -> None:
        with pytest.raises(RunNotFound):
            world.client.cancel_run(world.quick_dag(), a_run_id())

    def test_xcom_comes_back_as_it_was_returned(self, world: AirflowWorld) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        world.client.trigger(dag_id, run_id, {})
        world.until_ended(dag_id, run_id)
        assert world.client.xcom(dag_id, run_id, "first") == {"n": 1}

    def test_an_xcom_that_is_missing_is_none(self, world: AirflowWorld) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        world.client.trigger(dag_id, run_id, {})
        world.until_ended(dag_id, run_id)
        assert world.client.xcom(dag_id, run_id, "first", key="error") is None

    def test_a_finished_task_has_a_log(self, world: AirflowWorld) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        world.client.trigger(dag_id, run_id, {})
        world.until_ended(dag_id, run_id)
        events = list(world.client.logs(dag_id, run_id, "first", 1))
        assert any(event.message for event in events)

    def test_a_deleted_dag_takes_its_runs_along(self, world: AirflowWorld) -> None:
        dag_id, run_id = world.quick_dag(), a_run_id()
        world.client.trigger(dag_id, run_id, {})
        world.until_ended(dag_id, run_id)
        assert world.client.delete_dag(dag_id)
        with pytest.raises(RunNotFound):
            world.client.get_run(dag_id, run_id)

    def test_the_default_pool_is_there(self, world: AirflowWorld) -> None:
        assert "default_pool" in world.client.pool_names()

    def test_the_warehouse_connection_is_there(self, world: AirflowWorld) -> None:
        assert "warehouse" in world.client.connection_ids()

    def test_health_tells_the_version_and_the_scheduler(self, world: AirflowWorld) -> None:
        health = world.client.health()
        assert health.version == world.client.version()
        assert health.components["scheduler"][0] == "healthy"

    def test_no_import_error_stands_for_a_served_dag(self, world: AirflowWorld) -> None:
        dag_id = world.quick_dag()
        assert not [error for error in world.client.import_errors() if dag_id in error.filename]

    def test_an_airflow_that_is_down_is_unavailable(self, world: AirflowWorld) -> None:
        with pytest.raises(AirflowUnavailable):
            world.unreachable.get_run("pipeline_any", "any")
        with pytest.raises(AirflowUnavailable):
            list(world.unreachable.runs_updated_since(just_before()))
