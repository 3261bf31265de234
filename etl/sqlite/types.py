"""How the values of a DuckDB type are kept in SQLite, which has only five kinds of value."""

import re

from etl.dataset import Column
from etl.sql import quote

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_TYPES = {
    "BOOLEAN": "BOOLEAN",
    "FLOAT": "REAL",
    "DOUBLE": "REAL",
    "BLOB": "BLOB",
    # Dates and times are texts that sort as they should. These names keep them so.
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_NESTED = re.compile(r"\]$|^STRUCT\(|^MAP\(|^UNION\(")
# SQLite computes with doubles, which keep so many digits.
_EXACT_DIGITS = 15


def column_type(duckdb_type: str) -> str:
    """Return the declared type for a new column; TEXT where no other keeps every value."""
    decimal = _DECIMAL.fullmatch(duckdb_type)
    if decimal and int(decimal[1]) <= _EXACT_DIGITS:
        return f"DECIMAL({decimal[1]}, {decimal[2]})"
    return "INTEGER" if duckdb_type in _INTEGERS else _TYPES.get(duckdb_type, "TEXT")


def as_value(column: Column) -> str:
    """Return the DuckDB expression for what SQLite is given: a number, bytes or a text."""
    name = quote(column.name)
    if column.type in _INTEGERS or column.type == "BOOLEAN":
        return f"CAST({name} AS BIGINT)"
    if column.type in ("FLOAT", "DOUBLE"):
        return f"CAST({name} AS DOUBLE)"
    if column.type == "BLOB":
        return name
    if _NESTED.search(column.type):
        return f"CAST(to_json({name}) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"
