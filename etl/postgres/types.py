"""Which PostgreSQL type holds the values of a DuckDB type, and how they travel as text."""

import re

from etl.dataset import Column
from etl.sql import quote

_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "UTINYINT": "smallint",
    "INTEGER": "integer",
    "USMALLINT": "integer",
    "BIGINT": "bigint",
    "UINTEGER": "bigint",
    "UBIGINT": "numeric(20)",
    "HUGEINT": "numeric(39)",
    "UHUGEINT": "numeric(39)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIME WITH TIME ZONE": "timetz",
    "INTERVAL": "interval",
    "UUID": "uuid",
    "BLOB": "bytea",
    "JSON": "jsonb",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_NESTED = re.compile(r"\]$|^STRUCT\(|^MAP\(|^UNION\(")


def column_type(duckdb_type: str) -> str:
    """Return the PostgreSQL type for a new column; text where nothing fits better."""
    decimal = _DECIMAL.fullmatch(duckdb_type)
    if decimal:
        return f"numeric({decimal[1]}, {decimal[2]})"
    if _NESTED.search(duckdb_type):
        return "jsonb"
    return _TYPES.get(duckdb_type, "text")


def as_text(column: Column) -> str:
    """Return the DuckDB expression that writes a column as PostgreSQL reads it in a COPY."""
    name = quote(column.name)
    if column.type == "BLOB":
        return f"'\\x' || lower(hex({name}))"
    if _NESTED.search(column.type):
        return f"CAST(to_json({name}) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


_READ = {
    16: "BOOLEAN",
    17: "BLOB",
    20: "BIGINT",
    21: "SMALLINT",
    23: "INTEGER",
    26: "BIGINT",
    700: "FLOAT",
    701: "DOUBLE",
    1082: "DATE",
    1083: "TIME",
    1114: "TIMESTAMP",
    1184: "TIMESTAMP WITH TIME ZONE",
}
_NUMERIC = 1700
_DUCKDB_DIGITS = 38


def duckdb_type(oid: int, modifier: int) -> str:
    """Return the DuckDB type for a column that PostgreSQL describes; VARCHAR for most."""
    if oid != _NUMERIC:
        return _READ.get(oid, "VARCHAR")
    # As PostgreSQL packs them; without a modifier there are any number of digits.
    precision, scale = (modifier - 4) >> 16 & 0xFFFF, (modifier - 4) & 0x7FF
    if modifier < 4 or not 0 <= scale <= precision <= _DUCKDB_DIGITS:
        return "DOUBLE"
    return f"DECIMAL({precision},{scale})"
