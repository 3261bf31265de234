"""Moving a dataset into a table: append, replace, upsert or delete_insert, in one transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.databases.rejects import RowFaultError, write_or_reject
from etl.databases.source import Source
from etl.errors import DataError
from etl.messages import say
from etl.sql import quote
from etl.sqlite.session import guarded
from etl.sqlite.table import identifiers

if TYPE_CHECKING:
    import pyarrow as pa

_WRITTEN = "temp.logidata_written"
_PARTITIONS = "temp.logidata_partitions"


@dataclass
class Writer:
    """Writes the rows of a source into a table; with `keys` rows that have them are updated."""

    connection: sqlite3.Connection
    table: str
    source: Source
    keys: Sequence[str] = ()

    def __post_init__(self) -> None:
        self._columns = self.source.names()
        marks = ", ".join("?" * len(self._columns))
        self._insert = (
            f"INSERT INTO {quote(self.table)} ({identifiers(self._columns)}) VALUES ({marks})"  # noqa: S608
        )
        if self.keys:
            self._insert += self._or_update()
            self._note_keys()

    def write_all(self) -> int:
        """Write all rows and return how many."""
        rows = 0
        for batch in self.source.rows():
            self.write(batch)
            rows += batch.num_rows
        return rows

    def write(self, batch: "pa.RecordBatch") -> None:
        """Write the rows of one batch."""
        rows = list(_rows(batch, len(self._columns)))
        if self.keys:
            places = [self._columns.index(key) for key in self.keys]
            try:
                self.connection.executemany(
                    f"INSERT INTO {_WRITTEN} VALUES ({', '.join('?' * len(self.keys))})",  # noqa: S608
                    [[row[place] for place in places] for row in rows],
                )
            except sqlite3.IntegrityError as exc:
                names = ", ".join(self.keys)
                raise RowFaultError(
                    say("another row has the same key {keys} in the table", keys=names), names
                ) from exc
        try:
            self.connection.executemany(self._insert, rows)
        except sqlite3.OperationalError as exc:
            if "ON CONFLICT" not in str(exc):
                raise
            raise DataError(
                say(
                    "table {table} has no unique constraint on {keys}, so rows cannot be "
                    "matched. Add a primary key or unique index on exactly these columns.",
                    table=self.table,
                    keys=", ".join(self.keys),
                ),
                field="config.keys",
            ) from None

    def guarded(self) -> AbstractContextManager[None]:
        """Undo what the block wrote, and raise RowFaultError, if a row is refused."""
        return guarded(self.connection)

    def _or_update(self) -> str:
        values = [name for name in self._columns if name not in self.keys]
        updates = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in values)
        action = f"UPDATE SET {updates}" if values else "NOTHING"
        return f" ON CONFLICT ({identifiers(self.keys)}) DO {action}"

    def _note_keys(self) -> None:
        # Keys that differ in the input can be one to the table, such as 'a' and 'A' by its
        # collation, and the second would quietly write over the first.
        like = f"SELECT {identifiers(self.keys)} FROM {quote(self.table)} LIMIT 0"  # noqa: S608
        self.connection.execute(f"CREATE TEMP TABLE logidata_written AS {like}")
        collations = _collations(self.connection, self.table, self.keys)
        items = ", ".join(
            f"{quote(key)} COLLATE {quote(collations.get(key.casefold(), 'BINARY'))}"
            for key in self.keys
        )
        self.connection.execute(
            f"CREATE UNIQUE INDEX temp.logidata_written_key ON logidata_written ({items})"
        )


def _collations(connection: sqlite3.Connection, table: str, keys: Sequence[str]) -> dict[str, str]:
    """Return how the unique index on exactly the `keys` compares each of them."""
    wanted = {key.casefold() for key in keys}
    for (index,) in connection.execute(
        'SELECT name FROM pragma_index_list(?) WHERE "unique"', [table]
    ).fetchall():
        found = connection.execute(
            "SELECT name, coll FROM pragma_index_xinfo(?) WHERE key", [index]
        ).fetchall()
        collations = {str(name).casefold(): coll for name, coll in found}
        if set(collations) == wanted:
            return collations
    return {}


def _rows(batch: "pa.RecordBatch", columns: int) -> Iterator[tuple[object, ...]]:
    import pyarrow as pa

    values = []
    for column in batch.columns[:columns]:
        items = column.to_pylist()
        if pa.types.is_floating(column.type):
            # SQLite would turn what is no number into NULL.
            items = ["NaN" if item is not None and item != item else item for item in items]
        values.append(items)
    return zip(*values, strict=True)


def delete_all(connection: sqlite3.Connection, table: str) -> None:
    """Delete the rows of a table; who reads meanwhile goes on with the old ones."""
    _check_cascades(connection, table)
    connection.execute(f"DELETE FROM {quote(table)}")  # noqa: S608


def delete_partitions(
    connection: sqlite3.Connection,
    table: str,
    source: Source,
    names: Sequence[str],
    *,
    rejects: bool,
) -> None:
    """Delete the rows of a table whose values in the columns `names` the source has too."""
    _check_cascades(connection, table)
    columns = identifiers(names)
    connection.execute(
        f"CREATE TEMP TABLE logidata_partitions AS SELECT {columns} FROM {quote(table)} LIMIT 0"  # noqa: S608
    )
    partitions = _Partitions(connection, len(names))
    if rejects:
        write_or_reject(partitions, source.distinct(names), None)
    else:
        for batch in source.distinct(names):
            partitions.write(batch)
    connection.execute(f"CREATE INDEX temp.logidata_parts ON logidata_partitions ({columns})")
    same = " AND ".join(f"p.{quote(n)} IS {quote(table)}.{quote(n)}" for n in names)
    connection.execute(
        f"DELETE FROM {quote(table)} WHERE EXISTS (SELECT 1 FROM {_PARTITIONS} p WHERE {same})"  # noqa: S608
    )


@dataclass(frozen=True)
class _Partitions:
    connection: sqlite3.Connection
    columns: int

    def write_all(self) -> int:
        raise NotImplementedError

    def write(self, batch: "pa.RecordBatch") -> None:
        self.connection.executemany(
            f"INSERT INTO {_PARTITIONS} VALUES ({', '.join('?' * self.columns)})",  # noqa: S608
            _rows(batch, self.columns),
        )

    def guarded(self) -> AbstractContextManager[None]:
        return guarded(self.connection)


def _check_cascades(connection: sqlite3.Connection, table: str) -> None:
    row = connection.execute(
        "SELECT m.name FROM sqlite_master m, pragma_foreign_key_list(m.name) f"
        " WHERE m.type = 'table' AND lower(f.\"table\") = lower(?)"
        " AND f.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT') LIMIT 1",
        [table],
    ).fetchone()
    if row:
        raise DataError(
            say(
                "deleting rows of {table} would change those of {other} too, by its "
                "foreign key with ON DELETE. Load with mode upsert, or change the "
                "foreign key.",
                table=table,
                other=row[0],
            ),
            field="config.mode",
        )
