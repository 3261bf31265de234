"""A pipeline executed by the real worker through the real Airflow into a real PostgreSQL."""

from __future__ import annotations

import json
import re

import pytest

from stack.layout import PROJECT
from tests.live.client import Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node

pytestmark = pytest.mark.every_airflow


@pytest.fixture(scope="module")
def executed(live: LiveStack) -> tuple[Json, Json]:
    """An executed pipeline with a param, and its execution."""
    (live.data / "orders.csv").write_text(ORDERS)
    pipeline = live.create(
        *chain(
            csv_node("orders.csv"),
            filter_node("status = 'paid' AND amount > {{ params.min_amount }}"),
            load_node("live_orders", mode="upsert", keys=["order_id"]),
        ),
        default_params={"min_amount": 100},
    )
    return pipeline, live.run(pipeline, {"min_amount": 8})


def test_the_example_of_the_documentation_runs(live):
    body = json.loads((PROJECT / "examples" / "pipelines" / "deliveries.json").read_text())
    execution = live.run(live.call("POST", "pipelines", body))
    assert execution["status"] == "success", execution
    table = body["config"]["nodes"][-1]["config"]["table"]
    [row] = live.warehouse(f'SELECT count(*) AS n FROM "{table}"')
    assert row["n"] == execution["tasks"][-1]["rows_out"] > 0


def test_the_rows_that_the_params_ask_for_are_in_the_warehouse(live, executed):
    _, execution = executed
    assert execution["status"] == "success", execution
    rows = live.warehouse("SELECT order_id, amount FROM live_orders ORDER BY order_id")
    assert [(row["order_id"], float(row["amount"])) for row in rows] == [(1, 10.5), (3, 30.0)]


def test_every_node_says_status_rows_tries_and_duration(executed):
    _, execution = executed
    told = [
        (task["node_id"], task["status"], task["rows_in"], task["rows_out"], task["tries"])
        for task in execution["tasks"]
    ]
    assert told == [
        ("read_orders", "success", 4, 4, 1),
        ("keep_paid", "success", 4, 2, 1),
        ("to_warehouse", "success", 2, 2, 1),
    ]
    assert all(task["duration_seconds"] > 0 for task in execution["tasks"])
    assert execution["duration_seconds"] > 0
    assert execution["started_at"] < execution["completed_at"]


def test_the_status_shown_is_airflows(live, executed):
    _, execution = executed
    path = f"dags/{execution['airflow_dag_id']}/dagRuns/{execution['airflow_dag_run_id']}"
    run = live.airflow_call("GET", path).json()
    assert run["state"] == "success"
    tasks = live.airflow_call("GET", f"{path}/taskInstances").json()["task_instances"]
    assert {task["task_id"]: task["state"] for task in tasks} == {
        "read_orders": "success",
        "keep_paid": "success",
        "to_warehouse": "success",
    }


def test_the_logs_of_each_node_can_be_read_and_hold_no_secret(live, executed):
    _, execution = executed
    for task in execution["tasks"]:
        answer = live.request("GET", f"executions/{execution['id']}/logs?node={task['node_id']}")
        assert answer.ok, answer.text
        assert str(task["rows_out"]) in answer.text
        assert live.stack.secrets.warehouse not in answer.text
        # Where Airflow keeps its files.
        assert "attempt=" not in answer.text


def test_an_upsert_executed_twice_leaves_no_duplicates(live, executed):
    pipeline, _ = executed
    again = live.run(pipeline, {"min_amount": 8})
    assert again["status"] == "success", again
    [row] = live.warehouse("SELECT count(*) AS n FROM live_orders")
    assert row["n"] == 2


def test_the_dag_that_airflow_serves_carries_the_revision_and_no_secret(live, executed):
    pipeline, execution = executed
    code = live.request("GET", f"pipelines/{pipeline['id']}/dag").text
    dag = live.airflow_call("GET", f"dags/{execution['airflow_dag_id']}").json()
    [digest] = [tag["name"] for tag in dag["tags"] if tag["name"].startswith("sha256:")]
    assert digest in code
    assert live.stack.secrets.warehouse not in code
    assert re.search(r"read_orders >> keep_paid", code)


