"""load.sqlite: what is SQLite's own. tests/etl/test_table_loads.py has the rest."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any

import pytest

from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab

KEY = "load.sqlite"


def rows(lab: Lab, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(lab.data / "marts.sqlite")
    with connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


def config(**more: object) -> dict[str, object]:
    return {"path": "marts.sqlite", "table": "orders", **more}


def test_values_keep_their_digits(lab: Lab) -> None:
    lab.run(
        "load.sqlite",
        config(),
        """SELECT true AS b, 9223372036854775807 AS l, 1.25::DECIMAL(10, 2) AS d,
           12345678901234567890.123::DECIMAL(38, 3) AS long, 1.5::DOUBLE AS f,
           DATE '2024-05-01' AS day, TIMESTAMP '2024-05-01 06:00:00.123456' AS at,
           TIMESTAMPTZ '2024-05-01 06:00:00+02' AS z, 'ab'::BLOB AS raw, [1, 2] AS list,
           '123'::JSON AS json, 18446744073709551615::UBIGINT AS u, 'NaN'::DOUBLE AS nan""",
    )

    assert rows(lab, "SELECT * FROM orders") == [
        (1, 9223372036854775807, 1.25, "12345678901234567890.123", 1.5, "2024-05-01",
         "2024-05-01 06:00:00.123456", "2024-05-01 04:00:00+00", b"ab", "[1,2]", "123",
         "18446744073709551615", "NaN")
    ]  # fmt: skip
    assert Decimal(rows(lab, "SELECT long FROM orders")[0][0]) == Decimal(
        "12345678901234567890.123"
    )


def test_keys_that_are_one_in_the_table_do_not_overwrite_each_other(lab: Lab) -> None:
    rows(lab, "CREATE TABLE orders (id TEXT COLLATE NOCASE PRIMARY KEY, n INTEGER)")
    source = "SELECT * FROM (VALUES ('a', 1), ('A', 2), ('b', 3)) v(id, n)"

    with pytest.raises(DataError, match="same key id in the table"):
        lab.run(KEY, config(mode="upsert", keys=["id"]), source)
    result = lab.run(KEY, config(mode="upsert", keys=["id"], max_rejected=1), source)

    assert rows(lab, "SELECT id, n FROM orders ORDER BY id") == [("a", 1), ("b", 3)]
    assert result["metrics"]["rows_rejected"] == 1


def test_rows_of_other_tables_are_not_deleted_with_those_of_the_target(lab: Lab) -> None:
    rows(lab, "CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    rows(lab, "CREATE TABLE lines (id INTEGER REFERENCES orders (id) ON DELETE CASCADE)")

    with pytest.raises(DataError, match="would change those of lines"):
        lab.run(KEY, config(mode="replace"), "SELECT 1 AS id")


def test_a_strict_table_refuses_values_of_another_type(lab: Lab) -> None:
    rows(lab, "CREATE TABLE orders (id INTEGER, n INTEGER) STRICT")
    source = "SELECT * FROM (VALUES (1, '1'), (2, 'x')) v(id, n)"

    result = lab.run(KEY, config(max_rejected=1), source)

    assert rows(lab, "SELECT id FROM orders") == [(1,)]
    assert result["metrics"]["rows_rejected"] == 1


@pytest.mark.parametrize("path", ["../out.sqlite", "/tmp/out.sqlite"])
def test_a_file_beyond_the_data_folder_is_refused(lab: Lab, path: str) -> None:
    with pytest.raises(ConfigError, match="data folder"):
        lab.run(KEY, {**config(), "path": path}, "SELECT 1 AS id")


def test_a_file_that_is_no_database_is_refused(lab: Lab) -> None:
    (lab.data / "marts.sqlite").write_text("id,n\n" * 500)

    with pytest.raises(ConfigError, match="not a database"):
        lab.run(KEY, config(), "SELECT 1 AS id")


@pytest.mark.parametrize("table", ["sqlite_master", "", "a\x00b"])
def test_a_name_that_cannot_be_a_table_is_refused(lab: Lab, table: str) -> None:
    with pytest.raises(ConfigError, match="table"):
        lab.run(KEY, {**config(), "table": table}, "SELECT 1 AS id")


def test_names_are_quoted(lab: Lab) -> None:
    lab.run(
        KEY,
        config(table='Or"ders; DROP', mode="upsert", keys=['I"d']),
        """SELECT 1 AS "I""d", 2 AS "select", 3 AS "a b" """,
    )

    assert rows(lab, 'SELECT "I""d", "select", "a b" FROM "Or""ders; DROP"') == [(1, 2, 3)]
