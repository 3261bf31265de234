"""What a round of the sync costs Airflow, and what it leaves for the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, connection
from django.utils import timezone

from airflow_bridge.errors import AirflowUnavailable
from executions import services, tasks
from executions.models import PipelineExecution, SyncCursor
from executions.services import sync_round
from executions.services.triggering import trigger_execution
from executions.statuses import DELETED_IN_AIRFLOW
from pipelines.models import Pipeline
from tests.executions.conftest import NODES, again, key, statuses
from tests.fake_airflow import FakeAirflow, dataset


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds become tens."""
    monkeypatch.setattr(sync_round, "_PORTION", 10)
    monkeypatch.setattr(sync_round, "_FEWEST_SINGLE", 4)


@pytest.fixture
def fleet(pipeline: Pipeline, airflow: FakeAirflow) -> list[PipelineExecution]:
    """Thirty executions whose first node runs, all of it seen, the oldest first."""
    executions = []
    for _ in range(30):
        execution = services.start_execution(pipeline)
        trigger_execution(execution.pk)
        executions.append(again(execution))
        airflow.set_run(*key(execution), "running")
        airflow.set_task(*key(execution), "read", "running")
    services.sync_active()
    look_past_what_was_seen()
    airflow.calls.clear()
    return executions


def look_past_what_was_seen() -> None:
    """Have the listing of changed runs leave out what has happened so far."""
    now = timezone.now()
    SyncCursor.objects.update(runs_seen_until=now + timedelta(minutes=1), looked_back_at=now)


def sync_until_nothing_waits() -> int:
    """Return how many rounds that took."""
    rounds = 1
    while services.sync_active().postponed:
        rounds += 1
    return rounds


