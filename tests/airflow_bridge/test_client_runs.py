"""Runs through the client, on both versions of Airflow: triggered, found, cancelled."""

from datetime import UTC, datetime, timedelta

import pytest

from airflow_bridge.client import DagRun
from airflow_bridge.errors import (
    AirflowUnavailable,
    DagBroken,
    DagNotFound,
    RunNotFound,
)
from tests.airflow_bridge.conftest import World
from tests.airflow_bridge.recorded import CONF, DAG, RUN


def test_a_trigger_starts_a_run_with_its_conf(world: World) -> None:
    run = world.client.trigger(DAG, "logidata__2", {"min_amount": 5, "logidata": {"nodes": {}}})

    assert (run.run_id, run.state) == ("logidata__2", "queued")
    assert run.conf == {"min_amount": 5, "logidata": {"nodes": {}}}


def test_what_airflow_2_does_not_tell_of_a_run_is_its_next_known_time(airflow2: World) -> None:
    started = airflow2.client.get_run(DAG, RUN)
    assert started.queued_at == started.start_date is not None

    asked = "2026-11-22T18:35:27.400000+00:00"
    airflow2.airflow.run.update(
        dict.fromkeys(("start_date", "end_date", "last_scheduling_decision")),
        state="queued",
        execution_date=asked,
        logical_date=asked,
    )
    queued = airflow2.client.get_run(DAG, RUN)
    assert queued.queued_at is None
    assert queued.updated_at == datetime.fromisoformat(asked)

    # Somebody gave the run a date to come, at which it has not changed.
    airflow2.airflow.run.update(execution_date="2999-01-01T00:00:00Z", logical_date=None)
    far = airflow2.client.get_run(DAG, RUN)
    assert far.updated_at is not None
    assert far.updated_at <= datetime.now(UTC)


def test_a_repeated_trigger_returns_the_run_that_there_is(world: World) -> None:
    run = world.client.trigger(DAG, RUN, {"min_amount": 99})

    assert (run.run_id, run.state, run.conf) == (RUN, "success", CONF)
    assert len(world.airflow.runs) == 1


def test_a_trigger_that_hit_another_runs_instant_may_be_repeated(world: World) -> None:
    world.airflow.routes.insert(
        0, ("POST", r"/dags/([^/]+)/dagRuns", lambda *_: world.airflow.conflict(DAG, "x"))
    )

    with pytest.raises(AirflowUnavailable):
        world.client.trigger(DAG, "logidata__2", {})


def test_a_trigger_of_an_unknown_dag_is_not_found(world: World) -> None:
    with pytest.raises(DagNotFound):
        world.client.trigger("pipeline_other", "logidata__2", {})


def test_a_trigger_of_a_dag_whose_file_is_broken_says_so(world: World) -> None:
    world.airflow.dag["has_import_errors"] = True

    with pytest.raises(DagBroken, match="deployment"):
        world.client.trigger(DAG, "logidata__2", {})


def test_a_run_has_all_its_times(world: World) -> None:
    run = world.client.get_run(DAG, RUN)

    started = datetime(2026, 11, 22, 18, 35, 28, 719553, tzinfo=UTC)
    ended = datetime(2026, 11, 22, 18, 37, 31, 965938, tzinfo=UTC)
    assert (run.start_date, run.end_date) == (started, ended)
    assert run.logical_date == datetime(2026, 11, 22, 18, 35, 27, 364314, tzinfo=UTC)
    assert (run.state, run.run_type, run.conf) == ("success", "manual", CONF)


def test_the_last_known_change_is_not_later_than_the_last_change(world: World) -> None:
    run = world.client.get_run(DAG, RUN)

    assert run.updated_at == run.end_date


def test_a_run_that_airflow_does_not_know_is_not_found(world: World) -> None:
    with pytest.raises(RunNotFound, match=r"scheduled__2026.* execute the pipeline again"):
        world.client.get_run(DAG, "scheduled__2026-01-01T00:00:00+00:00")
    # A plus sign and a colon within a path would be read as something else.
    assert "%2B00%3A00" in world.wire.asked[-1].path


def test_changed_runs_are_asked_for_in_pages_and_yielded_once(world: World) -> None:
    for number in range(150):
        run_id = f"logidata__{number}"
        world.airflow.runs[DAG, run_id] = {**world.airflow.run, "dag_run_id": run_id}
    world.airflow.runs["other", RUN] = {**world.airflow.run, "dag_id": "other"}
    since = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

    runs = list(world.client.runs_updated_since(since))

    asked = world.wire.asked_for("GET", "/dags/~/dagRuns")
    assert len(runs) == 151
    assert {run.dag_id for run in runs} == {DAG}
    assert [one.query["offset"] for one in asked] == ["0", "100"]
    assert {one.query["updated_at_gte"] for one in asked} == {since.isoformat()}
    # Sorted by what changes meanwhile, a page could lose a run.
    assert {one.query["order_by"] for one in asked} == {"id"}


def test_changed_runs_come_in_few_pages_where_airflow_allows_large_ones(world: World) -> None:
    world.airflow.page = 1000
    for number in range(1100):
        run_id = f"logidata__{number}"
        world.airflow.runs[DAG, run_id] = {**world.airflow.run, "dag_run_id": run_id}

    runs = list(world.client.runs_updated_since(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)))

    assert len(runs) == 1101
    assert len(world.wire.asked_for("GET", "/dags/~/dagRuns")) == 2


def test_a_run_that_moved_to_the_next_page_is_yielded_once(world: World) -> None:
    world.airflow.runs |= {
        (DAG, str(number)): {**world.airflow.run, "dag_run_id": str(number)}
        for number in range(120)
    }
    runs = world.client.runs_updated_since(datetime(2026, 1, 1, tzinfo=UTC))

    seen = [next(runs) for _ in range(50)]
    world.airflow.runs = {(DAG, "new"): {**world.airflow.run, "dag_run_id": "new"}} | (
        world.airflow.runs
    )
    seen += runs

    assert len(seen) == len({run.run_id for run in seen}) == 121


def test_cancelling_a_running_run_fails_it(world: World) -> None:
    world.airflow.run["state"] = "running"

    assert world.client.cancel_run(DAG, RUN).state == "failed"
    assert world.airflow.run["state"] == "failed"


def test_cancelling_a_run_that_succeeded_leaves_it_so(world: World) -> None:
    assert world.client.cancel_run(DAG, RUN).state == "success"
    assert not world.wire.asked_for("PATCH", RUN)


def test_cancelling_an_unknown_run_is_not_found(world: World) -> None:
    with pytest.raises(RunNotFound):
        world.client.cancel_run(DAG, "other")


def test_airflow_3_is_given_a_logical_date_so_that_ds_has_a_value(airflow3: World) -> None:
    before = datetime.now(UTC)
    airflow3.client.trigger(DAG, "logidata__2", {})

    (asked,) = airflow3.wire.asked_for("POST", "/dagRuns")
    given = datetime.fromisoformat(asked.body["logical_date"])
    assert before <= given <= before + timedelta(seconds=10)


def test_airflow_2_sets_the_logical_date_itself(airflow2: World) -> None:
    run = airflow2.client.trigger(DAG, "logidata__2", {})

    (asked,) = airflow2.wire.asked_for("POST", "/dagRuns")
    assert set(asked.body) == {"dag_run_id", "conf"}
    assert isinstance(run, DagRun)
