"""load.postgres in the binary format of COPY: the same rows as in its text, or the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from etl.postgres import binary, copying
from etl.sql import literal, quote
from tests.etl.conftest import Lab
from tests.etl.tables import Database, postgres

# Of each type the least, the most and what is special, as DuckDB casts it.
VALUES = {
    "BOOLEAN": ["true", "false"],
    "TINYINT": ["-128", "127"],
    "UTINYINT": ["0", "255"],
    "SMALLINT": ["-32768", "32767"],
    "USMALLINT": ["0", "65535"],
    "INTEGER": ["-2147483648", "2147483647"],
    "UINTEGER": ["0", "4294967295"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807"],
    "FLOAT": ["0.1", "-0.0", "nan", "inf", "-inf", "3.4e38"],
    "DOUBLE": ["0.1", "-0.0", "nan", "inf", "-inf", "1.7e308"],
    "VARCHAR": ["", " x ", 'a "ø", b', "\\.", "\\N", "NULL", "two\nlines"],
    "BLOB": ["", "ab", "\\x00\\xFF"],
    "DECIMAL(9,2)": ["0", "12345.67", "-0.01", "10000", "-9999999.99"],
    "DECIMAL(38,10)": ["0.0000000001", "-9999999999999999999999999999.9999999999"],
    "DATE": ["2024-02-29", "4713-01-01 (BC)", "infinity", "-infinity"],
    "TIMESTAMP": [
        "2024-02-29 23:59:59.123456",
        "4713-01-01 (BC) 00:00:00",
        "294246-12-31 23:59:59",
        "infinity",
        "-infinity",
    ],
    "TIMESTAMP WITH TIME ZONE": ["1969-05-01 06:00:00.000001+02", "infinity", "-infinity"],
    "UUID": ["00000000-0000-0000-0000-000000000001"],
}
# A row for each value, whose other columns are empty.
ROWS = " UNION ALL BY NAME ".join(
    f"SELECT CAST({literal(text)} AS {kind}) AS {quote(kind)}"
    for kind, texts in VALUES.items()
    for text in texts
)


# There are machines without it, on which all loads go as text.
pytest.importorskip("pgpq")


@pytest.fixture
def database(lab: Lab, warehouse_url: str) -> Iterator[Database]:
    yield from postgres(lab, warehouse_url)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Use the binary format for few rows too; tell the columns that went so."""
    seen: list[str] = []
    encode = binary.encoded

    def noted(batches: Any) -> Iterator[bytes]:
        seen.extend(batches.schema.names)
        return encode(batches)

    monkeypatch.setattr(copying, "_BINARY_ROWS", 0)
    monkeypatch.setattr(binary, "encoded", noted)
    return seen


def test_all_values_arrive_as_they_do_as_text(
    database: Database, encoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database.load(ROWS, table="as_binary")
    assert len(encoded) == len(VALUES)
    monkeypatch.setattr(copying, "_BINARY_ROWS", 1_000_000)
    database.lab.execution_id = "run-2"
    database.load(ROWS, table="as_text")

    # As text, in which NaN is equal to itself and -0 is not 0.
    for table, other in (("as_binary", "as_text"), ("as_text", "as_binary")):
        missing = database.sql(
            f"SELECT t::text FROM {table} t EXCEPT SELECT o::text FROM {other} o"
        )
        assert missing == []
    assert database.sql("SELECT count(*) FROM as_binary") == [(sum(map(len, VALUES.values())),)]


def test_no_rows_are_no_trouble(database: Database, encoded: list[str]) -> None:
    database.load("SELECT 1 AS id WHERE false")

    assert database.sql("SELECT count(*) FROM orders") == [(0,)]
    assert encoded


def test_an_upsert_goes_so_too(database: Database, encoded: list[str]) -> None:
    database.sql("CREATE TABLE orders (id bigint PRIMARY KEY, status varchar(5), made text)")
    database.load("SELECT range AS id, 'old' AS status FROM range(3)", "upsert", keys=["id"])
    database.load("SELECT 2 AS id, 'new' AS status", "upsert", keys=["id"])

    assert database.sql("SELECT id, status FROM orders ORDER BY id") == [
        (0, "old"),
        (1, "old"),
        (2, "new"),
    ]
    assert len(encoded) == 4


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "7::BIGINT"),
        ("numeric(9, 2)", "1.005::DOUBLE"),
        ("double precision", "0.1::FLOAT"),
        ("jsonb", "'[1]'"),
        ("timestamptz", "TIMESTAMP '2024-01-01 12:00:00'"),
        ("time", "TIME '12:00:00'"),
    ],
)
def test_a_type_that_is_another_in_the_table_goes_as_text(
    database: Database, encoded: list[str], kind: str, value: str
) -> None:
    database.sql(f"CREATE TABLE orders (id bigint, v {kind})")
    database.load(f"SELECT 1::BIGINT AS id, {value} AS v")

    assert encoded == []
    assert database.sql("SELECT count(v) FROM orders") == [(1,)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("DATE '5877642-06-25 (BC)'", "date out of range"),
        ("DATE '5881580-07-10'", "date out of range"),
        ("TIMESTAMP '290309-12-22 (BC) 00:00:00'", "timestamp out of range"),
        ("'longer'", "value too long for type character varying(5)"),
        ("'a' || chr(0)", 'invalid byte sequence for encoding "UTF8": 0x00'),
        ("NULL", 'null value in column "v"'),
    ],
)
def test_rows_that_the_table_refuses_are_set_aside(
    database: Database, encoded: list[str], value: str, reason: str
) -> None:
    kind = {"D": "date", "T": "timestamp"}.get(value[0], "varchar(5)")
    fine = {"D": "DATE '2024-01-01'", "T": "TIMESTAMP '2024-01-01'"}.get(value[0], "'x'")
    database.sql(f"CREATE TABLE orders (id bigint, v {kind} NOT NULL)")
    rows = f"SELECT range AS id, CASE range WHEN 1 THEN {value} ELSE {fine} END AS v FROM range(3)"

    result = database.load(rows, max_rejected=1)

    assert encoded
    assert database.sql("SELECT id FROM orders ORDER BY id") == [(0,), (2,)]
    [(told, _, _)] = database.rejected(result)
    assert told.startswith(reason)


def test_other_encodings_go_as_text(
    database: Database, encoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    database.load("SELECT 'ø' AS name")

    assert encoded == []
    assert database.sql("SELECT name FROM orders") == [("ø",)]
