"""Moving a dataset into a table: append, replace, upsert or delete_insert, in one transaction."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from etl.databases.rejects import RowFaultError, write_or_reject
from etl.databases.source import Source
from etl.errors import DataError
from etl.messages import say
from etl.postgres.copying import copy_batch, copy_rows
from etl.postgres.session import guarded
from etl.postgres.table import Table, identifiers

if TYPE_CHECKING:
    import pyarrow as pa

_INCOMING = Table("pg_temp", "logidata_incoming")
_WRITTEN = Table("pg_temp", "logidata_written")
_PARTITIONS = Table("pg_temp", "logidata_partitions")


@dataclass
class Writer:
    """Writes the rows of a source into a table; with `keys` rows that have them are updated."""

    connection: psycopg.Connection
    table: Table
    source: Source
    keys: Sequence[str] = ()

    def __post_init__(self) -> None:
        self._columns = self.source.names()
        if self.keys:
            _temporary(self.connection, _INCOMING, self._columns, self.table)
            _temporary(self.connection, _WRITTEN, self.keys, self.table)
            self.connection.execute(
                sql.SQL("ALTER TABLE {} ADD UNIQUE ({})").format(
                    _WRITTEN.identifier, identifiers(self.keys)
                )
            )

    def write_all(self) -> int:
        """Write all rows by one COPY and return how many."""
        target = _INCOMING if self.keys else self.table
        rows = copy_rows(self.connection, target, self.source)
        if self.keys:
            self._merge()
        self._check_deferred()
        return rows

    def write(self, batch: "pa.RecordBatch") -> None:
        """Write the rows of one batch; for the slow way, in which batches follow each other."""
        target = _INCOMING if self.keys else self.table
        copy_batch(self.connection, target, self._columns, batch)
        if self.keys:
            self._note_written()
            self._merge()
            self.connection.execute(sql.SQL("TRUNCATE {}").format(_INCOMING.identifier))
        self._check_deferred()

    def guarded(self) -> AbstractContextManager[None]:
        """Undo what the block wrote, and raise RowFaultError, if a row is refused."""
        return guarded(self.connection)

    def _check_deferred(self) -> None:
        # A constraint that is checked at the commit only would then fail the rows that are fine.
        self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def _merge(self) -> None:
        values = [name for name in self._columns if name not in self.keys]
        updates = sql.SQL(", ").join(
            sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in values
        )
        action = sql.SQL("UPDATE SET {}").format(updates) if values else sql.SQL("NOTHING")
        try:
            self.connection.execute(
                sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) DO {}").format(
                    self.table.identifier,
                    identifiers(self._columns),
                    identifiers(self._columns),
                    _INCOMING.identifier,
                    identifiers(self.keys),
                    action,
                )
            )
        except psycopg.errors.InvalidColumnReference:
            raise DataError(
                say(
                    "table {table} has no unique constraint on {keys}, so rows cannot be "
                    "matched. Add a primary key or unique index on exactly these columns.",
                    table=self.table,
                    keys=", ".join(self.keys),
                ),
                field="config.keys",
            ) from None
        except psycopg.errors.CardinalityViolation as exc:
            # Keys that differ in the input can be one to the table's types and collations.
            raise self._same_key() from exc

    def _note_written(self) -> None:
        """Refuse keys of an earlier batch, which the merge would quietly write over."""
        try:
            self.connection.execute(
                sql.SQL("INSERT INTO {} SELECT {} FROM {}").format(
                    _WRITTEN.identifier, identifiers(self.keys), _INCOMING.identifier
                )
            )
        except psycopg.errors.UniqueViolation as exc:
            raise self._same_key() from exc

    def _same_key(self) -> RowFaultError:
        names = ", ".join(self.keys)
        return RowFaultError(
            say("another row has the same key {keys} in the table", keys=names), names
        )


def delete_all(connection: psycopg.Connection, table: Table) -> None:
    """Delete the rows of a table that others may go on reading until the commit.

    DELETE, neither TRUNCATE nor a swap of two tables. TRUNCATE locks readers out from here to the
    commit, for the whole COPY, and shows those with an older snapshot an empty table, which is
    neither the old rows nor the new. A new table would have to take over grants, indexes, triggers
    and foreign keys, and views would go on reading the old one. With DELETE readers never wait and
    see the one or the other; the price is about a second for a million old rows, and their space
    until vacuum gives it back to the next load.
    """
    _lock(connection, table)
    connection.execute(sql.SQL("DELETE FROM {}").format(table.identifier))


def delete_partitions(
    connection: psycopg.Connection,
    table: Table,
    source: Source,
    names: Sequence[str],
    *,
    rejects: bool,
) -> None:
    """Delete the rows of a table whose values in the columns `names` the source has too."""
    _lock(connection, table)
    _temporary(connection, _PARTITIONS, names, table)
    partitions = _Partitions(connection, names)
    if rejects:
        # Values that do not fit are found again, and told, when their rows are written.
        write_or_reject(partitions, source.distinct(names), None)
    else:
        for batch in source.distinct(names):
            partitions.write(batch)
    connection.execute(sql.SQL("ANALYZE {}").format(_PARTITIONS.identifier))
    # Equality can be hashed, and asked of an index; NULL is equal to NULL only one by one.
    for operator, where in (("=", "IS NOT NULL"), ("IS NOT DISTINCT FROM", "IS NULL")):
        same = sql.SQL(" AND ").join(
            sql.SQL("t.{0} {1} p.{0}").format(sql.Identifier(name), sql.SQL(operator))
            for name in names
        )
        joined = sql.SQL(" AND " if operator == "=" else " OR ").join(
            sql.SQL("p.{} {}").format(sql.Identifier(name), sql.SQL(where)) for name in names
        )
        connection.execute(
            sql.SQL("DELETE FROM {} t USING {} p WHERE {} AND ({})").format(
                table.identifier, _PARTITIONS.identifier, same, joined
            )
        )


@dataclass(frozen=True)
class _Partitions:
    connection: psycopg.Connection
    names: Sequence[str]

    def write_all(self) -> int:
        raise NotImplementedError

    def write(self, batch: "pa.RecordBatch") -> None:
        copy_batch(self.connection, _PARTITIONS, self.names, batch)

    def guarded(self) -> AbstractContextManager[None]:
        return guarded(self.connection)


def _lock(connection: psycopg.Connection, table: Table) -> None:
    """Keep other writers out, never readers: what they add meanwhile would survive a delete."""
    connection.execute(
        sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(table.identifier)
    )
    row = connection.execute(
        "SELECT conname, conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
        " AND confrelid = to_regclass(%s) AND confdeltype IN ('c', 'n', 'd') LIMIT 1",
        [table.identifier.as_string(connection)],
    ).fetchone()
    if row:
        raise DataError(
            say(
                "deleting rows of {table} would change those of {other} too, by its "
                "foreign key {key} with ON DELETE. Load with mode upsert, or change the "
                "foreign key.",
                table=table,
                other=row[1],
                key=row[0],
            ),
            field="config.mode",
        )


def _temporary(
    connection: psycopg.Connection, table: Table, names: Sequence[str], like: Table
) -> None:
    """Make a temporary table with columns of the same types as another's, and no constraints."""
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            sql.Identifier(table.name), identifiers(names), like.identifier
        )
    )
