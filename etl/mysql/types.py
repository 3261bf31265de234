"""Which MySQL type holds the values of a DuckDB type, and how they travel as text."""

import re

from etl.dataset import Column
from etl.sql import quote

_TYPES = {
    "BOOLEAN": "BOOLEAN",
    "TINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
    "UTINYINT": "TINYINT UNSIGNED",
    "USMALLINT": "SMALLINT UNSIGNED",
    "UINTEGER": "INT UNSIGNED",
    "UBIGINT": "BIGINT UNSIGNED",
    "FLOAT": "FLOAT",
    "DOUBLE": "DOUBLE",
    "DATE": "DATE",
    "TIME": "TIME(6)",
    "TIMESTAMP": "DATETIME(6)",
    "TIMESTAMP_S": "DATETIME(6)",
    "TIMESTAMP_MS": "DATETIME(6)",
    "TIMESTAMP_NS": "DATETIME(6)",
    # In UTC. MySQL's own TIMESTAMP ends in 2038.
    "TIMESTAMP WITH TIME ZONE": "DATETIME(6)",
    "UUID": "CHAR(36)",
    "BLOB": "LONGBLOB",
    "JSON": "JSON",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_NESTED = re.compile(r"\]$|^STRUCT\(|^MAP\(|^UNION\(")
_MAX_SCALE = 30
# An index holds texts of a limited length only.
_KEY_TEXT = "VARCHAR(255)"


def column_type(duckdb_type: str, *, key: bool = False) -> str:
    """Return the MySQL type for a new column; a text type where nothing fits better."""
    decimal = _DECIMAL.fullmatch(duckdb_type)
    if decimal and int(decimal[2]) <= _MAX_SCALE:
        return f"DECIMAL({decimal[1]}, {decimal[2]})"
    if _NESTED.search(duckdb_type):
        return "JSON"
    return _TYPES.get(duckdb_type, _KEY_TEXT if key else "LONGTEXT")


def as_text(column: Column) -> str:
    """Return the DuckDB expression that writes a column as MySQL reads it."""
    name = quote(column.name)
    if column.type == "BLOB":
        return f"hex({name})"
    if column.type == "BOOLEAN":
        return f"CAST(CAST({name} AS TINYINT) AS VARCHAR)"
    if column.type == "TIMESTAMP WITH TIME ZONE":
        # The engine's zone is UTC.
        return f"CAST(CAST({name} AS TIMESTAMP) AS VARCHAR)"
    if _NESTED.search(column.type):
        return f"CAST(to_json({name}) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


def from_text(column: Column, source: str) -> str:
    """Return the MySQL expression for the value that the text in `source` stands for."""
    return f"UNHEX({source})" if column.type == "BLOB" else source
