"""Telling the rows that a table refuses from those that it takes."""

import gzip
import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from etl.inputs import Inputs
from etl.quarantine import COLUMNS
from etl.sql import literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# In bytes: DuckDB reads in pieces of twice the longest line that it is told of.
_LINE = 1 << 20


class RowFaultError(Exception):
    """The table refuses a row of those that were to be written; none of them was."""

    def __init__(self, reason: str, field: str | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class TooManyFaultsError(Exception):
    """More rows are faulty than are accepted: the load must be rolled back."""


class Faults:
    """The faulty rows of a load, kept in a file; more than `limit` raise TooManyFaultsError."""

    def __init__(self, inputs: Inputs, limit: int) -> None:
        self.rows = 0
        # Lines of JSON: to make Arrow of Python's values imports pandas, which takes a second.
        self.path: Path = inputs.scratch_file("faults.jsonl.gz")
        self._inputs = inputs
        self._limit = limit
        self._longest = _LINE
        self._file: IO[str] | None = None

    def add(self, reason: str, field: str | None, record: str) -> None:
        """Keep one faulty row."""
        if self._file is None:
            self._file = gzip.open(self.path, "wt", encoding="utf-8")  # noqa: SIM115
        line = json.dumps({"reason": reason, "field": field, "record": record})
        self._file.write(line + "\n")
        # All of it is ASCII.
        self._longest = max(self._longest, len(line) + 1)
        self.rows += 1
        if self.rows > self._limit:
            raise TooManyFaultsError

    def add_rows(self, rows: "duckdb.DuckDBPyRelation") -> None:
        """Keep faulty rows that DuckDB knows, in the form of a quarantine; not all if too many."""
        found = rows.project("reason, field, record").limit(self._limit + 1 - self.rows)
        while row := found.fetchone():
            self.add(*row)

    def file(self) -> Path | None:
        """Return the finished file of the rows, or None if there are none."""
        if self._file is not None:
            self._file.close()
            self._file = None
        return self.path if self.rows else None

    def restore(self, content: bytes) -> None:
        """Take the rows from what an earlier try of the same load has kept."""
        self.path.write_bytes(content)
        with gzip.open(self.path) as lines:
            for line in lines:
                self.rows += 1
                self._longest = max(self._longest, len(line))

    def relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the rows in the form of `etl.quarantine.COLUMNS`. There must be some."""
        self.file()
        columns = ", ".join(f"{column.name}: '{column.type}'" for column in COLUMNS)
        return self._inputs.query(
            f"FROM read_json([{literal(str(self.path))}], columns = {{{columns}}},"
            f" format = 'newline_delimited', maximum_object_size = {self._longest})"
        )


class Writer(Protocol):
    """What writes rows into one table, within a transaction that its owner ends."""

    def write_all(self) -> int:
        """Write all rows in the fastest way and return how many."""

    def write(self, batch: "pa.RecordBatch") -> None:
        """Write the rows of one batch, whose last column holds their records."""

    def guarded(self) -> AbstractContextManager[None]:
        """Undo what the block wrote, and raise RowFaultError, if the table refuses a row of it."""


def write_or_reject(
    writer: Writer, batches: "Iterable[pa.RecordBatch]", faults: Faults | None
) -> int:
    """Write the rows that the table takes, and return how many; the others become `faults`.

    A batch that is refused is halved, down to the row at fault. Rows keep their order, so that of
    two which exclude each other the first is written. Without `faults` refused rows are skipped.
    """
    rows = 0
    for batch in batches:
        pieces = [batch]
        while pieces:
            piece = pieces.pop()
            try:
                with writer.guarded():
                    writer.write(piece)
            except RowFaultError as fault:
                half = piece.num_rows // 2
                if half:
                    pieces += [piece.slice(half), piece.slice(0, half)]
                elif faults is not None:
                    faults.add(fault.reason, fault.field, piece.column(-1)[0].as_py())
            else:
                rows += piece.num_rows
    return rows
