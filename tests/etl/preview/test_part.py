"""Which part of a graph a preview runs, and what of its problems matters for that."""

from __future__ import annotations

from typing import Any

import pytest

from etl.graph import GraphError
from etl.preview.part import part_of


def node(node_id: str, module: str, **config: Any) -> dict[str, Any]:
    return {"id": node_id, "module": module, "config": config}


def edge(source: str, target: str, **more: str) -> dict[str, str]:
    return {"source": source, "target": target, **more}


BRANCHES = [{"name": "big", "condition": "n > 5"}]
SPLIT = node("parts", "transform.split", branches=BRANCHES, rest="rest")
GRAPH: dict[str, Any] = {
    "nodes": [
        node("read", "extract.csv", path="t.csv"),
        SPLIT,
        node("kept", "transform.filter", condition="n > 1"),
        node("write", "load.csv", path="out.csv"),
    ],
    "edges": [
        edge("read", "parts"),
        edge("parts", "kept", output="big"),
        edge("parts", "write", output="rest"),
    ],
}


def nodes_of(raw: object, node_id: str) -> list[str]:
    return part_of(raw, node_id).graph.topological_order()


def test_only_what_feeds_the_node_runs() -> None:
    assert nodes_of(GRAPH, "read") == ["read"]
    assert nodes_of(GRAPH, "kept") == ["read", "parts", "kept"]


def test_the_outputs_of_a_node_are_shown_by_their_names() -> None:
    assert part_of(GRAPH, "read").shown == {"": "read"}
    assert part_of(GRAPH, "parts").shown == {"big": "parts.big", "rest": "parts.rest"}


def test_of_a_loader_is_shown_what_arrives_and_it_does_not_run() -> None:
    part = part_of(GRAPH, "write")
    assert part.shown == {"input": "parts.rest"}
    assert part.graph.topological_order() == ["read", "parts"]


def test_a_loader_in_trouble_still_shows_what_arrives() -> None:
    broken = GRAPH | {"nodes": [*GRAPH["nodes"][:3], node("write", "load.csv")]}
    assert part_of(broken, "write").shown == {"input": "parts.rest"}


def problems(raw: object, node_id: str) -> list[tuple[str | None, str | None]]:
    with pytest.raises(GraphError) as caught:
        part_of(raw, node_id)
    return [(problem.node, problem.field) for problem in caught.value.problems]


def test_a_node_that_is_not_there_is_named() -> None:
    assert problems(GRAPH, "gone") == [(None, "node")]


def test_a_loader_without_an_input_says_so() -> None:
    alone = {"nodes": [node("write", "load.csv", path="t.csv")], "edges": []}
    assert problems(alone, "write") == [("write", "edges")]


def test_a_node_that_nothing_loads_before_it_cannot_follow_a_loader() -> None:
    after = {
        "nodes": [*GRAPH["nodes"], node("late", "transform.filter", condition="n > 1")],
        "edges": [*GRAPH["edges"], edge("write", "late")],
    }
    assert ("write", "edges") in problems(after, "late")


def test_a_cycle_before_the_node_is_told() -> None:
    cycle = {"nodes": GRAPH["nodes"], "edges": [*GRAPH["edges"], edge("kept", "parts")]}
    assert problems(cycle, "kept")


@pytest.mark.parametrize(
    "raw", [None, 7, [], {"nodes": 1}, {"nodes": [1]}, {"nodes": [{"id": "a"}], "edges": "no"}]
)
def test_what_is_no_graph_is_refused_in_words(raw: object) -> None:
    assert problems(raw, "a")


def test_settings_of_runs_by_airflow_do_not_matter() -> None:
    busy = node("read", "extract.csv", path="t.csv") | {
        "watermark": {"column": "n"},
        "pool": "none such",
        "retries": 3,
    }
    graph = part_of({"nodes": [busy], "edges": []}, "read").graph
    assert graph.node("read").watermark is None
    assert graph.node("read").retries == 0
