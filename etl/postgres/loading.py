"""Moving a dataset into a table: append, replace or upsert, within one transaction."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from etl.dataset import Column
from etl.errors import DataError
from etl.inputs import Inputs
from etl.postgres.table import Table, identifiers
from etl.postgres.types import as_text
from etl.sql import quote

_INCOMING = Table("pg_temp", "logidata_incoming")
_CHUNK_BYTES = 1 << 20


def append(connection: psycopg.Connection, table: Table, inputs: Inputs) -> int:
    """Add the input's rows to the table and return how many."""
    return copy_rows(connection, table, inputs)


def replace(connection: psycopg.Connection, table: Table, inputs: Inputs) -> int:
    """Make the input's rows the only ones of the table and return how many."""
    connection.execute(sql.SQL("TRUNCATE {}").format(table.identifier))
    return copy_rows(connection, table, inputs)


def upsert(
    connection: psycopg.Connection, table: Table, inputs: Inputs, keys: Sequence[str]
) -> int:
    """Update the rows whose keys the table has, add the others, and return how many.

    Raise DataError if a key is empty or comes twice: which row should win is not ours to guess.
    """
    columns = inputs["input"].column_names()
    _check_keys(inputs, keys)
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            sql.Identifier(_INCOMING.name), identifiers(columns), table.identifier
        )
    )
    rows = copy_rows(connection, _INCOMING, inputs)
    values = [name for name in columns if name not in keys]
    updates = sql.SQL(", ").join(
        sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in values
    )
    action = sql.SQL("UPDATE SET {}").format(updates) if values else sql.SQL("NOTHING")
    try:
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) DO {}").format(
                table.identifier,
                identifiers(columns),
                identifiers(columns),
                _INCOMING.identifier,
                identifiers(keys),
                action,
            )
        )
    except psycopg.errors.InvalidColumnReference:
        raise DataError(
            f"table {table} has no unique constraint on {', '.join(keys)}, so rows cannot be "
            "matched. Add a primary key or unique index on exactly these columns.",
            field="config.keys",
        ) from None
    return rows


def _check_keys(inputs: Inputs, keys: Sequence[str]) -> None:
    names = [quote(key) for key in keys]
    empty = " OR ".join(f"{name} IS NULL" for name in names)
    found = inputs.select(["count(*)"], then=f"WHERE {empty}").fetchone()
    if found and found[0]:
        raise DataError(
            f"{found[0]} rows have no value in the key {', '.join(keys)}. Keep them out with "
            "transform.filter, or choose other keys.",
            field="config.keys",
        )
    texts = [f"CAST({name} AS VARCHAR)" for name in names]
    example = inputs.select(
        [*texts, "count(*)"], then=f"GROUP BY {', '.join(names)} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    if example:
        key = ", ".join(f"{name} = {value}" for name, value in zip(keys, example, strict=False))
        raise DataError(
            f"{example[-1]} rows have the same key ({key}). Keep one of them with "
            "transform.aggregate or transform.sql, or choose other keys.",
            field="config.keys",
        )


def copy_rows(connection: psycopg.Connection, table: Table, inputs: Inputs) -> int:
    """Stream the input into the table by COPY and return the number of rows."""
    columns: Sequence[Column] = inputs["input"].columns
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')").format(
        table.identifier, identifiers([column.name for column in columns])
    )
    # DuckDB writes CSV on all cores, so a file on the way is faster than rows through Python.
    path = inputs.scratch_file("load.csv")
    try:
        # All values are quoted text: quoted nothing is an empty text, unquoted nothing is NULL.
        inputs.select([as_text(column.name, column.type) for column in columns]).write_csv(
            str(path), header=False, sep=",", na_rep="", quotechar='"', escapechar='"', quoting=1
        )
        with path.open("rb") as stream, connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                while chunk := stream.read(_CHUNK_BYTES):
                    copy.write(chunk)
            return cursor.rowcount
    finally:
        path.unlink(missing_ok=True)
