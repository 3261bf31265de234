"""What is wrong with a watermark before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from etl.dataset import Column
from etl.graph import parse_graph
from etl.schemas import follow_columns
from etl.validation import validate_graph

LOADERS: dict[str, dict[str, Any]] = {
    "append": {"module": "load.sqlite", "config": {"path": "t.sqlite", "table": "t"}},
    "upsert": {
        "module": "load.sqlite",
        "config": {"path": "t.sqlite", "table": "t", "mode": "upsert", "keys": ["id"]},
    },
    "replace": {
        "module": "load.sqlite",
        "config": {"path": "t.sqlite", "table": "t", "mode": "replace"},
    },
    "delete_insert": {
        "module": "load.sqlite",
        "config": {
            "path": "t.sqlite",
            "table": "t",
            "mode": "delete_insert",
            "partition_by": ["day"],
        },
    },
    "http": {"module": "load.http", "config": {"connection": "api", "path": "orders"}},
    "file": {"module": "load.csv", "config": {"path": "orders.csv"}},
    "file of each day": {"module": "load.csv", "config": {"path": "orders-{{ ds }}.csv"}},
    "file of each run": {"module": "load.csv", "config": {"path": "orders-{{ run_id }}.csv"}},
}


def graph(loader: str = "append", **watermark: Any) -> dict[str, Any]:
    return {
        "nodes": [
            {
                "id": "read",
                "module": "extract.jsonl",
                "config": {"path": "orders.jsonl"},
                "watermark": {"column": "id", **watermark},
            },
            {"id": "keep", "module": "transform.filter", "config": {"condition": "id > 0"}},
            {"id": "load", **LOADERS[loader]},
        ],
        "edges": [{"source": "read", "target": "keep"}, {"source": "keep", "target": "load"}],
    }


def messages(raw: dict[str, Any]) -> list[str]:
    return [f"{p.field}: {p.message}" for p in validate_graph(raw, connections=None)]


@pytest.mark.parametrize("loader", ["append", "upsert", "http", "file of each run"])
def test_a_loader_that_keeps_what_is_there_is_fine(loader: str) -> None:
    assert messages(graph(loader)) == []


@pytest.mark.parametrize("loader", ["replace", "delete_insert", "file", "file of each day"])
def test_a_loader_that_writes_its_target_anew_is_refused(loader: str) -> None:
    (message,) = messages(graph(loader))
    assert message.startswith("watermark: Node 'read': with a watermark it gives only new rows")
    assert "'load'" in message


@pytest.mark.parametrize(
    ("lag", "said"),
    [
        (-1, "A lag cannot be negative"),
        ("often", "'often' is no lag"),
        ("1 month", "'1 month' is no lag"),
    ],
)
def test_a_lag_that_is_none_is_refused(lag: object, said: str) -> None:
    assert said in messages(graph(lag=lag))[0]


@pytest.mark.parametrize("lag", [0, 2.5, "2 hours", "1 day", "30 Minutes"])
def test_a_lag_is_a_number_or_a_time(lag: object) -> None:
    assert messages(graph(lag=lag)) == []


def test_only_an_extractor_has_one() -> None:
    raw = graph()
    raw["nodes"][1]["watermark"] = {"column": "id"}
    (message,) = messages(raw)
    assert "'transform.filter' takes its rows from other nodes" in message


def test_without_a_loader_it_would_never_move() -> None:
    raw = graph()
    raw["nodes"].pop()
    raw["edges"].pop()
    assert any("would never move" in message for message in messages(raw))


def test_its_column_must_be_there() -> None:
    columns = (Column("order_id", "BIGINT"), Column("updated_at", "TIMESTAMP"))
    found = follow_columns(
        parse_graph(graph(column="updated")), params={}, peek=lambda node, module: columns
    )
    assert found.problems[0].field == "watermark.column"
    assert found.problems[0].message == (
        "Node 'read': there is no column 'updated' for its watermark; read gives order_id, "
        "updated_at. Did you mean 'updated_at'?"
    )


def test_it_is_a_part_of_what_makes_a_revision() -> None:
    from etl.graph import canonical

    assert canonical(graph(lag=1)) != canonical(graph(lag=2))


def test_the_loaders_after_a_node_are_all_that_its_rows_can_come_to() -> None:
    raw = graph()
    raw["nodes"].append({"id": "also", **LOADERS["upsert"]})
    raw["nodes"].append({"id": "other", **LOADERS["upsert"]})
    raw["edges"].append({"source": "read", "target": "also"})
    assert parse_graph(raw).loaders_after("read") == ["also", "load"]


@pytest.mark.parametrize(("loader", "fine"), [("append", False), ("http", False), ("upsert", True)])
def test_a_loader_that_adds_rows_takes_those_of_one_watermark_only(loader: str, fine: bool) -> None:
    raw = graph(loader)
    raw["nodes"][1] = {"id": "keep", "module": "transform.union", "config": {}}
    raw["nodes"].append({**raw["nodes"][0], "id": "more"})
    raw["edges"].append({"source": "more", "target": "keep"})
    found = messages(raw)
    assert (found == []) == fine
    assert fine or "rows of 'read', 'more' come to it" in found[0]
