"""The graphs that several live tests run."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

Json = dict[str, Any]

ORDERS = "order_id,status,amount\n1,paid,10.5\n2,open,20\n3,paid,30\n4,paid,5\n"


def csv_node(path: str, node_id: str = "read_orders", **config: Any) -> Json:
    return {"id": node_id, "module": "extract.csv", "config": {"path": path} | config}


def filter_node(condition: str, node_id: str = "keep_paid") -> Json:
    return {"id": node_id, "module": "transform.filter", "config": {"condition": condition}}


def load_node(table: str, node_id: str = "to_warehouse", **config: Any) -> Json:
    return {
        "id": node_id,
        "module": "load.postgres",
        "config": {"connection": "warehouse", "table": table, "mode": "replace"} | config,
    }


def chain(*nodes: Json) -> tuple[list[Json], list[tuple[str, str]]]:
    """Return the nodes with an edge from each to the next."""
    ids = [node["id"] for node in nodes]
    return list(nodes), list(pairwise(ids))
