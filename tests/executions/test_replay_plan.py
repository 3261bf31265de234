"""Which nodes a replay runs, and what it warns of."""

from __future__ import annotations

from typing import Any

import pytest

from etl.graph import parse_graph
from executions.services.replay_plan import idle_nodes, warnings_of

pytestmark = pytest.mark.slow


def graph_of(*edges: str, **modules: str) -> Any:
    """Return a graph of edges such as "a > b" and "a > b.port"."""
    nodes: dict[str, str] = {}
    made = []
    for edge in edges:
        source, target = edge.split(" > ")
        target, _, port = target.partition(".")
        nodes |= dict.fromkeys((source, target), "transform.filter") | modules
        made.append({"source": source, "target": target, "port": port or None})
    listed = [{"id": name, "module": module} for name, module in nodes.items()]
    return parse_graph({"nodes": listed, "edges": made})


def test_what_a_node_behind_the_replayed_one_needs_besides_is_run() -> None:
    graph = graph_of(
        "orders > cast", "cast > both.left", "prices > rate", "rate > both.right", "both > load",
        "prices > other", "orders > archive",
        both="transform.join", other="load.csv", archive="load.csv",
    )  # fmt: skip
    assert sorted(idle_nodes(graph, "cast")) == ["archive", "orders", "other"]


def test_what_feeds_the_replayed_node_is_run_only_if_another_one_needs_it() -> None:
    graph = graph_of("orders > cast", "cast > both.left", "orders > both.right", "both > load")
    assert idle_nodes(graph, "cast") == []


def test_a_union_takes_in_the_replayed_rows_without_those_of_its_other_inputs() -> None:
    graph = graph_of(
        "a > cast", "cast > all.a", "b > all.b", "all > load", all="transform.union"
    )  # fmt: skip
    assert idle_nodes(graph, "cast") == ["a", "b"]


def test_a_node_that_makes_other_rows_of_the_replayed_ones_alone_is_warned_of() -> None:
    graph = graph_of("read > cast", "cast > sums", "sums > load", sums="transform.aggregate")
    (warning,) = warnings_of(graph, "cast")
    assert warning.startswith("Node 'sums' (transform.aggregate) sees the replayed rows alone")
    assert warnings_of(graph, "sums") == []


@pytest.mark.parametrize(
    ("how", "warned"),
    [("inner", False), ("left", False), ("anti", False), ("right", True), ("full", True)],
)
def test_a_join_that_gives_rows_of_its_other_input_again_is_warned_of(
    how: str, warned: bool
) -> None:
    graph = graph_of("read > cast", "cast > both.left", "b > both.right", "both > load")
    nodes = [node.model_copy(update={"module": "transform.join", "config": {"how": how}})
             if node.id == "both" else node for node in graph.nodes]  # fmt: skip
    warnings = warnings_of(graph.model_copy(update={"nodes": tuple(nodes)}), "cast")
    assert bool(warnings) is warned
    assert all("Node 'both' (transform.join) takes in all rows of b" in text for text in warnings)
