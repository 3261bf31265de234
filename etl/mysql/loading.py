"""Moving a dataset into a table: append, replace, upsert or delete_insert.

Rows come in two steps: as texts into a temporary table, then into the target. LOAD DATA LOCAL
straight into the target would be quicker, but a server turns what is wrong with a row into a
warning there, and changes the value or drops the row; an INSERT in strict mode refuses it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pymysql import err

from etl.databases.rejects import RowFaultError, write_or_reject
from etl.databases.source import Source
from etl.dataset import Column
from etl.errors import DataError
from etl.messages import say
from etl.mysql.session import Opened, fetch, guarded, run
from etl.mysql.table import OF_TABLE, Table, cascade, identifiers, quote
from etl.mysql.types import from_text

if TYPE_CHECKING:
    import pyarrow as pa

_INCOMING = "_logidata_incoming"
_WRITTEN = "_logidata_written"
_PARTITIONS = "_logidata_partitions"
_DUPLICATE = 1062


@dataclass(frozen=True)
class Incoming:
    """The temporary table of texts, one for each of the columns that are loaded."""

    opened: Opened
    table: Table
    columns: tuple[Column, ...]

    @classmethod
    def make(cls, opened: Opened, target: Table, columns: tuple[Column, ...]) -> "Incoming":
        """Make the table. MySQL can do that within a transaction only under conditions."""
        table = target.sibling(_INCOMING)
        items = ", ".join(f"c{number} LONGTEXT" for number in range(len(columns)))
        run(
            opened,
            f"CREATE TEMPORARY TABLE {table.sql} ({items}) ENGINE = InnoDB"
            " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        )
        return cls(opened, table, columns)

    def fill(self, source: Source) -> int:
        """Take all rows in, by LOAD DATA LOCAL if the server lets us; return how many."""
        if fetch(self.opened, "SELECT @@local_infile")[0][0]:
            path = source.inputs.scratch_file("load.csv")
            try:
                source.write_csv(path, null="NULL")
                return self._load_data(path)
            finally:
                path.unlink(missing_ok=True)
        rows = 0
        for batch in source.rows():
            self.add(batch, range(len(self.columns)))
            rows += batch.num_rows
        return rows

    def _load_data(self, path: Path) -> int:
        # Only now may the server ask for a file: it could ask for another than this one.
        self.opened._local_infile = True
        try:
            return run(
                self.opened,
                f"LOAD DATA LOCAL INFILE %s INTO TABLE {self.table.sql} CHARACTER SET utf8mb4"
                " FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY ''"
                " LINES TERMINATED BY '\\n'",
                [str(path)],
            )
        finally:
            self.opened._local_infile = False

    def add(self, batch: "pa.RecordBatch", places: Sequence[int]) -> None:
        """Take the rows of a batch in, as the columns at `places`."""
        columns = ", ".join(f"c{place}" for place in places)
        marks = ", ".join(["%s"] * len(places))
        values = [column.to_pylist() for column in batch.columns[: len(places)]]
        with self.opened.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {self.table.sql} ({columns}) VALUES ({marks})",  # noqa: S608
                list(zip(*values, strict=True)),
            )

    def clear(self) -> None:
        """Forget the rows, within the transaction."""
        run(self.opened, f"DELETE FROM {self.table.sql}")  # noqa: S608

    def move(self, into: Table, names: Sequence[str], then: str = "") -> None:
        """Write the columns `names` of the rows into a table."""
        by_name = {column.name: (n, column) for n, column in enumerate(self.columns)}
        values = ", ".join(from_text(by_name[n][1], f"c{by_name[n][0]}") for n in names)
        run(
            self.opened,
            f"INSERT INTO {into.sql} ({identifiers(names)})"  # noqa: S608
            f" SELECT {values} FROM {self.table.sql} {then}",
        )


@dataclass
class Writer:
    """Writes the rows of a source into a table; with `keys` rows that have them are updated."""

    incoming: Incoming
    table: Table
    source: Source
    keys: Sequence[str] = ()

    def write_all(self) -> int:
        """Write all rows and return how many."""
        rows = self.incoming.fill(self.source)
        self._move()
        return rows

    def write(self, batch: "pa.RecordBatch") -> None:
        """Write the rows of one batch."""
        self.incoming.clear()
        self.incoming.add(batch, range(len(self.incoming.columns)))
        self._move()

    def guarded(self) -> AbstractContextManager[None]:
        """Undo what the block wrote, and raise RowFaultError, if a row is refused."""
        return guarded(self.incoming.opened)

    def _move(self) -> None:
        names = self.source.names()
        if not self.keys:
            self.incoming.move(self.table, names)
            return
        try:
            # Keys that differ in the input can be one to the table, such as 'a' and 'A' by its
            # collation, and the second would quietly write over the first.
            self.incoming.move(self.table.sibling(_WRITTEN), self.keys)
        except err.IntegrityError as exc:
            if exc.args[0] != _DUPLICATE:
                raise
            keys = ", ".join(self.keys)
            raise RowFaultError(
                say("another row has the same key {keys} in the table", keys=keys), keys
            ) from exc
        # With nothing to update, a row is set to what it is.
        values = [name for name in names if name not in self.keys] or list(self.keys)
        updates = ", ".join(f"{quote(name)} = VALUES({quote(name)})" for name in values)
        self.incoming.move(self.table, names, f"ON DUPLICATE KEY UPDATE {updates}")


def prepare_keys(opened: Opened, table: Table, names: Sequence[str], keys: Sequence[str]) -> None:
    """Make what an upsert needs; raise DataError if the table cannot match rows by the keys."""
    rows = fetch(
        opened,
        "SELECT s.index_name, s.column_name, c.extra, c.column_default"  # noqa: S608
        " FROM information_schema.statistics s JOIN information_schema.columns c"
        " USING (table_schema, table_name, column_name)"
        f" WHERE {OF_TABLE} AND s.non_unique = 0",
        [table.schema, table.name],
    )
    indexes: dict[str, set[str]] = {}
    free: set[str] = set()
    written = {name.casefold() for name in names}
    for index, column, extra, default in rows:
        indexes.setdefault(index, set()).add(column.casefold())
        # A new row gets a number, or NULL, there: neither can be one that exists.
        empty = default is None or default == "NULL"
        if column.casefold() not in written and ("auto_increment" in extra or empty):
            free.add(index)
    wanted = {key.casefold() for key in keys}
    if wanted not in indexes.values():
        raise DataError(
            say(
                "table {table} has no unique constraint on {keys}, so rows cannot be "
                "matched. Add a primary key or unique index on exactly these columns.",
                table=table,
                keys=", ".join(keys),
            ),
            field="config.keys",
        )
    others = [name for name, columns in indexes.items() if not wanted <= columns]
    for name in others:
        if name not in free:
            raise DataError(
                say(
                    "table {table} has another unique index, {name}, and MySQL would update "
                    "the row that matches by either. Drop that index, or use mode "
                    "delete_insert.",
                    table=table,
                    name=name,
                ),
                field="config.keys",
            )
    run(
        opened,
        f"CREATE TEMPORARY TABLE {table.sibling(_WRITTEN).sql} (UNIQUE KEY k ({identifiers(keys)}))"  # noqa: S608
        f" ENGINE = InnoDB AS SELECT {identifiers(keys)} FROM {table.sql} LIMIT 0",
    )


def prepare_partitions(opened: Opened, table: Table, names: Sequence[str]) -> None:
    """Make the table of the partitions that are to be deleted; its columns may be NULL."""
    columns = ", ".join(f"t.{quote(name)}" for name in names)
    run(
        opened,
        f"CREATE TEMPORARY TABLE {table.sibling(_PARTITIONS).sql} ENGINE = InnoDB AS SELECT"  # noqa: S608
        f" {columns} FROM (SELECT 1) one LEFT JOIN {table.sql} t ON FALSE LIMIT 0",
    )


def delete_partitions(
    incoming: Incoming, table: Table, source: Source, names: Sequence[str], *, rejects: bool
) -> None:
    """Delete the rows of a table whose values in the columns `names` the source has too."""
    check_cascades(incoming.opened, table)
    partitions = _Partitions(incoming, table.sibling(_PARTITIONS), names)
    if rejects:
        write_or_reject(partitions, source.distinct(names), None)
    else:
        for batch in source.distinct(names):
            partitions.write(batch)
    incoming.clear()
    same = " AND ".join(f"t.{quote(name)} <=> p.{quote(name)}" for name in names)
    run(
        incoming.opened,
        f"DELETE t FROM {table.sql} t JOIN {table.sibling(_PARTITIONS).sql} p ON {same}",
    )


@dataclass(frozen=True)
class _Partitions:
    incoming: Incoming
    table: Table
    names: Sequence[str]

    def write_all(self) -> int:
        raise NotImplementedError

    def write(self, batch: "pa.RecordBatch") -> None:
        columns = [column.name for column in self.incoming.columns]
        self.incoming.clear()
        self.incoming.add(batch, [columns.index(name) for name in self.names])
        self.incoming.move(self.table, self.names)

    def guarded(self) -> AbstractContextManager[None]:
        return guarded(self.incoming.opened)


def check_cascades(opened: Opened, table: Table) -> None:
    """Raise DataError if deleting rows of the table would change another one."""
    tie = cascade(opened, table)
    if tie:
        raise DataError(
            say(
                "deleting rows of {table} would change those of {other} too, by its "
                "foreign key {key} with ON DELETE. Load with mode upsert, or change the "
                "foreign key.",
                table=table,
                other=tie[1],
                key=tie[0],
            ),
            field="config.mode",
        )
