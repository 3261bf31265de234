"""Specs that the tests of DAG generation start from."""

from typing import Any
from uuid import UUID

from airflow_bridge.spec import DagSpec
from etl.graph import parse_graph

PIPELINE_ID = UUID("1b4e28ba-2fa1-41d2-883f-0016d3cca427")
DAG_ID = f"pipeline_{PIPELINE_ID}"

ORDERS: dict[str, Any] = {
    "nodes": [
        {
            "id": "read_orders",
            "module": "extract.csv",
            "name": "Read orders",
            "config": {"path": "orders.csv"},
            "retries": 2,
            "retry_delay": 30,
            "timeout": 90,
        },
        {
            "id": "keep_paid",
            "module": "transform.filter",
            "config": {"condition": "status = 'paid' AND amount > {{ params.min_amount }}"},
        },
        {"id": "write", "module": "load.csv", "config": {"path": "paid.csv"}},
    ],
    "edges": [
        {"source": "read_orders", "target": "keep_paid"},
        {"source": "keep_paid", "target": "write"},
    ],
}


def make_spec(graph: dict[str, Any] | None = None, **changes: Any) -> DagSpec:
    """Return the spec of the orders pipeline, changed as told."""
    values: dict[str, Any] = {
        "pipeline_id": PIPELINE_ID,
        "name": "Orders",
        "description": "Paid orders",
        "revision": 3,
        "sha256": "ab" * 32,
        "graph": parse_graph(ORDERS if graph is None else graph),
        "default_params": {"min_amount": 1},
    }
    return DagSpec(**{**values, **changes})