def test_airflow_takes_every_setting_of_a_pipeline_and_of_its_nodes(live):
    (live.data / "settings.csv").write_text(ORDERS)
    evenly = {"retries": 2, "retry_delay": 0.5, "retry_backoff": False}
    growing = {"retries": 1, "retry_delay": 2, "retry_backoff": True, "max_retry_delay": 2.5}
    nodes, edges = chain(
        csv_node("settings.csv") | evenly | {"name": "Read «all»"},
        filter_node("status = 'paid'") | growing | {"pool": "default_pool"},
        load_node("live_settings") | {"timeout": 60.5},
    )
    pipeline = live.create(
        nodes,
        edges,
        description="With 'everything'",
        schedule="0 3 1 1 *",
        timezone="Europe/Berlin",
        timeout=600,
        tags=["settings"],
    )
    execution = live.run(pipeline)
    assert execution["status"] == "success", execution
    assert [task["max_tries"] for task in execution["tasks"]] == [3, 2, 1]


def test_an_edited_pipeline_runs_as_it_stands_on_screen(live):
    (live.data / "edited.csv").write_text(ORDERS)
    nodes, edges = chain(
        csv_node("edited.csv"), filter_node("status = 'paid'"), load_node("live_edited")
    )
    pipeline = live.create(nodes, edges)
    assert live.run(pipeline)["status"] == "success"
    nodes[1] = filter_node("status = 'open'", node_id="keep_open")
    config = {
        "nodes": nodes,
        "edges": [
            {"source": "read_orders", "target": "keep_open"},
            {"source": "keep_open", "target": "to_warehouse"},
        ],
    }
    live.call("PATCH", f"pipelines/{pipeline['id']}", {"config": config})
    execution = live.run(pipeline)
    assert execution["status"] == "success", execution
    assert [task["node_id"] for task in execution["tasks"]] == [
        "read_orders",
        "keep_open",
        "to_warehouse",
    ]
    assert [row["order_id"] for row in live.warehouse("SELECT order_id FROM live_edited")] == [2]


def test_a_deleted_pipeline_leaves_its_executions_and_nothing_in_airflow(live):
    (live.data / "deleted.csv").write_text(ORDERS)
    pipeline = live.create(*chain(csv_node("deleted.csv"), load_node("live_deleted")))
    execution = live.run(pipeline)
    assert execution["status"] == "success", execution
    live.call("DELETE", f"pipelines/{pipeline['id']}")
    dag_id = execution["airflow_dag_id"]
    eventually(lambda: live.airflow_call("GET", f"dags/{dag_id}").status_code == 404, seconds=60)
    assert not (live.stack.layout.dags / f"{dag_id}.py").exists()
    kept = live.execution(execution["id"])
    assert kept["status"] == "success"
    assert [task["rows_out"] for task in kept["tasks"]] == [4, 4]


def test_a_node_that_takes_too_long_is_stopped_and_tried_again_after_its_delay(live):
    sleeping = {
        "id": "sleep",
        "module": "extract.sql",
        "config": {"connection": "warehouse", "query": "SELECT pg_sleep(600)::text AS slept"},
        "timeout": 2,
        "retries": 1,
        "retry_delay": 1,
    }
    execution = live.run(live.create(*chain(sleeping, load_node("live_too_slow"))))
    assert execution["status"] == "failed", execution
    [task, after] = execution["tasks"]
    assert (task["tries"], task["max_tries"], after["status"]) == (2, 2, "skipped")
    assert "longer than its timeout of 2 s" in task["error"]
    assert live.warehouse("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == []


def test_a_log_stays_when_the_run_is_deleted_in_airflow(live):
    (live.data / "logged.csv").write_text(ORDERS)
    execution = live.run(live.create(*chain(csv_node("logged.csv"), load_node("live_logged"))))
    path = f"executions/{execution['id']}/logs?node=read_orders"

    def is_kept() -> bool:
        return bool(live.call("GET", path)["logs"][0]["is_kept"])

    eventually(is_kept, seconds=60)
    dag, run = execution["airflow_dag_id"], execution["airflow_dag_run_id"]
    assert live.airflow_call("DELETE", f"dags/{dag}/dagRuns/{run}").ok
    [log] = live.call("GET", path)["logs"]
    assert any("4 rows out" in event["message"] for event in log["events"])
    assert (log["total"], log["next"]) == (len(log["events"]), None)


def test_an_execution_that_takes_too_long_is_stopped_with_its_nodes(live):
    sleeping = {
        "id": "sleep",
        "module": "extract.sql",
        "config": {"connection": "warehouse", "query": "SELECT pg_sleep(600)::text AS slept"},
    }
    # Long enough for the node to begin: the time counts from the start of the run.
    pipeline = live.create(*chain(sleeping, load_node("live_overrun")), timeout=20)
    execution = live.run(pipeline)
    assert execution["status"] == "failed", execution
    assert [task["status"] for task in execution["tasks"]] == ["failed", "skipped"]
    assert "longer than the timeout of its pipeline, 20 s" in execution["error_message"]
    assert live.warehouse("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == []
