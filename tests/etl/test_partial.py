"""The part of an unfinished graph of which something can be said all the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ConfigError
from etl.partial import partial_graph
from etl.remembering import Memory
from etl.validation import validate_graph

READ = {"id": "read", "module": "extract.csv", "config": {"path": "a.csv"}}
KEEP = {"id": "keep", "module": "transform.filter", "config": {"condition": "a > 1"}}
LOAD = {"id": "load", "module": "load.csv", "config": {"path": "b.csv"}}
EDGES = [{"source": "read", "target": "keep"}, {"source": "keep", "target": "load"}]


def unsure(nodes: Any, edges: Any = EDGES) -> set[str]:
    raw = {"nodes": nodes, "edges": edges}
    return set(partial_graph(raw, validate_graph(raw, connections=None)).unsure)


def test_of_a_good_graph_everything_is_sure() -> None:
    assert unsure([READ, KEEP, LOAD]) == set()


@pytest.mark.parametrize(
    ("nodes", "edges", "expected"),
    [
        ([READ, {**KEEP, "config": {}}, LOAD], EDGES, {"keep"}),
        ([READ, {**KEEP, "module": "transform.none"}, LOAD], EDGES, {"keep"}),
        ([READ, {**KEEP, "retries": -1}, LOAD], EDGES, {"load"}),
        ([READ, KEEP, LOAD], EDGES[1:], {"keep"}),
        ([READ, KEEP], EDGES[:1], set()),
        ([READ, READ, KEEP, LOAD], EDGES, {"read"}),
        ([READ, KEEP, LOAD], [*EDGES, {"source": "keep", "target": "keep"}], {"keep"}),
        ([{**READ, "pool": "none"}, KEEP, LOAD], EDGES, set()),
    ],
    ids=[
        *(
            "no config",
            "no module",
            "no node",
            "no input",
            "no output",
            "twice",
            "a cycle",
            "a pool",
        )
    ],
)
def test_a_fault_leaves_the_others_alone(nodes: Any, edges: Any, expected: set[str]) -> None:
    assert unsure(nodes, edges) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(["a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "module", "source", "target", "port"]), inner)
    ),
    max_leaves=8,
)


@given(nodes=JSON, edges=JSON)
def test_whatever_is_drawn_is_taken(nodes: Any, edges: Any) -> None:
    found = partial_graph({"nodes": nodes, "edges": edges}, ())
    found.graph.topological_order()
    assert found.unsure <= {node.id for node in found.graph.nodes}


def test_what_was_found_is_not_looked_for_again_and_neither_is_a_refusal() -> None:
    memory: Memory[int] = Memory(size=2)
    calls: list[str] = []

    def find(key: str) -> int:
        calls.append(key)
        if key == "bad":
            raise ConfigError("No.")
        return len(calls)

    assert [memory.recall("a", lambda: find("a")) for _ in range(2)] == [1, 1]
    for _ in range(2):
        with pytest.raises(ConfigError):
            memory.recall("bad", lambda: find("bad"))
    assert calls == ["a", "bad"]
    memory.recall("c", lambda: find("c"))
    memory.recall("a", lambda: find("a"))
    assert calls == ["a", "bad", "c", "a"]
