"""A good graph, and what is wrong with changed ones."""

from __future__ import annotations

import copy
from typing import Any

from etl.validation import Problem, validate_graph

GOOD: dict[str, Any] = {
    "nodes": [
        {"id": "read", "module": "extract.csv", "config": {"path": "orders.csv"}},
        {
            "id": "keep",
            "module": "transform.filter",
            "config": {"condition": "amount > {{ params.min_amount }}"},
        },
        {
            "id": "load",
            "module": "load.postgres",
            "config": {
                "connection": "warehouse",
                "table": "orders",
                "mode": "upsert",
                "keys": ["order_id"],
            },
        },
    ],
    "edges": [{"source": "read", "target": "keep"}, {"source": "keep", "target": "load"}],
}


def check(graph: object) -> list[Problem]:
    return validate_graph(graph, connections={"warehouse"}, pools={"default_pool"})


def changed(node: int, **fields: Any) -> dict[str, Any]:
    graph = copy.deepcopy(GOOD)
    graph["nodes"][node].update(fields)
    return graph


def edges(*pairs: tuple[str, ...]) -> dict[str, Any]:
    keys = ("source", "target", "port")
    return {**GOOD, "edges": [dict(zip(keys, pair, strict=False)) for pair in pairs]}


def the_problem(graph: object) -> Problem:
    problems = check(graph)
    assert len(problems) == 1, problems
    return problems[0]
