"""Every problem of a graph is reported at once, with node, field and remedy."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from etl.graph import canonical, parse_graph
from etl.validation import Problem, validate_graph
from tests.etl.graphs import GOOD, changed, check, edges, the_problem


def test_a_good_graph_has_no_problems() -> None:
    assert check(GOOD) == []
    assert check(parse_graph(GOOD)) == []
    assert check(canonical(GOOD)) == []


@pytest.mark.parametrize(
    "path",
    sorted(Path(__file__).parents[2].glob("examples/pipelines/*.json")),
    ids=lambda p: p.stem,
)
def test_the_examples_are_good(path: Path) -> None:
    assert check(json.loads(path.read_text())["config"]) == []


def test_all_problems_are_reported_at_once() -> None:
    graph = {
        "nodes": [
            {"id": "read", "module": "extract.xls"},
            {"id": "2nd", "module": "transform.filter", "config": {"condition": "1"}},
            {"id": "keep", "module": "transform.filter", "config": {"conditon": "a > 0"}},
            {"id": "load", "module": "load.postgres", "config": {"connection": "nowhere"}},
            {"id": "load", "module": "load.csv", "config": {"path": "../x.csv"}},
        ],
        "edges": [{"source": "read", "target": "gone"}, {"source": "keep", "target": "load"}],
    }

    found = {(problem.node, problem.field) for problem in check(graph)}

    assert {
        ("read", "module"),
        ("2nd", "id"),
        ("keep", "config.condition"),
        ("keep", "config.conditon"),
        ("keep", "edges"),
        ("load", "id"),
        ("load", "config.connection"),
        ("load", "config.table"),
        ("load", "config.path"),
        (None, "edges.0.target"),
    } <= found


def test_an_unknown_module_lists_those_that_exist() -> None:
    problem = the_problem(changed(0, module="extract.xls", config={}))

    assert (problem.node, problem.field) == ("read", "module")
    assert problem.message.startswith("Node 'read': module 'extract.xls' does not exist. Pick one")
    assert "extract.csv" in problem.message


@pytest.mark.parametrize("module", ["os.system", "etl.modules.filter:Filter", "__import__", ""])
def test_a_module_is_never_a_dotted_path(module: str) -> None:
    assert the_problem(changed(0, module=module)).field == "module"


def test_an_unknown_connection_says_where_to_create_it() -> None:
    config = {**GOOD["nodes"][2]["config"], "connection": "nowhere"}

    assert the_problem(changed(2, config=config)) == Problem(
        "load",
        "config.connection",
        "Node 'load': connection 'nowhere' is not defined in Airflow. "
        "Create it under Connections, or pick another.",
    )


@pytest.mark.parametrize("connections", [None, {"warehouse"}])
def test_an_address_in_place_of_a_connection_is_refused_without_repeating_it(
    connections: set[str] | None,
) -> None:
    config = {**GOOD["nodes"][2]["config"], "connection": "postgres://u:S3cret@host/db"}
    graph = {**GOOD, "nodes": [*GOOD["nodes"][:2], {**GOOD["nodes"][2], "config": config}]}
    [problem] = validate_graph(graph, connections=connections)
    assert (problem.node, problem.field) == ("load", "config.connection")
    assert "name it here by its id" in problem.message
    assert "S3cret" not in problem.message


def test_nothing_is_claimed_of_connections_that_cannot_be_known() -> None:
    config = {**GOOD["nodes"][2]["config"], "connection": "nowhere"}
    graph = changed(2, config=config, pool="nowhere")

    assert validate_graph(graph, connections=None) == []


def test_an_unknown_pool_is_reported() -> None:
    problem = the_problem(changed(1, pool="nowhere"))

    assert problem.field == "pool"
    assert "Create it under Pools" in problem.message
    assert check(changed(1, pool="default_pool")) == []


@pytest.mark.parametrize(
    "node_id", ["", "1a", "a-b", "a b", "_a", "class", "é", "a.b", "a" * 101, "a\n", "../a"]
)
def test_an_id_that_is_no_identifier_is_refused(node_id: str) -> None:
    graph = changed(0, id=node_id)
    graph["edges"][0]["source"] = node_id

    assert any("id" in str(problem.field) for problem in check(graph))


def test_the_longest_id_is_fine() -> None:
    graph = changed(0, id="a" * 100)
    graph["edges"][0]["source"] = "a" * 100

    assert check(graph) == []


def test_a_cycle_names_its_nodes() -> None:
    graph = {
        "nodes": [
            *GOOD["nodes"],
            {"id": "x", "module": "transform.sort", "config": {"by": [{"column": "a"}]}},
            {"id": "y", "module": "transform.sort", "config": {"by": [{"column": "a"}]}},
        ],
        "edges": [*GOOD["edges"], {"source": "x", "target": "y"}, {"source": "y", "target": "x"}],
    }

    problem = the_problem(graph)

    assert "x → y → x" in problem.message or "y → x → y" in problem.message


def test_a_node_that_feeds_itself_is_a_cycle() -> None:
    graph = edges(("read", "keep"), ("keep", "load"), ("keep", "keep"))

    assert any("keep → keep" in problem.message for problem in check(graph))


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (edges(("read", "keep")), "Node 'load': it has no input."),
        (edges(("keep", "load")), "Node 'keep': it has no input."),
        (edges(("read", "load")), "Node 'keep': no node uses its output."),
        (edges(("keep", "load")), "Node 'read': no node uses its output."),
        (edges(("read", "keep"), ("keep", "load"), ("keep", "read")), "'read': it extracts, so"),
        (edges(("read", "keep"), ("keep", "load"), ("load", "keep")), "'load': it loads, so"),
        (edges(("read", "keep"), ("read", "keep"), ("keep", "load")), "2 edges enter the port"),
        (edges(("read", "keep", "left"), ("keep", "load")), "port 'left', which does not exist"),
        (edges(("read", "keep"), ("keep", "gone")), "its target 'gone' is no node"),
        (edges(("gone", "keep"), ("keep", "load")), "its source 'gone' is no node"),
        ({**GOOD, "edges": "x"}, "The edges must be a list."),
        ({**GOOD, "edges": [1]}, "Edge 1:"),
        ({**GOOD, "other": 1}, "The graph has no field 'other'."),
        ({"nodes": [], "edges": []}, "The graph has no nodes."),
        ({}, "The graph has no nodes."),
        ([], "must be a JSON object"),
        (changed(0, retries=-1), "Node 'read': field 'retries'"),
        (changed(0, retries="many"), "Node 'read': field 'retries'"),
        (changed(0, config=[]), "Node 'read': field 'config'"),
        (changed(0, colour="red"), "Node 'read': field 'colour' does not exist."),
        (changed(0, config={}), "Node 'read': field 'path' is missing. Add it."),
        (changed(0, config={"path": "/etc/passwd"}), "'/etc/passwd' is not relative"),
        (changed(1, config={"condition": "a > 0; DROP"}), "Node 'keep': field 'condition'"),
        (changed(1, config={"condition": "{{ params.x"}), "template has a syntax error"),
        (changed(1, config={"condition": "{{ params."}), "expected name or number. Correct it."),
        (changed(1, config={"condition": "{{ var.value.x }}"}), "uses 'var'"),
        (changed(1, config={"condition": "{{ params.__class__ }}"}), "reads '__class__'"),
    ],
)
def test_each_kind_of_mistake_is_named(graph: object, said: str) -> None:
    assert any(said in problem.message for problem in check(graph)), check(graph)


def test_a_join_needs_both_of_its_ports() -> None:
    nodes = [
        {"id": "a", "module": "extract.csv", "config": {"path": "a.csv"}},
        {"id": "b", "module": "extract.csv", "config": {"path": "b.csv"}},
        {"id": "join", "module": "transform.join", "config": {"left_keys": ["id"]}},
        {"id": "out", "module": "load.csv", "config": {"path": "o.csv"}},
    ]
    last = {"source": "join", "target": "out"}

    def said(*pairs: dict[str, str]) -> str:
        problems = check({"nodes": nodes, "edges": [*pairs, last]})
        return " ".join(problem.message for problem in problems)

    left = {"source": "a", "target": "join", "port": "left"}
    assert said(left, {"source": "b", "target": "join", "port": "right"}) == ""
    assert "the edge from 'b' names no port. Set it to one of 'left', 'right'" in said(
        left, {"source": "b", "target": "join"}
    )
    assert "2 edges enter the port 'left'" in said(left, {**left, "source": "b"})
    assert "its port 'right' has no input" in said(left)


def test_a_query_over_a_table_that_no_input_has_is_reported() -> None:
    graph = changed(1, module="transform.sql", config={"query": "SELECT * FROM orders"})

    problem = the_problem(graph)

    assert (problem.node, problem.field) == ("keep", "config.query")
    assert "'orders' is no input of this node. It can read: input, read." in problem.message
    assert check(changed(1, module="transform.sql", config={"query": "SELECT * FROM read"})) == []


def test_a_template_may_stand_where_a_number_belongs() -> None:
    config = {"by": [{"column": "a"}], "limit": "{{ params.top }}"}
    assert check(changed(1, module="transform.sort", config=config)) == []

    wrong = {"by": [{"column": "a"}], "limit": "ten"}
    assert the_problem(changed(1, module="transform.sort", config=wrong)).field == "config.limit"


def test_every_problem_says_where_and_what_next() -> None:
    for problem in check(changed(2, config={"mode": "upsert", "table": "a.b.c"})):
        assert problem.message.startswith("Node 'load': ")
        assert problem.message.endswith(".")


def test_settings_that_must_be_together_are_named_without_calling_the_node_wrong() -> None:
    graph = copy.deepcopy(GOOD)
    graph["nodes"][1] = {"id": "keep", "module": "transform.sample", "config": {}}
    [message] = [found.message for found in check(graph) if found.node == "keep"]
    assert message == "Node 'keep': Set either rows or share."


def test_what_a_mode_needs_is_told_at_the_field_that_lacks_it() -> None:
    graph = copy.deepcopy(GOOD)
    config = graph["nodes"][2]["config"]
    for mode, keys, field in (
        ("upsert", [], "config.keys"),
        ("append", ["order_id"], "config.keys"),
        ("delete_insert", [], "config.partition_by"),
    ):
        config |= {"mode": mode, "keys": keys}
        assert [problem.field for problem in check(graph)] == [field]
