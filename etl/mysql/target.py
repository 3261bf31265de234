"""A MySQL or MariaDB table as the target of a load."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from etl.context import RunContext
from etl.databases.config import Mode, OnDrift
from etl.databases.drift import Drift, drift_of
from etl.databases.loading import Committed
from etl.databases.source import Source
from etl.dataset import Column
from etl.errors import TransientError
from etl.messages import say
from etl.mysql import ledger, loading
from etl.mysql.session import Opened, fetch, run
from etl.mysql.table import (
    Table,
    check_engine,
    create,
    definition,
    existing_columns,
    has_ties,
)
from etl.mysql.types import as_text

_WAIT_SECONDS = 600


@dataclass
class MySQLTarget:
    """See `etl.databases.loading.Target`.

    Every change of a table's shape commits what is open. So all of that comes first, in `prepare`,
    and can be repeated; then one transaction follows, which ends in `publish`.

    `replace` fills a new table and swaps the two by one RENAME: readers see the old rows or the
    new, and a table of millions of rows is not deleted row by row. The new table has the columns
    and indexes of the old; grants and views go by the name. Foreign keys and triggers would stay
    with the old table, so that where there are any, the rows are deleted and inserted instead.
    Killed between the steps, a load leaves a table beside the target, which the next one removes.
    """

    opened: Opened
    table: Table
    context: RunContext
    mode: Mode
    _incoming: loading.Incoming = field(init=False)
    _swaps: bool = field(default=False, init=False)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other loads of the same table waiting, which would use the same names beside it."""
        name = self._beside("lock").name
        if fetch(self.opened, "SELECT GET_LOCK(%s, %s)", [name, _WAIT_SECONDS])[0][0] != 1:
            raise TransientError(
                say(
                    "another load of {table} has not ended within {wait_seconds} s. Execute again.",
                    table=self.table,
                    wait_seconds=_WAIT_SECONDS,
                )
            )
        # The lock ends with the session, also when we are killed.
        yield

    def prepare(
        self, columns: Sequence[Column], keys: Sequence[str], parts: Sequence[str], policy: OnDrift
    ) -> Drift:
        """Make the table, or see to the columns that it lacks; begin the transaction."""
        existing = existing_columns(self.opened, self.table)
        if existing is None:
            create(self.opened, self.table, columns, keys)
            existing = existing_columns(self.opened, self.table) or []
        check_engine(self.opened, self.table)
        drift = drift_of(
            str(self.table), columns, existing, policy, needed=[*keys, *parts], fold=str.casefold
        )
        if self.mode == "append":
            ledger.prepare(self.opened, self.table)
        self._swaps = self.mode == "replace" and not has_ties(self.opened, self.table)
        if self._swaps:
            self._copy()
        for column in drift.added:
            run(self.opened, f"ALTER TABLE {self._written.sql} ADD COLUMN {definition(column)}")
        if keys:
            names = [column.name for column in drift.loaded]
            loading.prepare_keys(self.opened, self.table, names, keys)
        if parts:
            loading.prepare_partitions(self.opened, self.table, parts)
        self._incoming = loading.Incoming.make(self.opened, self.table, drift.loaded)
        run(self.opened, "START TRANSACTION")
        return replace(drift, loaded=drift.loaded)

    def value(self, column: Column) -> str:
        """Return the expression that writes a column as MySQL reads it."""
        return as_text(column)

    def claim(self, rows: int) -> Committed | None:
        """Note the load in the ledger, or return the one that is there."""
        key = self.context.load_key(str(self.table))
        return ledger.claim(self.opened, self.table, *key, rows)

    def note_rejected(self, rows: int, rejected: bytes) -> None:
        """Note in the ledger which rows were refused."""
        key = self.context.load_key(str(self.table))
        ledger.note_rejected(self.opened, self.table, *key, rows, rejected)

    def delete_all(self) -> None:
        """Delete the rows of the table, unless another takes its place."""
        if not self._swaps:
            loading.check_cascades(self.opened, self.table)
            run(self.opened, f"DELETE FROM {self.table.sql}")  # noqa: S608

    def delete_partitions(self, source: Source, names: Sequence[str], *, rejects: bool) -> None:
        """Delete the rows of the partitions that the source has."""
        loading.delete_partitions(self._incoming, self.table, source, names, rejects=rejects)

    def writer(self, source: Source, keys: Sequence[str]) -> loading.Writer:
        """Return what writes the rows."""
        return loading.Writer(self._incoming, self._written, source, keys)

    def publish(self) -> None:
        """Commit the rows, and let readers see them."""
        run(self.opened, "COMMIT")
        if self._swaps:
            new, old = self._beside("new").sql, self._beside("old").sql
            run(
                self.opened,
                f"RENAME TABLE {self.table.sql} TO {old}, {new} TO {self.table.sql}",
            )
            run(self.opened, f"DROP TABLE {old}")
        if self.mode == "append":
            ledger.forget_old(self.opened, self.table)

    @property
    def _written(self) -> Table:
        return self._beside("new") if self._swaps else self.table

    def _copy(self) -> None:
        new, old = self._beside("new").sql, self._beside("old").sql
        run(self.opened, f"DROP TABLE IF EXISTS {new}, {old}")
        run(self.opened, f"CREATE TABLE {new} LIKE {self.table.sql}")

    def _beside(self, purpose: str) -> Table:
        # Names are limited, and that of the table may use all of it.
        digest = hashlib.sha256(str(self.table).encode()).hexdigest()[:24]
        return self.table.sibling(f"_logidata_{purpose}_{digest}")
