"""Retrying in the real Airflow: from where it failed, from a node, after a cancel, as a new one."""

from __future__ import annotations

import pytest

from tests.live.client import Json, LiveStack
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node

pytestmark = pytest.mark.every_airflow


def tries(execution: Json) -> dict[str, int]:
    return {task["node_id"]: task["tries"] for task in execution["tasks"]}


def retried(live: LiveStack, execution: Json, body: Json | None = None) -> Json:
    """Retry an execution and return it once the attempt has ended."""
    answer = live.request("POST", f"executions/{execution['id']}/retry", body or {})
    assert answer.status_code == 202, answer.text
    return live.wait(execution["id"])


def test_a_retry_goes_on_where_it_failed_once_that_is_put_right(live):
    (live.data / "retry.csv").write_text(ORDERS)
    live.define_connection("late")
    pipeline = live.create(
        *chain(
            csv_node("retry.csv"),
            filter_node("amount > 8"),
            load_node("live_retried", connection="late", mode="append"),
        )
    )
    assert live.airflow_call("DELETE", "connections/late").ok
    failed = live.run(pipeline)
    assert failed["status"] == "failed"
    # What was read stays as it was staged: the source is not looked at again.
    (live.data / "retry.csv").write_text("order_id,status,amount\n9,paid,99\n")
    live.define_connection("late")
    execution = retried(live, failed)
    assert execution["status"] == "success", execution
    assert tries(execution) == {"read_orders": 1, "keep_paid": 1, "to_warehouse": 2}
    assert live.warehouse("SELECT count(*) AS n FROM live_retried") == [{"n": 3}]
    first, second = execution["attempts"]
    assert (first["number"], first["status"]) == (1, "failed")
    assert "late" in first["error_message"]
    assert (second["number"], second["status"], second["requested_by"]) == (2, "success", "admin")
    assert [node["node_id"] for node in second["nodes"]] == ["to_warehouse"]
    assert execution["airflow_dag_run_id"] == failed["airflow_dag_run_id"]


def test_a_success_that_is_run_again_from_a_node_doubles_nothing(live):
    (live.data / "twice.csv").write_text(ORDERS)
    pipeline = live.create(
        *chain(csv_node("twice.csv"), load_node("live_retried_twice", mode="append"))
    )
    first = live.run(pipeline)
    assert first["status"] == "success", first
    answer = live.request(
        "POST", f"executions/{first['id']}/retry", {"nodes": ["read_orders"]}
    ).json()
    assert answer["nodes"] == ["read_orders", "to_warehouse"]
    assert "adds none twice" in answer["warnings"][0]
    execution = live.wait(first["id"])
    assert execution["status"] == "success", execution
    assert tries(execution) == {"read_orders": 2, "to_warehouse": 2}
    assert live.warehouse("SELECT count(*) AS n FROM live_retried_twice") == [{"n": 4}]


def test_a_cancelled_execution_is_taken_up_where_it_was_cut_off(live):
    (live.data / "cut.csv").write_text(ORDERS)
    wait = {
        "id": "wait",
        "module": "extract.sql",
        "config": {
            "connection": "warehouse",
            "query": "SELECT pg_sleep({{ params.seconds }})::text AS slept",
        },
    }
    pipeline = live.create(
        [csv_node("cut.csv"), load_node("live_cut"), wait, load_node("live_waited", "after_it")],
        [("read_orders", "to_warehouse"), ("wait", "after_it")],
        default_params={"seconds": 8},
    )
    execution_id = live.execute(pipeline)
    live.wait(
        execution_id,
        until=lambda execution: (
            [task["status"] for task in execution["tasks"]].count("success") == 2
        ),
    )
    assert live.request("POST", f"executions/{execution_id}/cancel").status_code == 202
    cancelled = live.wait(execution_id)
    assert cancelled["status"] == "cancelled", cancelled
    execution = retried(live, cancelled)
    assert execution["status"] == "success", execution
    assert tries(execution)["read_orders"] == 1
    assert [attempt["status"] for attempt in execution["attempts"]] == ["cancelled", "success"]
    assert live.warehouse("SELECT count(*) AS n FROM live_waited") == [{"n": 1}]


def test_running_again_is_a_new_execution_with_the_same_params_or_others(live):
    (live.data / "anew.csv").write_text(ORDERS)
    pipeline = live.create(
        *chain(
            csv_node("anew.csv"),
            filter_node("amount > {{ params.least }}"),
            load_node("live_anew"),
        ),
        default_params={"least": 1},
    )
    first = live.run(pipeline, {"least": 15})
    for body, rows in ({}, 2), ({"params": {"least": 25}}, 1):
        answer = live.request("POST", f"executions/{first['id']}/run-again", body)
        assert answer.status_code == 202, answer.text
        execution = live.wait(answer.json()["execution_id"])
        assert execution["id"] != first["id"]
        assert execution["status"] == "success", execution
        assert execution["tasks"][-1]["rows_out"] == rows


def test_an_older_revision_is_run_with_its_own_settings(live):
    (live.data / "older.csv").write_text(ORDERS)
    nodes, edges = chain(csv_node("older.csv"), filter_node("amount > 15"), load_node("live_older"))
    pipeline = live.create(nodes, edges)
    config = pipeline["config"]
    config["nodes"][1]["config"]["condition"] = "amount > 100"
    live.call("PATCH", f"pipelines/{pipeline['id']}", {"config": config})
    assert live.run(pipeline)["tasks"][-1]["rows_out"] == 0
    answer = live.call("POST", f"pipelines/{pipeline['id']}/execute", {"revision": 1})
    execution = live.wait(answer["execution_id"])
    assert (execution["revision"], execution["tasks"][-1]["rows_out"]) == (1, 2)
