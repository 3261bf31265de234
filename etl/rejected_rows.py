"""Reading a quarantine where it lies: some of its rows, or all of them as a file.

Memory is bounded: neither the quarantine nor a remote file is ever held whole.
"""

import csv
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from etl.dataset import Dataset, open_part
from etl.quarantine import COLUMNS
from etl.storage import Storage

_BATCH_ROWS = 500
_CHUNK_BYTES = 1024 * 1024
_BEGIN_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class RejectedRow:
    """A row of a quarantine; `index` counts from 0, and stays the same at every look."""

    index: int
    reason: str | None
    field: str | None
    file: str | None
    line: int | None
    record: str | None


def read_rejected(
    storage: Storage, dataset: Dataset, *, start: int, rows: int
) -> list[RejectedRow]:
    """Return at most `rows` rows from the row `start` on; raise FileNotFoundError if it is gone."""
    batches = _batches(storage, dataset, start)
    try:
        found = islice(chain.from_iterable(batches), rows)
        return [RejectedRow(start + number, **row) for number, row in enumerate(found)]
    finally:
        batches.close()


def as_csv(storage: Storage, dataset: Dataset) -> Iterator[bytes]:
    """Yield all rows as a CSV file with a header line, in UTF-8.

    A text that a spreadsheet would take for a formula has an apostrophe before it: these are rows
    of strangers, and people open the file to read them. The Parquet file has them as they are.
    """
    names = [column.name for column in COLUMNS]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for batch in chain([[]], _batches(storage, dataset, 0)):
        writer.writerows([_as_text(row[name]) for name in names] for row in batch)
        yield text.getvalue().encode("utf-8", "replace")
        text.seek(0)
        text.truncate()


def _as_text(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGIN_FORMULAS) else value


def as_parquet(storage: Storage, dataset: Dataset) -> Iterator[bytes]:
    """Yield the Parquet file of all rows, as it was staged: in one part."""
    with open_part(storage, dataset, dataset.parts[0]) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _batches(
    storage: Storage, dataset: Dataset, start: int
) -> Generator[list[dict[str, Any]], None, None]:
    import pyarrow.parquet as pq

    with open_part(storage, dataset, dataset.parts[0]) as stream:
        file = pq.ParquetFile(stream, buffer_size=_CHUNK_BYTES)
        groups: list[int] = []
        before = 0
        for number in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(number).num_rows
            if groups or before + rows > start:
                groups.append(number)
            else:
                before += rows
        skip = start - before
        names = [column.name for column in COLUMNS]
        if not groups:
            return
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, row_groups=groups, columns=names):
            if skip < batch.num_rows:
                yield batch.slice(max(skip, 0)).to_pylist()
            skip = max(skip - batch.num_rows, 0)
