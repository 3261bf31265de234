"""Whatever is sent as a graph, it is answered with problems and in time."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.graph import MAX_EDGES, MAX_NODES, Graph, GraphError, parse_graph
from etl.partial import partial_graph
from etl.validation import Problem, validate_graph
from tests.etl.graphs import GOOD, changed, check, the_problem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=15,
)


NODE = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON | st.sampled_from(["a", "b", "c"]),
        "module": JSON | st.sampled_from(["extract.csv", "transform.sql", "transform.join"]),
        "config": JSON | st.fixed_dictionaries({"query": JSON, "path": JSON}),
        "retries": JSON,
        "name": JSON,
        "pool": JSON,
        "position": JSON,
    },
)


EDGE = st.fixed_dictionaries(
    {},
    optional={
        "source": JSON | st.sampled_from(["a", "b", "c"]),
        "target": JSON | st.sampled_from(["a", "b", "c"]),
        "port": JSON,
    },
)


@settings(max_examples=150, deadline=None)
@given(
    JSON | st.fixed_dictionaries({"nodes": st.lists(NODE | JSON), "edges": st.lists(EDGE | JSON)})
)
def test_any_json_gives_problems_and_never_an_exception(raw: object) -> None:
    problems = check(raw)

    assert all(isinstance(problem, Problem) and problem.message for problem in problems)


def test_a_value_nested_without_end_is_a_problem_and_no_crash() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]

    assert "nested deeper" in the_problem(changed(0, config={"path": deep})).message


@pytest.mark.parametrize(("field", "most"), [("nodes", MAX_NODES), ("edges", MAX_EDGES)])
def test_a_graph_without_end_is_refused_at_once(field: str, most: int) -> None:
    large = {**GOOD, field: [GOOD[field][0]] * (most + 1)}
    began = time.monotonic()
    problem = the_problem(large)
    assert problem.field == field
    assert problem.message.startswith(f"The graph has {most + 1:,} {field}, more than {most:,}.")
    assert partial_graph(large, [problem]).graph == Graph()
    with pytest.raises(GraphError) as refused:
        parse_graph(large)
    assert refused.value.problems == (problem,)
    assert time.monotonic() - began < 1


def test_sql_that_is_far_too_long_is_refused_before_it_is_parsed() -> None:
    condition = " OR ".join(["amount > 1"] * 20_000)
    graph = {
        "nodes": [
            {"id": "read", "module": "extract.csv", "config": {"path": "a.csv"}},
            {"id": "keep", "module": "transform.filter", "config": {"condition": condition}},
            {"id": "load", "module": "load.csv", "config": {"path": "b.csv"}},
        ],
        "edges": [{"source": "read", "target": "keep"}, {"source": "keep", "target": "load"}],
    }
    [problem] = validate_graph(graph, connections=None)
    assert (problem.node, problem.field) == ("keep", "config.condition")
    assert "at most 100000 characters" in problem.message
