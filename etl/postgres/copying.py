"""Rows into columns of a table by COPY: as binary or CSV, whichever is right and faster."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import psycopg
from psycopg import sql

from etl.databases.source import Source
from etl.postgres import binary
from etl.postgres.table import Table, identifiers
from etl.sql import INPUT

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK_BYTES = 1 << 20
# With fewer rows binary saves less time than importing Arrow takes.
_BINARY_ROWS = 200_000


def copy_rows(connection: psycopg.Connection, table: Table, source: Source) -> int:
    """Write all rows of a source into a table by one COPY and return how many."""
    if source.inputs[INPUT].rows >= _BINARY_ROWS:
        values = binary.expressions(connection, table, source.columns)
        if values is not None:
            pieces = binary.encoded(source.read(values))
            return _copy(connection, table, source.names(), pieces, "binary")
    path = source.inputs.scratch_file("load.csv")
    try:
        # Quoted nothing is an empty text, unquoted nothing is NULL.
        source.write_csv(path, null="")
        with path.open("rb") as stream:
            chunks = iter(lambda: stream.read(_CHUNK_BYTES), b"")
            return _copy(connection, table, source.names(), chunks, "csv")
    finally:
        path.unlink(missing_ok=True)


def copy_batch(
    connection: psycopg.Connection, table: Table, names: Sequence[str], batch: "pa.RecordBatch"
) -> None:
    """Write the first columns of a batch of texts into columns of a table by COPY."""
    import io

    import pyarrow as pa
    from pyarrow import csv

    buffer = io.BytesIO()
    values = pa.table(batch.columns[: len(names)], [f"c{n}" for n in range(len(names))])
    csv.write_csv(values, buffer, csv.WriteOptions(include_header=False, quoting_style="all_valid"))
    _copy(connection, table, names, [buffer.getvalue()], "csv")


def _copy(
    connection: psycopg.Connection,
    table: Table,
    names: Sequence[str],
    pieces: Iterable[bytes],
    form: Literal["csv", "binary"],
) -> int:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT {}, ENCODING 'UTF8')").format(
        table.identifier, identifiers(names), sql.SQL(form)
    )
    with connection.cursor() as cursor:
        with cursor.copy(statement) as stream:
            for piece in pieces:
                stream.write(piece)
        return cursor.rowcount
