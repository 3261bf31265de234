"""Revisions that Airflow really serves: how long that takes, and going back to an older one."""

from __future__ import annotations

import pytest

from tests.live.client import Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node

pytestmark = pytest.mark.every_airflow

TABLE = "live_revisions"


def settled(live: LiveStack, pipeline: Json) -> Json:
    """Return the pipeline once its deployment is ready or has failed."""

    def found() -> Json | None:
        now: Json = live.call("GET", f"pipelines/{pipeline['id']}")
        return now if now["deployment"]["status"] != "registering" else None

    read = eventually(found, seconds=60)
    assert read is not None
    return read


def loaded(live: LiveStack, pipeline: Json) -> list[int]:
    assert live.run(pipeline)["status"] == "success"
    return [row["order_id"] for row in live.warehouse(f"SELECT order_id FROM {TABLE} ORDER BY 1")]


def test_a_restored_revision_is_served_and_runs(live: LiveStack) -> None:
    (live.data / "revisions.csv").write_text(ORDERS)
    nodes, edges = chain(
        csv_node("revisions.csv"), filter_node("status = 'paid'"), load_node(TABLE)
    )
    pipeline = settled(live, live.create(nodes, edges))
    assert pipeline["deployment"]["status"] == "ready", pipeline["deployment"]
    assert 0 < pipeline["deployment_seconds"] < 60
    assert loaded(live, pipeline) == [1, 3, 4]

    nodes, edges = chain(csv_node("revisions.csv"), load_node(TABLE))
    address = f"pipelines/{pipeline['id']}"
    live.call(
        "PATCH",
        address,
        {"config": {"nodes": nodes, "edges": [{"source": a, "target": b} for a, b in edges]}},
    )
    assert loaded(live, pipeline) == [1, 2, 3, 4]
    [gone] = live.call("GET", f"{address}/revisions/1/diff")["nodes"]
    assert (gone["node"], gone["kind"]) == ("keep_paid", "removed")

    done = live.call("POST", f"{address}/revisions/1/restore", {})
    assert (done["revision"], done["made"]) == (3, True)
    assert loaded(live, pipeline) == [1, 3, 4]
    again = settled(live, pipeline)
    assert again["deployment"]["status"] == "ready", again["deployment"]
    assert live.call("POST", f"{address}/revisions/1/restore", {})["made"] is False


def test_an_older_revision_with_other_nodes_runs_beside_the_current_one(live: LiveStack) -> None:
    (live.data / "apart.csv").write_text(ORDERS)
    nodes, edges = chain(csv_node("apart.csv"), filter_node("status = 'paid'"), load_node(TABLE))
    pipeline = settled(live, live.create(nodes, edges))
    first = live.run(pipeline)
    assert first["status"] == "success", first

    nodes, edges = chain(csv_node("apart.csv"), load_node(TABLE))
    edited = {"nodes": nodes, "edges": [{"source": a, "target": b} for a, b in edges]}
    live.call("PATCH", f"pipelines/{pipeline['id']}", {"config": edited})
    assert loaded(live, pipeline) == [1, 2, 3, 4]

    address = f"executions/{first['id']}/run-again"
    again = live.wait(live.call("POST", address)["execution_id"])
    assert (again["status"], again["revision"]) == ("success", 1), again
    assert again["airflow_dag_id"] == f"{first['airflow_dag_id']}_r1"
    assert "keep_paid" in {task["node_id"] for task in again["tasks"]}
    rows = live.warehouse(f"SELECT order_id FROM {TABLE} ORDER BY 1")
    assert [row["order_id"] for row in rows] == [1, 3, 4]

    retry = {"nodes": ["keep_paid"]}
    assert live.request("POST", f"executions/{again['id']}/retry", retry).status_code == 202
    assert live.wait(again["id"])["status"] == "success"
    assert loaded(live, pipeline) == [1, 2, 3, 4]

    assert live.request("DELETE", f"pipelines/{pipeline['id']}").ok
    eventually(
        lambda: live.airflow_call("GET", f"dags/{again['airflow_dag_id']}").status_code == 404,
        seconds=60,
    )
