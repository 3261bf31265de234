"""Columns followed through a graph before anything runs."""

from __future__ import annotations

import time
from typing import Any

import pytest

from etl.dataset import Column
from etl.graph import Node, parse_graph
from etl.module import Extractor
from etl.output_schemas import Origin
from etl.schemas import GraphSchemas, SchemaMemory, follow_columns
from etl.validation import validate_graph

ORDERS = (Column("order_id", "BIGINT"), Column("status", "VARCHAR"), Column("amount", "DOUBLE"))
CUSTOMERS = (Column("order_id", "BIGINT"), Column("name", "VARCHAR"))
LOAD = {"id": "load", "module": "load.csv", "config": {"path": "out.csv"}}


def extractor(node_id: str) -> dict[str, Any]:
    return {"id": node_id, "module": "extract.csv", "config": {"path": f"{node_id}.csv"}}


def followed(
    *nodes: dict[str, Any],
    edges: list[tuple[str, ...]],
    params: dict[str, object] | None = None,
    known: dict[str, tuple[Column, ...]] | None = None,
) -> GraphSchemas:
    names = ("source", "target", "port", "output")
    graph = {"nodes": nodes, "edges": [dict(zip(names, edge, strict=False)) for edge in edges]}
    assert validate_graph(graph, connections=None) == []
    columns = {"orders": ORDERS, "customers": CUSTOMERS} if known is None else known

    def peek(node: Node, module: Extractor) -> tuple[Column, ...] | None:
        return columns.get(node.id)

    return follow_columns(parse_graph(graph), params=params or {}, peek=peek)


def through(
    module: str, config: dict[str, Any], params: dict[str, object] | None = None
) -> GraphSchemas:
    return followed(
        extractor("orders"),
        {"id": "keep_paid", "module": module, "config": config},
        LOAD,
        edges=[("orders", "keep_paid"), ("keep_paid", "load")],
        params=params,
    )


@pytest.mark.parametrize(
    ("module", "config", "field"),
    [
        ("transform.filter", {"condition": "amout > 1"}, "config.condition"),
        ("transform.filter", {"condition": "amout > {{ params.least }}"}, "config.condition"),
        ("transform.sort", {"by": [{"column": "amout"}]}, "config.by"),
        ("transform.sql", {"query": "SELECT amout FROM orders"}, "config.query"),
        ("transform.select", {"keep": ["order_id", "amout"]}, "config.keep"),
    ],
)
def test_a_column_that_does_not_exist_is_named_with_those_that_do(
    module: str, config: dict[str, Any], field: str
) -> None:
    [problem] = through(module, config).problems
    assert (problem.node, problem.field) == ("keep_paid", field)
    assert problem.message == (
        "Node 'keep_paid': there is no column 'amout'; orders gives amount, order_id, status. "
        "Did you mean 'amount'?"
    )


def test_names_and_types_are_those_that_the_run_will_have() -> None:
    query = "SELECT status, sum(order_id) AS ids, avg(amount) AS mean FROM input GROUP BY status"
    schemas = through("transform.sql", {"query": query})
    assert schemas.problems == ()
    assert schemas.outputs["keep_paid"].columns == (
        Column("status", "VARCHAR"),
        Column("ids", "DECIMAL(38,0)"),
        Column("mean", "DOUBLE"),
    )


def test_every_column_tells_where_it_comes_from() -> None:
    schemas = followed(
        extractor("orders"),
        extractor("customers"),
        {"id": "both", "module": "transform.join", "config": {"left_keys": ["order_id"]}},
        {
            "id": "worth",
            "module": "transform.derive",
            "config": {"columns": [{"name": "label", "expression": "name || status"}]},
        },
        LOAD,
        edges=[
            ("orders", "both", "left"),
            ("customers", "both", "right"),
            ("both", "worth"),
            ("worth", "load"),
        ],
    )
    origins = schemas.outputs["worth"].origins
    assert origins["label"] == {Origin("customers", "name"), Origin("orders", "status")}
    assert origins["amount"] == {Origin("orders", "amount")}


