"""The graph's structure, its order and its canonical form."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.graph import MAX_NODES, Graph, GraphError, canonical, canonical_json, parse_graph

JOIN = {
    "nodes": [
        {"id": "orders", "module": "extract.csv", "config": {"path": "o.csv"}},
        {"id": "customers", "module": "extract.csv", "config": {"path": "c.csv"}},
        {"id": "both", "module": "transform.join", "config": {"left_keys": ["id"]}},
        {"id": "write", "module": "load.csv", "config": {"path": "out.csv"}},
    ],
    "edges": [
        {"source": "orders", "target": "both", "port": "left"},
        {"source": "customers", "target": "both", "port": "right"},
        {"source": "both", "target": "write"},
    ],
}


def test_inputs_are_named_by_port() -> None:
    graph = parse_graph(JOIN)

    assert graph.inputs_of("both") == {"left": "orders", "right": "customers"}
    assert graph.inputs_of("write") == {"input": "both"}
    assert graph.inputs_of("orders") == {}


def test_inputs_of_a_variadic_module_are_named_after_their_source() -> None:
    graph = parse_graph(
        {
            "nodes": [
                {"id": "a", "module": "extract.csv"},
                {"id": "b", "module": "extract.csv"},
                {"id": "q", "module": "transform.sql"},
            ],
            "edges": [
                {"source": "a", "target": "q"},
                {"source": "b", "target": "q", "port": "other"},
            ],
        }
    )

    assert graph.inputs_of("q") == {"a": "a", "other": "b"}


def test_order_puts_each_node_after_those_that_feed_it() -> None:
    shuffled = {"nodes": JOIN["nodes"][::-1], "edges": JOIN["edges"]}

    assert parse_graph(shuffled).topological_order() == ["customers", "orders", "both", "write"]


def test_order_of_a_cycle_names_its_nodes() -> None:
    graph = parse_graph(
        {
            "nodes": [{"id": i, "module": "transform.sort"} for i in "abc"],
            "edges": [
                {"source": "a", "target": "b"},
                {"source": "b", "target": "c"},
                {"source": "c", "target": "b"},
            ],
        }
    )

    with pytest.raises(GraphError, match=r"(b → c → b|c → b → c) feed each other"):
        graph.topological_order()


@given(st.integers(1, 60), st.randoms(use_true_random=False))
def test_order_of_any_graph_without_cycle_is_topological(size: int, random) -> None:
    ids = [f"n{number}" for number in range(size)]
    edges = [
        {"source": ids[a], "target": ids[b]}
        for b in range(size)
        for a in range(b)
        if random.random() < 0.1
    ]
    nodes = [{"id": i, "module": "transform.sort"} for i in ids]
    random.shuffle(nodes)

    order = parse_graph({"nodes": nodes, "edges": edges}).topological_order()

    assert sorted(order) == sorted(ids)
    assert all(order.index(e["source"]) < order.index(e["target"]) for e in edges)


def test_looks_and_order_are_outside_of_the_canonical_form() -> None:
    plain = canonical(JOIN)
    moved = {
        "nodes": [{**node, "position": {"x": 1, "y": 2}} for node in JOIN["nodes"][::-1]],
        "edges": JOIN["edges"][::-1],
    }

    assert canonical(moved) == plain
    assert canonical_json(canonical(moved)) == canonical_json(plain)
    assert "position" not in canonical_json(plain)


def test_what_a_node_does_is_inside_of_the_canonical_form() -> None:
    for change in (
        *({"retries": 1}, {"name": "x"}, {"pool": "p"}, {"config": {"path": "x.csv"}}),
        *({"timeout": 5}, {"retry_delay": 5}, {"retry_backoff": False}, {"max_retry_delay": 9}),
    ):
        changed = {**JOIN, "nodes": [{**JOIN["nodes"][0], **change}, *JOIN["nodes"][1:]]}
        assert canonical(changed) != canonical(JOIN)


def test_the_canonical_form_is_a_graph_with_the_same_canonical_form() -> None:
    once = canonical(JOIN)

    assert isinstance(parse_graph(once), Graph)
    assert canonical(once) == once


@pytest.mark.parametrize("raw", [None, [], "x", {"nodes": 1}, {"nodes": [{}]}, {"other": 1}])
def test_what_is_no_graph_is_refused_with_problems(raw: object) -> None:
    with pytest.raises(GraphError) as caught:
        parse_graph(raw)

    assert caught.value.problems


def test_a_graph_is_immutable() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse_graph(JOIN).nodes = ()  # type: ignore[misc]


def test_the_nodes_of_the_largest_graph_are_put_in_order_in_a_moment() -> None:
    count = MAX_NODES
    graph = parse_graph(
        {
            "nodes": [{"id": f"n{n}", "module": "transform.limit"} for n in reversed(range(count))],
            "edges": [{"source": f"n{n}", "target": f"n{n + 1}"} for n in range(count - 1)],
        }
    )
    began = time.monotonic()
    assert graph.topological_order() == [f"n{n}" for n in range(count)]
    assert all(graph.inputs_of(f"n{n}") for n in range(1, count))
    assert time.monotonic() - began < 2


def test_of_nodes_that_are_free_the_first_of_the_graph_comes_first() -> None:
    graph = parse_graph(
        {
            "nodes": [{"id": name, "module": "extract.csv"} for name in ("c", "a", "b", "d")],
            "edges": [{"source": "d", "target": "a"}],
        }
    )
    assert graph.topological_order() == ["c", "b", "d", "a"]
