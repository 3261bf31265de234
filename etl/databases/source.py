"""The rows of a load: written as one file for a bulk load, or in batches to tell them apart."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.dataset import Column
from etl.inputs import Inputs
from etl.quarantine import record_json
from etl.sql import INPUT, quote

if TYPE_CHECKING:
    import pyarrow as pa

# Large enough to be quick where few rows are faulty, small enough to be halved cheaply.
CHUNK_ROWS = 4096


@dataclass(frozen=True)
class Source:
    """The `columns` of the input that are loaded, without the rows for which `leave_out` holds.

    `value` gives the SQL expression by which a database is sent the value of a column.
    """

    inputs: Inputs
    columns: tuple[Column, ...]
    value: Callable[[Column], str]
    leave_out: str | None = None

    def names(self) -> list[str]:
        """Return the names of the columns that are loaded."""
        return [column.name for column in self.columns]

    def write_csv(self, path: Path, *, null: str) -> None:
        """Write all rows as CSV without a header; a value is quoted, NULL is a bare `null`."""
        # DuckDB writes CSV on all cores, so a file on the way is faster than rows through Python.
        self.inputs.select(
            [f"{self.value(column)} AS {quote(column.name)}" for column in self.columns],
            then=self._where(),
        ).write_csv(
            str(path), header=False, sep=",", na_rep=null, quotechar='"', escapechar='"', quoting=1
        )

    def read(self, values: Sequence[str]) -> "pa.RecordBatchReader":
        """Return the reader of SQL expressions over the rows, in their order."""
        return self._read(values, self._where(), CHUNK_ROWS)

    def batches(self, rows: int = CHUNK_ROWS) -> "Iterator[pa.RecordBatch]":
        """Yield the rows in their order; a last column holds each one's `record`."""
        record = record_json(self.inputs[INPUT].columns)
        return iter(self._read([*map(self.value, self.columns), record], self._where(), rows))

    def rows(self, rows: int = CHUNK_ROWS) -> "Iterator[pa.RecordBatch]":
        """Yield the rows in their order, without their records."""
        return iter(self._read([*map(self.value, self.columns)], self._where(), rows))

    def distinct(self, names: Sequence[str]) -> "Iterator[pa.RecordBatch]":
        """Yield the different values of some columns, in the order of `names`."""
        columns = {column.name: column for column in self.columns}
        values = [self.value(columns[name]) for name in names]
        return iter(self._read(values, f"{self._where()} GROUP BY ALL", CHUNK_ROWS))

    def _where(self) -> str:
        # NULL is no reason to leave a row out.
        return f"WHERE ({self.leave_out}) IS NOT TRUE" if self.leave_out else ""

    def _read(self, values: Sequence[str], then: str, rows: int) -> "pa.RecordBatchReader":
        items = [f"{value} AS c{number}" for number, value in enumerate(values)]
        return self.inputs.select(items, then=then).to_arrow_reader(rows)