def test_each_of_several_outputs_is_followed() -> None:
    schemas = followed(
        extractor("orders"),
        {
            "id": "s",
            "module": "transform.split",
            "config": {"branches": [{"name": "large", "condition": "amount > 9"}], "rest": "x"},
        },
        {"id": "named", "module": "transform.select", "config": {"keep": ["nothing"]}},
        LOAD,
        edges=[("orders", "s"), ("s", "named", "input", "large"), ("named", "load")],
    )
    assert schemas.outputs["s.x"].columns == ORDERS
    [problem] = schemas.problems
    assert "s (output large) gives amount, order_id, status. Correct the name." in problem.message


def test_nothing_is_claimed_where_an_input_is_unknown() -> None:
    schemas = followed(
        extractor("orders"),
        {"id": "keep", "module": "transform.filter", "config": {"condition": "nowhere = 1"}},
        LOAD,
        edges=[("orders", "keep"), ("keep", "load")],
        known={},
    )
    assert schemas.problems == ()
    assert schemas.outputs == {}


def test_a_param_may_name_a_column_so_what_follows_is_unknown() -> None:
    schemas = through("transform.select", {"keep": ["{{ params.column }}"]}, {"column": "nowhere"})
    assert schemas.problems == ()
    assert "keep_paid" not in schemas.outputs


def test_a_name_that_a_param_brings_is_not_held_against_the_graph() -> None:
    condition = {"condition": "{{ params.column }} = 1"}
    assert through("transform.filter", condition, {"column": "nowhere"}).problems == ()


def test_the_keys_of_a_loader_must_arrive() -> None:
    load = {
        "id": "load",
        "module": "load.postgres",
        "config": {"connection": "w", "table": "t", "mode": "upsert", "keys": ["id"]},
    }
    [problem] = followed(extractor("orders"), load, edges=[("orders", "load")]).problems
    assert (problem.node, problem.field) == ("load", "config.keys")
    assert "there is no column 'id'; orders gives amount, order_id, status." in problem.message


def test_an_expression_that_does_not_fit_the_types_is_told() -> None:
    config = {"columns": [{"name": "x", "expression": "status + amount"}]}
    [problem] = through("transform.derive", config).problems
    assert problem.message.startswith("Node 'keep_paid': the SQL does not fit the input")


def test_every_built_in_transformer_tells_its_columns() -> None:
    from etl.module import Transformer
    from etl.registry import _BUILT_IN, get_module

    built_in = [get_module(key) for key in _BUILT_IN if not key.startswith("test.")]
    assert [m.key for m in built_in if issubclass(m, Transformer) and not m.pure] == []


def test_what_takes_too_long_is_followed_further_the_next_time() -> None:
    graph = parse_graph(
        {
            "nodes": [
                extractor("orders"),
                {"id": "few", "module": "transform.limit", "config": {"rows": 3}},
                LOAD,
            ],
            "edges": [
                {"source": "orders", "target": "few"},
                {"source": "few", "target": "load"},
            ],
        }
    )
    memory = SchemaMemory()

    def follow(seconds: float) -> GraphSchemas:
        return follow_columns(
            graph, params={}, peek=lambda *_: ORDERS, memory=memory, seconds=seconds
        )

    at_once = follow(0)
    assert (at_once.complete, "few" in at_once.outputs) == (False, False)
    assert follow(60).complete
    again = follow(0)
    assert again.complete
    assert again.outputs["few"].columns == ORDERS


@pytest.mark.parametrize(
    "condition",
    [
        "{{ 'x' * 10 ** 10 }} = status",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}amount > 1",
        "{{ 'x'.center(10 ** 10) }} = status",
        "{{ '%9999999999d' | format(1) }} > amount",
        "{{ params.least }}" * 1500,
    ],
    ids=["product", "loops", "filter", "format", "repeated"],
)
def test_a_template_that_costs_much_is_not_rendered_while_somebody_draws(condition: str) -> None:
    began = time.monotonic()
    found = through("transform.filter", {"condition": condition}, {"least": "7" * 1_000_000})
    assert found.problems == ()
    assert time.monotonic() - began < 2


def test_a_template_that_picks_values_is_followed() -> None:
    condition = "amount > {{ params.least | default(3) }} + {{ params.more + 1 }}"
    found = through("transform.filter", {"condition": condition}, {"more": 2})
    assert found.outputs["keep_paid"].columns == ORDERS
