"""What the client promises, on both versions of Airflow."""

from datetime import UTC, datetime, timedelta

import pytest

from airflow_bridge.client import DagImportError, DagRun, LogEvent, TaskInstance
from airflow_bridge.errors import (
    AirflowRefused,
    AirflowUnavailable,
    DagBroken,
    DagNotFound,
    RunNotFound,
)
from tests.airflow_bridge import recorded
from tests.airflow_bridge.conftest import World
from tests.airflow_bridge.recorded import CONF, DAG, RUN
from tests.airflow_bridge.stub_server import Answer

MOMENT = datetime(2026, 11, 22, 18, 37, 53, 525415, tzinfo=UTC)


def test_health_tells_the_version_and_the_components_that_there_are(world: World) -> None:
    health = world.client.health()

    assert health.version == world.client.version()
    assert health.components["metadatabase"] == ("healthy", None)
    assert health.components["scheduler"] == ("healthy", MOMENT)
    assert "triggerer" not in health.components


def test_a_dag_shows_its_tags(world: World) -> None:
    dag = world.client.get_dag(DAG)

    assert dag.tags == frozenset(recorded.TAGS)
    assert (dag.is_active, dag.is_paused, dag.has_import_errors) == (True, False, False)
    assert dag.file_token


def test_a_dag_that_airflow_does_not_know_is_not_found(world: World) -> None:
    with pytest.raises(DagNotFound, match=r"'pipeline_other'\. Wait until"):
        world.client.get_dag("pipeline_other")
    with pytest.raises(DagNotFound):
        world.client.set_paused("pipeline_other", True)


def test_pausing_changes_the_dag(world: World) -> None:
    world.client.set_paused(DAG, True)

    assert world.client.get_dag(DAG).is_paused


def test_deleting_a_dag_twice_is_no_error(world: World) -> None:
    world.client.delete_dag(DAG)
    world.client.delete_dag(DAG)

    with pytest.raises(DagNotFound):
        world.client.get_dag(DAG)


def test_dags_are_listed_by_their_whole_tag_over_all_pages(world: World) -> None:
    other = {**world.airflow.dag, "dag_id": "other", "tags": [{"name": "logidata-2"}]}
    more = [{**world.airflow.dag, "dag_id": f"pipeline_{number}"} for number in range(120)]
    world.airflow.dags += [other, *more]

    found = [dag.dag_id for dag in world.client.list_dags("logidata")]

    assert found == [DAG, *(f"pipeline_{number}" for number in range(120))]


def test_a_trigger_starts_a_run_with_its_conf(world: World) -> None:
    run = world.client.trigger(DAG, "logidata__2", {"min_amount": 5, "logidata": {"nodes": {}}})

    assert (run.run_id, run.state) == ("logidata__2", "queued")
    assert run.conf == {"min_amount": 5, "logidata": {"nodes": {}}}


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


def test_task_instances_of_many_runs_come_in_one_call(world: World) -> None:
    keep = {**world.airflow.task, "task_id": "keep_paid", "state": None, "try_number": 0}
    elsewhere = {**world.airflow.task, "dag_id": "pipeline_2", "dag_run_id": RUN}
    world.airflow.tasks += [keep, elsewhere]

    tasks = world.client.task_instances([(DAG, RUN), ("pipeline_2", "another"), (DAG, "unknown")])

    assert [(task.dag_id, task.task_id, task.state) for task in tasks] == [
        (DAG, "read_orders", "success"),
        (DAG, "keep_paid", None),
    ]
    assert len(world.wire.asked_for("POST", "/list")) == 1


def test_a_task_instance_has_its_tries_and_times(world: World) -> None:
    (task,) = world.client.task_instances([(DAG, RUN)])

    assert task == TaskInstance(
        dag_id=DAG,
        run_id=RUN,
        task_id="read_orders",
        state="success",
        try_number=1,
        max_tries=2,
        start_date=datetime(2026, 11, 22, 18, 36, 15, 988897, tzinfo=UTC),
        end_date=datetime(2026, 11, 22, 18, 36, 16, 698360, tzinfo=UTC),
        duration=0.709463,
        queued_when=datetime(2026, 11, 22, 18, 35, 29, 439400, tzinfo=UTC),
        hostname="vm",
    )


def test_task_instances_come_whole_where_airflow_gives_small_pages(world: World) -> None:
    world.airflow.page = 2
    world.airflow.tasks = [{**world.airflow.task, "task_id": f"node_{n}"} for n in range(5)]

    assert len(world.client.task_instances([(DAG, RUN)])) == 5


