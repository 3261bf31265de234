"""A SQLite table as the target of a load."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from etl.context import RunContext
from etl.databases.config import OnDrift
from etl.databases.drift import Drift
from etl.databases.loading import Committed
from etl.databases.source import Source
from etl.dataset import Column
from etl.sqlite import ledger, loading
from etl.sqlite.table import ensure_table
from etl.sqlite.types import as_value


@dataclass(frozen=True)
class SQLiteTarget:
    """See `etl.databases.loading.Target`."""

    connection: sqlite3.Connection
    table: str
    context: RunContext

    def prepare(
        self, columns: Sequence[Column], keys: Sequence[str], parts: Sequence[str], policy: OnDrift
    ) -> Drift:
        """Make the table, or see to the columns that it lacks."""
        return ensure_table(self.connection, self.table, columns, keys, policy, needed=parts)

    def value(self, column: Column) -> str:
        """Return the expression for what SQLite is given."""
        return as_value(column)

    def claim(self, rows: int) -> Committed | None:
        """Note the load in the ledger, or return the one that is there."""
        key = self.context.load_key(self.table)
        return ledger.claim(self.connection, self.table, *key, rows)

    def note_rejected(self, rows: int, rejected: bytes) -> None:
        """Note in the ledger which rows were refused."""
        key = self.context.load_key(self.table)
        ledger.note_rejected(self.connection, *key, rows, rejected)

    def delete_all(self) -> None:
        """Delete the rows of the table."""
        loading.delete_all(self.connection, self.table)

    def delete_partitions(self, source: Source, names: Sequence[str], *, rejects: bool) -> None:
        """Delete the rows of the partitions that the source has."""
        loading.delete_partitions(self.connection, self.table, source, names, rejects=rejects)

    def writer(self, source: Source, keys: Sequence[str]) -> loading.Writer:
        """Return what writes the rows."""
        return loading.Writer(self.connection, self.table, source, keys)
