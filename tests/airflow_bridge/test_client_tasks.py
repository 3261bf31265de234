"""Tasks through the client, on both versions of Airflow: instances, logs and XComs."""

import math
from datetime import UTC, datetime

import pytest

from airflow_bridge.client import LogEvent, TaskInstance
from airflow_bridge.errors import AirflowUnavailable
from tests.airflow_bridge import recorded
from tests.airflow_bridge.conftest import World
from tests.airflow_bridge.recorded import DAG, RUN
from tests.airflow_bridge.stub_server import Answer


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


def test_clearing_names_the_tasks_whatever_their_state(world: World) -> None:
    world.client.clear_tasks(DAG, RUN, {"b", "a"})

    [asked] = (one.body for one in world.wire.asked_for("POST", "/clearTaskInstances"))
    assert (asked["dry_run"], asked["only_failed"]) == (False, False)
    assert asked["task_ids"] == ["a", "b"]
    assert asked["dag_run_id"] == RUN


def test_a_log_comes_as_events_with_the_traceback_at_its_message(world: World) -> None:
    events = list(world.client.logs(DAG, RUN, "read_orders", 1))

    moment = datetime(2026, 11, 22, 18, 36, 16, 658000, tzinfo=UTC)
    assert LogEvent(moment, "info", "extract.csv: 3 rows in") in events
    assert events[-1].level == "error"
    assert events[-1].message.startswith("Task failed with exception\n")
    assert not [event for event in events if event.message.startswith("::")]


def test_a_log_names_no_file_of_airflows_machines_and_says_what_was_not_read(world: World) -> None:
    events = [event.message for event in world.client.logs(DAG, RUN, "read_orders", 1)]

    assert not [message for message in events if "attempt=1.log" in message or "Found" in message]
    assert [message for message in events if "Could not read served logs" in message]


def test_a_log_in_parts_is_joined_and_ends_where_nothing_comes_any_more(airflow2: World) -> None:
    (whole,) = airflow2.airflow.logs
    events = list(airflow2.client.logs(DAG, RUN, "read_orders", 1))
    airflow2.airflow.logs = [
        {**whole, "continuation_token": "1"},
        {**whole, "continuation_token": "2"},
        # A task that still runs always has a next part.
        {"content": "", "continuation_token": "2"},
    ]

    assert list(airflow2.client.logs(DAG, RUN, "read_orders", 1)) == events + events


def test_a_log_of_airflow_3_comes_line_by_line(airflow3: World) -> None:
    (whole,) = airflow3.airflow.logs
    line = {"timestamp": "2026-11-22T18:36:16Z", "event": "again", "level": "info"}
    airflow3.airflow.logs = [{"content": [*whole["content"], *[line] * 5000]}]

    events = list(airflow3.client.logs(DAG, RUN, "read_orders", 1))
    assert [event.message for event in events].count("again") == 5000


def test_a_log_that_breaks_off_says_that_airflow_is_unavailable(airflow3: World) -> None:
    answer = Answer('{"event": "first"}\n', cut_off=1000)
    airflow3.airflow.routes.insert(0, ("GET", r".*/logs/(\d+)", lambda *_: answer))

    with pytest.raises(AirflowUnavailable, match="broke off"):
        list(airflow3.client.logs(DAG, RUN, "read_orders", 1))


def test_a_task_that_never_ran_has_an_empty_log(world: World) -> None:
    assert list(world.client.logs(DAG, RUN, "write", 1)) == []


def test_the_tries_of_a_task_are_told(world: World) -> None:
    first = {**world.airflow.task, "task_id": "write", "try_number": 1, "state": "failed"}
    # Airflow 2 leaves out which run it was asked about.
    del first["dag_run_id"]
    world.airflow.tries = [first, {**first, "try_number": 2, "state": "success"}]

    tries = world.client.tries(DAG, RUN, "write")

    assert [(one.try_number, one.state, one.run_id) for one in tries] == [
        (1, "failed", RUN),
        (2, "success", RUN),
    ]


def test_a_task_of_which_no_try_is_remembered_has_none(world: World) -> None:
    assert world.client.tries(DAG, RUN, "write") == []


def test_an_xcom_comes_back_as_it_was_pushed(world: World) -> None:
    assert world.client.xcom(DAG, RUN, "read_orders") == recorded.RESULT


def test_an_xcom_that_is_text_comes_back_as_text(world: World) -> None:
    world.airflow.xcoms["read_orders", "note"] = "it's (not, python"

    assert world.client.xcom(DAG, RUN, "read_orders", "note") == "it's (not, python"


def test_numbers_without_a_literal_cost_no_xcom_of_airflow_2(airflow2: World) -> None:
    airflow2.airflow.xcoms["read_orders", "rates"] = {
        "data": [{"a": -math.inf, "b": 1.5, "c": "nan"}]
    }
    airflow2.airflow.xcoms["read_orders", "none"] = [math.nan, {"rows": 3}]

    assert airflow2.client.xcom(DAG, RUN, "read_orders", "rates") == {
        "data": [{"a": -math.inf, "b": 1.5, "c": "nan"}]
    }
    [number, counts] = airflow2.client.xcom(DAG, RUN, "read_orders", "none") or []
    assert math.isnan(number)
    assert counts == {"rows": 3}


def test_an_xcom_that_was_not_pushed_is_none(world: World) -> None:
    assert world.client.xcom(DAG, RUN, "read_orders", "error") is None