def test_a_round_in_which_nothing_changed_asks_for_portions_and_writes_nothing(
    fleet: list[PipelineExecution], airflow: FakeAirflow, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(20) as queries:
        report = services.sync_active()
    assert report.followed == 30
    assert dict(airflow.calls) == {"runs_updated_since": 1, "task_instances": 3}
    written = [one["sql"] for one in queries if one["sql"].startswith(("UPDATE", "INSERT"))]
    assert {sql.split('"')[1] for sql in written} <= {
        "executions_synccursor",
        # Takes back what was said while Airflow was down.
        "executions_pipelineexecution",
    }


def test_a_round_in_which_only_the_listing_changed_costs_no_more_queries(
    fleet: list[PipelineExecution], airflow: FakeAirflow, django_assert_max_num_queries: Any
) -> None:
    SyncCursor.objects.update(runs_seen_until=timezone.now())
    with django_assert_max_num_queries(20):
        report = services.sync_active()
    assert report.changed_runs == report.followed == 30
    assert dict(airflow.calls) == {"runs_updated_since": 1, "task_instances": 3}


def test_an_idle_round_is_one_request(fleet: list[PipelineExecution], airflow: FakeAirflow) -> None:
    for execution in fleet:
        airflow.finish(*key(execution))
    SyncCursor.objects.update(runs_seen_until=timezone.now())
    sync_until_nothing_waits()
    airflow.calls.clear()
    services.sync_active()
    assert dict(airflow.calls) == {"runs_updated_since": 1}


def test_results_are_read_a_ration_at_a_time_and_nodes_wait_for_theirs(
    fleet: list[PipelineExecution], airflow: FakeAirflow
) -> None:
    for execution in fleet:
        airflow.set_task(*key(execution), "read", "success", result=dataset(7))
    report = services.sync_active()
    assert (airflow.calls["xcom"], report.postponed) == (4, 26)
    read = [statuses(execution)["read"] for execution in fleet]
    assert (read.count("success"), read.count("running")) == (4, 26)
    assert sync_until_nothing_waits() == 7
    assert airflow.calls["xcom"] == 30
    assert {execution.tasks.get(node_id="read").rows_out for execution in fleet} == {7}


def test_results_that_were_read_before_airflow_went_away_are_written(
    fleet: list[PipelineExecution], airflow: FakeAirflow
) -> None:
    for execution in fleet:
        airflow.set_task(*key(execution), "read", "success", result=dataset())

    def go_away_at_the_next() -> None:
        def go_away() -> None:
            raise AirflowUnavailable("Airflow did not answer in time.")

        airflow.before("xcom", go_away)

    airflow.after("xcom", go_away_at_the_next)
    services.sync_active()
    read = [statuses(execution)["read"] for execution in fleet]
    assert read.count("success") == 1
    services.sync_active()
    assert airflow.calls["xcom"] == 2 + 4


def test_the_oldest_and_the_newest_have_their_results_read_first(
    fleet: list[PipelineExecution], airflow: FakeAirflow
) -> None:
    for execution in fleet:
        airflow.set_task(*key(execution), "read", "success", result=dataset())
    services.sync_active()
    read = [n for n, execution in enumerate(fleet) if statuses(execution)["read"] == "success"]
    assert read == [0, 1, 28, 29]


def test_an_execution_ends_once_all_its_results_are_read_and_no_run_is_asked_for_alone(
    fleet: list[PipelineExecution], airflow: FakeAirflow
) -> None:
    SyncCursor.objects.update(runs_seen_until=timezone.now())
    for execution in fleet[:5]:
        airflow.finish(*key(execution), results={node: dataset(3) for node in NODES})
    services.sync_active()
    ended = [again(execution).is_final for execution in fleet[:5]]
    assert ended.count(True) <= 1
    sync_until_nothing_waits()
    assert {again(execution).status for execution in fleet[:5]} == {"success"}
    assert (airflow.calls["xcom"], airflow.calls["get_run"]) == (15, 0)


def test_a_task_goes_on_with_rounds_until_no_result_waits(
    fleet: list[PipelineExecution], airflow: FakeAirflow
) -> None:
    for execution in fleet[:9]:
        airflow.set_task(*key(execution), "read", "success", result=dataset())
    tasks.sync_executions()
    assert {statuses(execution)["read"] for execution in fleet[:9]} == {"success"}


def test_many_runs_that_begin_at_once_are_written_together(
    fleet: list[PipelineExecution], airflow: FakeAirflow, django_assert_max_num_queries: Any
) -> None:
    SyncCursor.objects.update(runs_seen_until=timezone.now())
    for execution in fleet:
        airflow.clear(*key(execution), ["keep"])
        airflow.set_run(*key(execution), "running")
        airflow.set_task(*key(execution), "keep", "running")
        airflow.set_task(*key(execution), "write", "skipped")
    with django_assert_max_num_queries(60):
        services.sync_active()
    for execution in fleet:
        assert statuses(execution) == {"read": "running", "keep": "running", "write": "skipped"}
        assert again(execution).run_queued_at == airflow.runs[key(execution)].queued_at


def test_ends_without_a_result_are_rationed_too(
    fleet: list[PipelineExecution], airflow: FakeAirflow
) -> None:
    """Runs that somebody marked as failed, thousands at a time."""
    SyncCursor.objects.update(runs_seen_until=timezone.now())
    for execution in fleet[:9]:
        for node in NODES:
            airflow.set_task(*key(execution), node, "skipped")
        airflow.set_run(*key(execution), "failed")
    services.sync_active()
    assert PipelineExecution.objects.filter(status="failed").count() == 4
    sync_until_nothing_waits()
    assert PipelineExecution.objects.filter(status="failed").count() == 9


def test_a_node_that_cannot_be_written_holds_up_no_other(
    fleet: list[PipelineExecution], airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = fleet[0]
    for execution in (bad, *fleet[-3:]):
        airflow.set_task(*key(execution), "keep", "running")
    write = sync_round.write_nodes

    def fail_for_bad(changes: Any) -> None:
        if any(change.execution.pk == bad.pk for change in changes):
            raise DataError("out of range")
        write(changes)

    with monkeypatch.context() as patch:
        patch.setattr(sync_round, "write_nodes", fail_for_bad)
        assert services.sync_active().failed == 1
    assert [statuses(one)["keep"] for one in (bad, *fleet[-3:])] == ["pending", *["running"] * 3]
    services.sync_active()
    assert statuses(bad)["keep"] == "running"


def test_runs_deleted_in_airflow_cost_two_looks_and_a_request_a_dag(
    fleet: list[PipelineExecution], airflow: FakeAirflow
) -> None:
    for execution in fleet:
        airflow.forget_run(*key(execution))
    services.sync_active()
    assert {again(one).status for one in fleet} == {"unknown"}
    assert {again(one).status_reason for one in fleet} == {DELETED_IN_AIRFLOW}
    assert statuses(fleet[0]) == dict.fromkeys(NODES, "unknown")
    assert airflow.calls["task_instances"] == 6
    assert airflow.calls["get_run"] == 3


def test_runs_that_a_listing_leaves_out_are_not_taken_for_deleted(
    fleet: list[PipelineExecution], airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow, "task_instances", lambda keys: [])
    services.sync_active()
    assert {again(execution).status for execution in fleet} == {"running"}
    assert airflow.calls["get_run"] <= 4


def test_an_airflow_in_trouble_deletes_nothing(
    fleet: list[PipelineExecution], airflow: FakeAirflow
) -> None:
    for execution in fleet:
        airflow.forget_run(*key(execution))

    def fall_over() -> None:
        raise AirflowUnavailable("Airflow answered 500.")

    airflow.before("get_run", fall_over)
    services.sync_active()
    assert {again(execution).status for execution in fleet} == {"running"}
    services.sync_active()
    assert {again(execution).status for execution in fleet} == {"unknown"}


def test_a_run_that_came_back_is_followed_again(
    fleet: list[PipelineExecution], airflow: FakeAirflow
) -> None:
    execution = fleet[0]
    run, conf = key(execution), airflow.runs[key(execution)].conf
    airflow.forget_run(*run)
    services.sync_active()
    assert again(execution).status == "unknown"
    airflow.begin(*run, conf=conf)
    SyncCursor.objects.update(runs_seen_until=timezone.now())
    services.sync_active()
    assert again(execution).status == "pending"


def test_two_rounds_in_turns_without_the_lock_do_no_harm(
    fleet: list[PipelineExecution], airflow: FakeAirflow, pipeline: Pipeline
) -> None:
    """The second one begins and ends while the first is waiting for an answer."""
    SyncCursor.objects.update(runs_seen_until=timezone.now())
    airflow.finish(*key(fleet[0]))
    airflow.fail(*key(fleet[1]), "read", {"message": "no such file"})
    airflow.forget_run(*key(fleet[2]))
    airflow.begin(pipeline.dag_id, "by hand", run_type="scheduled")
    since = timezone.now() - timedelta(minutes=1)

    def another() -> None:
        for _ in range(6):
            sync_round.SyncRound(airflow, sync_round.SyncReport()).run(since)

    airflow.after("task_instances", another)
    sync_round.SyncRound(airflow, sync_round.SyncReport()).run(since)
    sync_until_nothing_waits()
    assert [again(one).status for one in fleet[:4]] == ["success", "failed", "unknown", "running"]
    assert [task.rows_out for task in fleet[0].tasks.all()] == [3, 3, 3]
    assert PipelineExecution.objects.filter(airflow_dag_run_id="by hand").count() == 1


def test_the_lock_is_free_again_after_a_round(fleet: list[PipelineExecution]) -> None:
    services.sync_active()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        assert cursor.fetchone() == (0,)
