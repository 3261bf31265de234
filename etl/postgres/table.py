"""A table in the warehouse: what it is called, what it has, and making it."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from etl.databases.config import OnDrift
from etl.databases.drift import Drift, drift_of
from etl.dataset import Column
from etl.errors import ConfigError
from etl.messages import say
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
                say(
                    "'{value}' names no table. Write it as table or schema.table, each at "
                    "most {max_name_bytes} bytes long",
                    value=text,
                    max_name_bytes=MAX_NAME_BYTES,
                )
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


def column_types(connection: psycopg.Connection, table: Table) -> dict[str, int]:
    """Return the types of a table's writable columns, as oids by name; {} if there is no table."""
    rows = connection.execute(
        "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = to_regclass(%s)"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [table.identifier.as_string(connection)],
    ).fetchall()
    return dict(rows)


def existing_columns(connection: psycopg.Connection, table: Table) -> list[str] | None:
    """Return the names of a table's writable columns, or None if there is no such table."""
    return list(column_types(connection, table)) or None


def ensure_table(
    connection: psycopg.Connection,
    table: Table,
    columns: Sequence[Column],
    keys: Sequence[str],
    on_drift: OnDrift = "fail",
    *,
    needed: Sequence[str] = (),
) -> Drift:
    """Make the table if it is missing, with `keys` as its primary key; return what goes into it.

    Columns that an existing table lacks are dealt with as `on_drift` says; raise DataError naming
    them if that is to fail, or if one of them is a key or otherwise `needed`.
    """
    existing = existing_columns(connection, table)
    if existing is None:
        # Two loads at once would both find it missing; the second waits here, then finds it.
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(table)])
        existing = existing_columns(connection, table)
    if existing is None:
        _create(connection, table, columns, keys)
        return Drift(tuple(columns))
    drift = drift_of(str(table), columns, existing, on_drift, needed=[*keys, *needed])
    for column in drift.added:
        # Within the load's transaction, so that a load that fails adds none. Another load may
        # have added it since we looked.
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {}").format(
                table.identifier, _definition(column)
            )
        )
    return drift


def _create(
    connection: psycopg.Connection, table: Table, columns: Sequence[Column], keys: Sequence[str]
) -> None:
    items: list[sql.Composable] = [_definition(column) for column in columns]
    if keys:
        items.append(sql.SQL("PRIMARY KEY ({})").format(identifiers(keys)))
    connection.execute(
        sql.SQL("CREATE TABLE {} ({})").format(table.identifier, sql.SQL(", ").join(items))
    )


def _definition(column: Column) -> sql.Composed:
    if len(column.name.encode()) > MAX_NAME_BYTES:
        raise ConfigError(
            say(
                "column '{name}' is longer than the {max_name_bytes} bytes that "
                "PostgreSQL allows. Rename it with transform.select.",
                name=column.name,
                max_name_bytes=MAX_NAME_BYTES,
            )
        )
    return sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column_type(column.type)))


def identifiers(names: Sequence[str]) -> sql.Composed:
    """Return names as a quoted list for a statement."""
    return sql.SQL(", ").join(map(sql.Identifier, names))
