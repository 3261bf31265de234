"""A table in the warehouse: what it is called, what it has, and making it."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from etl.dataset import Column
from etl.errors import ConfigError, DataError
from etl.postgres.types import column_type

# PostgreSQL cuts longer names off, which could make two of them one.
MAX_NAME_BYTES = 63


@dataclass(frozen=True)
class Table:
    """A table by schema and name. `schema` None leaves it to the search path."""

    schema: str | None
    name: str

    @classmethod
    def parse(cls, text: str) -> "Table":
        """Return the table that "orders" or "sales.orders" names; raise ValueError if none."""
        parts = text.split(".")
        fits = all(part and len(part.encode()) <= MAX_NAME_BYTES for part in parts)
        if len(parts) > 2 or not fits or "\x00" in text:
            raise ValueError(
                f"'{text}' names no table. Write it as table or schema.table, each at most "
                f"{MAX_NAME_BYTES} bytes long"
            )
        return cls(parts[0] if len(parts) == 2 else None, parts[-1])

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def identifier(self) -> sql.Identifier:
        """The quoted name for a statement."""
        return sql.Identifier(*([self.schema] if self.schema else []), self.name)

    def sibling(self, name: str) -> "Table":
        """Return another table in the same schema."""
        return Table(self.schema, name)


def existing_columns(connection: psycopg.Connection, table: Table) -> list[str] | None:
    """Return the names of a table's writable columns, or None if there is no such table."""
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [table.identifier.as_string(connection)],
    ).fetchall()
    return [row[0] for row in rows] or None


def ensure_table(
    connection: psycopg.Connection, table: Table, columns: Sequence[Column], keys: Sequence[str]
) -> None:
    """Make the table if it is missing, with `keys` as its primary key.

    Raise DataError naming the columns that an existing table lacks.
    """
    existing = existing_columns(connection, table)
    if existing is None:
        # Two loads at once would both find it missing; the second waits here, then finds it.
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(table)])
        existing = existing_columns(connection, table)
    if existing is None:
        _create(connection, table, columns, keys)
        return
    missing = [column.name for column in columns if column.name not in existing]
    if missing:
        raise DataError(
            f"table {table} has no column {', '.join(repr(name) for name in missing)}; it has "
            f"{', '.join(existing)}. Add the column to the table, or rename or leave it out with "
            "transform.select.",
            field="config.table",
        )


def _create(
    connection: psycopg.Connection, table: Table, columns: Sequence[Column], keys: Sequence[str]
) -> None:
    for column in columns:
        if len(column.name.encode()) > MAX_NAME_BYTES:
            raise ConfigError(
                f"column '{column.name}' is longer than the {MAX_NAME_BYTES} bytes that "
                "PostgreSQL allows. Rename it with transform.select."
            )
    items: list[sql.Composable] = [
        sql.SQL("{} {}").format(sql.Identifier(c.name), sql.SQL(column_type(c.type)))
        for c in columns
    ]
    if keys:
        items.append(sql.SQL("PRIMARY KEY ({})").format(identifiers(keys)))
    connection.execute(
        sql.SQL("CREATE TABLE {} ({})").format(table.identifier, sql.SQL(", ").join(items))
    )


def identifiers(names: Sequence[str]) -> sql.Composed:
    """Return names as a quoted list for a statement."""
    return sql.SQL(", ").join(map(sql.Identifier, names))
