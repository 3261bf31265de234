"""A table in a SQLite file: what it is called, what it has, and making it."""

import sqlite3
from collections.abc import Sequence

from etl.databases.config import OnDrift
from etl.databases.drift import Drift, drift_of
from etl.dataset import Column
from etl.messages import say
from etl.sql import quote
from etl.sqlite.types import column_type

_MAX_NAME = 200


def check_name(text: str) -> str:
    """Return the name of a table; raise ValueError if it cannot be one."""
    if not text or len(text) > _MAX_NAME or not text.isprintable():
        raise ValueError(
            say(
                "'{value}' names no table. Use at most {max_name} printable characters",
                value=text,
                max_name=_MAX_NAME,
            )
        )
    if text.casefold().startswith("sqlite_"):
        raise ValueError(say("'{value}' belongs to SQLite itself. Choose another name", value=text))
    return text


def existing_columns(connection: sqlite3.Connection, table: str) -> list[str] | None:
    """Return the names of a table's writable columns, or None if there is no such table."""
    rows = connection.execute(
        "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid", [table]
    ).fetchall()
    return [row[0] for row in rows] or None


def ensure_table(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[Column],
    keys: Sequence[str],
    on_drift: OnDrift,
    *,
    needed: Sequence[str] = (),
) -> Drift:
    """Make the table if it is missing, with `keys` as its primary key; return what goes into it.

    Columns that an existing table lacks are dealt with as `on_drift` says; raise DataError naming
    them if that is to fail, or if one of them is a key or otherwise `needed`.
    """
    existing = existing_columns(connection, table)
    if existing is None:
        items = [f"{quote(c.name)} {column_type(c.type)}" for c in columns]
        if keys:
            items.append(f"PRIMARY KEY ({identifiers(keys)})")
        connection.execute(f"CREATE TABLE {quote(table)} ({', '.join(items)})")
        return Drift(tuple(columns))
    # Case does not count in SQLite's names.
    drift = drift_of(table, columns, existing, on_drift, needed=[*keys, *needed], fold=str.casefold)
    for column in drift.added:
        connection.execute(
            f"ALTER TABLE {quote(table)} ADD COLUMN {quote(column.name)} {column_type(column.type)}"
        )
    return drift


def identifiers(names: Sequence[str]) -> str:
    """Return names as a quoted list for a statement."""
    return ", ".join(map(quote, names))
