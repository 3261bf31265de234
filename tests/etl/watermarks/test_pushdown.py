"""Databases are asked for the new rows only."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from etl.context import Bounds
from etl.runner import run_node
from tests.etl.conftest import Lab
from tests.etl.mariadb import mariadb_server, query, shop_url

__all__ = ["mariadb_server", "shop_url"]


def given_by(lab: Lab, config: dict[str, Any], bounds: Bounds) -> list[Any]:
    """Return what the extractor itself gives, before the runner leaves anything out."""
    result = run_node(
        node_id="read",
        module="extract.sql",
        config=config,
        inputs={},
        context=replace(lab.context("read"), bounds=bounds),
    )
    return sorted(lab.records(result), key=str)


@pytest.mark.usefixtures("warehouse_url")
@pytest.mark.parametrize(
    ("kind", "values", "low", "given"),
    [
        ("bigint", ["1", "9007199254740993", "9007199254740994"], "9007199254740993", 2),
        ("numeric(10, 2)", ["1.5", "2.25"], "2.25", 1),
        # Read in double precision: the value is rounded up.
        ("numeric", ["1", "9007199254740995"], "9007199254740996.0", 1),
        ("double precision", ["0.1", "0.3"], "0.3", 1),
        ("date", ["'2024-05-01'", "'2024-05-02'"], "2024-05-02", 1),
        ("timestamp", ["'2024-05-01'", "'2024-05-02 00:00:00.000001'"],
         "2024-05-02 00:00:00.000001", 1),
        ("timestamptz", ["'2024-05-01 00:00:00+02'", "'2024-05-01 00:00:00+00'"],
         "2024-05-01 00:00:00+00", 1),
        # PostgreSQL orders texts by its own rules: it gives all of them.
        ("text", ["'a'", "'B'"], "B", 2),
        # What is no value of the type is not sent: the runner says what is wrong with it.
        ("integer", ["1", "2"], "yesterday", 2),
    ],
)  # fmt: skip
def test_postgresql_gives_what_is_new_and_what_has_no_value(
    lab: Lab, kind: str, values: list[str], low: str, given: int
) -> None:
    rows = ", ".join(f"(CAST({value} AS {kind}))" for value in [*values, "NULL"])
    config = {"connection": "warehouse", "query": f"SELECT v FROM (VALUES {rows}) AS t(v)"}
    found = given_by(lab, config, Bounds("V", low, None))
    assert len([row for row in found if row["v"] is not None]) == given
    assert [row for row in found if row["v"] is None] == [{"v": None}]


@pytest.mark.usefixtures("warehouse_url")
def test_postgresql_reads_a_window_again_in_ranges(lab: Lab) -> None:
    config = {
        "connection": "warehouse",
        "query": "SELECT n, mod(n, 7) AS k FROM generate_series(1, 1000) AS g(n) WHERE n <> %(no)s",
        "parameters": {"no": 500},
        "partition_column": "k",
    }
    found = given_by(lab, config, Bounds("n", "400", "600"))
    assert sorted(row["n"] for row in found) == [n for n in range(400, 601) if n != 500]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "values", "low", "given"),
    [
        ("BIGINT", ["1", "9007199254740993", "9007199254740994"], "9007199254740993", 2),
        ("DATETIME(6)", ["'2024-05-01'", "'2024-05-02 00:00:00.000001'"],
         "2024-05-02 00:00:00.000001", 1),
        ("TIMESTAMP NULL", ["'2024-05-01'", "'2024-05-02'"], "2024-05-02 00:00:00+00", 1),
        ("VARCHAR(9)", ["'a'", "'B'"], "B", 2),
    ],
)  # fmt: skip
def test_mysql_gives_what_is_new_and_what_has_no_value(
    lab: Lab, shop_url: str, kind: str, values: list[str], low: str, given: int
) -> None:
    query(shop_url, "DROP TABLE IF EXISTS bounded")
    query(shop_url, f"CREATE TABLE bounded (v {kind}, p INT DEFAULT 5)")
    query(
        shop_url, f"INSERT INTO bounded (v) VALUES {', '.join(f'({v})' for v in [*values, 'NULL'])}"
    )
    config = {
        "connection": "shop",
        "query": "SELECT v FROM bounded WHERE p = %(p)s",
        "parameters": {"p": 5},
    }
    found = given_by(lab, config, Bounds("v", low, None))
    assert len([row for row in found if row["v"] is not None]) == given
    assert [row for row in found if row["v"] is None] == [{"v": None}]


@pytest.mark.parametrize(
    ("kind", "values", "low", "given"),
    [
        ("INTEGER", [1, 2, 3], "2", 2),
        # Texts that mean times are compared by the runner.
        ("TIMESTAMP", ["2024-05-01T00:00:00", "2024-05-02 00:00:00"], "2024-05-02", 2),
    ],
)
def test_sqlite_gives_what_is_new_of_whole_numbers(
    lab: Lab, kind: str, values: list[Any], low: str, given: int
) -> None:
    with sqlite3.connect(lab.data / "shop.sqlite") as connection:
        connection.execute(f"CREATE TABLE t (v {kind})")
        connection.executemany("INSERT INTO t VALUES (?)", [(v,) for v in [*values, None]])
    connection.close()
    config = {"path": "shop.sqlite", "query": "SELECT v FROM t"}
    found = given_by(lab, config, Bounds("v", low, None))
    assert len([row for row in found if row["v"] is not None]) == given
