"""How columns, values and names arrive in PostgreSQL."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from tests.etl.conftest import Lab
from tests.etl.postgres.conftest import ORDERS, Warehouse, load


def test_a_missing_table_is_created_with_fitting_types(lab: Lab, warehouse: Warehouse) -> None:
    load(
        lab,
        warehouse,
        """SELECT true AS b, 1::TINYINT AS t, 1::INTEGER AS i, 1::BIGINT AS l, 1::HUGEINT AS h,
           1.25::DECIMAL(10, 2) AS d, 1.5::DOUBLE AS f, 'text' AS s, DATE '2024-05-01' AS day,
           TIMESTAMP '2024-05-01 06:00:00.123456' AS at, TIMESTAMPTZ '2024-05-01 06:00:00+02' AS z,
           TIME '06:00:00' AS clock, INTERVAL 1 DAY AS span, 'ab'::BLOB AS raw, [1, 2] AS list,
           {'k': 'v'} AS record, '{"j": 1}'::JSON AS json,
           '00000000-0000-0000-0000-000000000001'::UUID AS id, 1::UBIGINT AS u""",
    )

    types = warehouse.rows(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a"
        " WHERE a.attrelid = 'orders'::regclass AND a.attnum > 0 ORDER BY a.attnum"
    )
    assert dict(types) == {
        "b": "boolean",
        "t": "smallint",
        "i": "integer",
        "l": "bigint",
        "h": "numeric(38,0)",
        "d": "numeric(10,2)",
        "f": "double precision",
        "s": "text",
        "day": "date",
        "at": "timestamp without time zone",
        "z": "timestamp with time zone",
        "clock": "time without time zone",
        "span": "interval",
        "raw": "bytea",
        "list": "jsonb",
        "record": "jsonb",
        "json": "jsonb",
        "id": "uuid",
        "u": "numeric(20,0)",
    }
    (row,) = warehouse.rows("SELECT b, d, f, s, day, at, raw, list, record FROM orders")
    assert row == (
        True,
        Decimal("1.25"),
        1.5,
        "text",
        date(2024, 5, 1),
        datetime.fromisoformat("2024-05-01T06:00:00.123456"),
        b"ab",
        [1, 2],
        {"k": "v"},
    )
    assert warehouse.rows("SELECT z AT TIME ZONE 'UTC' FROM orders") == [
        (datetime.fromisoformat("2024-05-01T04:00"),)
    ]


def test_values_arrive_as_they_are(lab: Lab, warehouse: Warehouse) -> None:
    texts = ["", None, " x ", 'a "b", c', "two\nlines", "\\N", "\\.", "NULL", "ø✓", "'; DROP--"]
    rows = [{"id": number, "text": text} for number, text in enumerate(texts)]

    lab.run("load.postgres", {"connection": "warehouse", "table": warehouse.table()}, rows)

    assert warehouse.rows("SELECT text FROM orders ORDER BY id") == [(text,) for text in texts]


def test_a_single_empty_column_arrives_as_nulls(lab: Lab, warehouse: Warehouse) -> None:
    """In CSV a row of one NULL is an empty line."""
    load(lab, warehouse, "SELECT NULL::VARCHAR AS text FROM range(3)")

    assert warehouse.rows("SELECT count(*), count(text) FROM orders") == [(3, 0)]


def test_infinities_and_nan_arrive(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, "SELECT unnest(['NaN', 'inf', '-inf'])::DOUBLE AS f")

    assert warehouse.rows("SELECT f::text FROM orders ORDER BY 1") == [
        ("-Infinity",),
        ("Infinity",),
        ("NaN",),
    ]


def test_names_are_quoted(lab: Lab, warehouse: Warehouse) -> None:
    lab.run(
        "load.postgres",
        {
            "connection": "warehouse",
            "table": f'{warehouse.schema}.Or"ders; DROP',
            "mode": "upsert",
            "keys": ['I"d'],
        },
        """SELECT 1 AS "I""d", 2 AS "select", 3 AS "a b" """,
    )

    assert warehouse.rows('SELECT "I""d", "select", "a b" FROM "Or""ders; DROP"') == [(1, 2, 3)]


def test_a_line_that_ends_a_copy_elsewhere_is_a_value_here(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, "SELECT unnest(['\\.', 'after']) AS text")

    assert warehouse.rows("SELECT text FROM orders") == [("\\.",), ("after",)]


def test_no_rows_still_make_the_table(lab: Lab, warehouse: Warehouse) -> None:
    result = load(lab, warehouse, f"SELECT * FROM ({ORDERS}) WHERE false")

    assert result["shape"] == [0, 3]
    assert warehouse.rows("SELECT count(*) FROM orders") == [(0,)]
