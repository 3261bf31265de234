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