def test_task_instances_of_no_run_are_not_asked_for(world: World) -> None:
    asked = len(world.wire.asked)

    assert world.client.task_instances([]) == []
    assert len(world.wire.asked) == asked


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


def test_clearing_takes_the_failed_tasks_of_the_run(world: World) -> None:
    world.client.clear_failed(DAG, RUN)
    world.client.clear_failed(DAG, RUN, {"b", "a"})

    everything, some = (one.body for one in world.wire.asked_for("POST", "/clearTaskInstances"))
    assert (everything["dry_run"], everything["only_failed"]) == (False, True)
    assert "task_ids" not in everything
    assert some["task_ids"] == ["a", "b"]
    assert some["dag_run_id"] == RUN


def test_a_log_comes_as_events_with_the_traceback_at_its_message(world: World) -> None:
    events = world.client.logs(DAG, RUN, "read_orders", 1)

    moment = datetime(2026, 11, 22, 18, 36, 16, 658000, tzinfo=UTC)
    assert LogEvent(moment, "info", "extract.csv: 3 rows in") in events
    assert events[-1].level == "error"
    assert events[-1].message.startswith("Task failed with exception\n")
    assert not [event for event in events if event.message.startswith("::")]


def test_a_log_in_parts_is_joined_and_ends_where_nothing_comes_any_more(world: World) -> None:
    (whole,) = world.airflow.logs
    events = world.client.logs(DAG, RUN, "read_orders", 1)
    world.airflow.logs = [
        {**whole, "continuation_token": "1"},
        {**whole, "continuation_token": "2"},
        # A task that still runs always has a next part.
        {"content": type(whole["content"])(), "continuation_token": "2"},
    ]

    assert world.client.logs(DAG, RUN, "read_orders", 1) == events + events


def test_a_task_that_never_ran_has_an_empty_log(world: World) -> None:
    assert world.client.logs(DAG, RUN, "write", 1) == []


def test_an_xcom_comes_back_as_it_was_pushed(world: World) -> None:
    assert world.client.xcom(DAG, RUN, "read_orders") == recorded.RESULT


def test_an_xcom_that_is_text_comes_back_as_text(world: World) -> None:
    world.airflow.xcoms["read_orders", "note"] = "it's (not, python"

    assert world.client.xcom(DAG, RUN, "read_orders", "note") == "it's (not, python"


def test_an_xcom_that_was_not_pushed_is_none(world: World) -> None:
    assert world.client.xcom(DAG, RUN, "read_orders", "error") is None


def test_import_errors_carry_the_reason_word_for_word(airflow2: World, airflow3: World) -> None:
    airflow2.airflow.import_errors = [recorded.V1_IMPORT_ERROR]
    airflow3.airflow.import_errors = [recorded.V2_IMPORT_ERROR]
    moment = datetime(2026, 11, 22, 18, 37, 54, 621438, tzinfo=UTC)

    assert airflow2.client.import_errors() == [
        DagImportError(f"/opt/airflow/dags/{DAG}.py", recorded.TRACE, moment)
    ]
    assert airflow3.client.import_errors() == [DagImportError(f"{DAG}.py", recorded.TRACE, moment)]


def test_connections_and_pools_are_known_by_name(world: World) -> None:
    world.airflow.connections = [f"connection_{number}" for number in range(101)]

    assert len(world.client.connection_ids()) == 101
    assert world.client.pool_names() == {"default_pool"}


def test_a_refusal_says_what_airflow_said(world: World) -> None:
    world.airflow.routes.insert(
        0, ("GET", "/pools", lambda *_: world.airflow.refusal(400, "no pools today"))
    )

    with pytest.raises(AirflowRefused, match="no pools today"):
        world.client.pool_names()


def test_a_missing_permission_names_the_settings_to_check(world: World) -> None:
    world.airflow.routes.insert(
        0, ("GET", "/connections", lambda *_: Answer({"detail": "Forbidden"}, 403))
    )

    with pytest.raises(AirflowRefused, match=r"Forbidden.*AIRFLOW_USERNAME"):
        world.client.connection_ids()


def test_a_stale_dag_is_not_active(airflow2: World, airflow3: World) -> None:
    airflow2.airflow.dag["is_active"] = False
    airflow3.airflow.dag["is_stale"] = True

    assert not airflow2.client.get_dag(DAG).is_active
    assert not airflow3.client.get_dag(DAG).is_active


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
