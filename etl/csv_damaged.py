"""Rejected lines whose text is not what is in the file, because bytes of it are no UTF-8.

DuckDB puts ? in the place of such bytes, and of what it takes to belong to them, and it names the
encoding as the fault only where it finds no other one before.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import IO, TYPE_CHECKING

from etl.csv_reading import CSVFile
from etl.files.compression import opened

if TYPE_CHECKING:
    import duckdb

_BLOCK = 4 * 1024 * 1024
_BATCH = 1000


def damaged_lines(
    files: Sequence[CSVFile], database: "duckdb.DuckDBPyConnection"
) -> list[tuple[str, int]]:
    """Return (path, line) of such lines among those that a scan with store_rejects kept out."""
    by_path = {str(file.path): file for file in files}
    # Not DISTINCT: faults of one line follow each other, so that it is only compared more often.
    rows = database.sql("""
        SELECT file_path, line, line_byte_position, csv_line
        FROM reject_errors JOIN reject_scans USING (scan_id, file_id)
        WHERE contains(csv_line, '?') ORDER BY file_path, line_byte_position
    """)
    found: dict[tuple[str, int], None] = {}
    for path, lines in groupby(_each(rows), key=lambda row: row[0]):
        file = by_path[path]
        with opened(file.path, file.compression, file.name) as stream:
            for line in _differing(stream, lines):
                found[path, line] = None
    return list(found)


def _differing(stream: IO[bytes], lines: Iterable[tuple[str, int, int, str]]) -> Iterator[int]:
    at, content = 0, b""
    for _, line, position, text in lines:
        shown = text.encode()
        start = position - 1
        # Forward only: compressed files are slow to go back in.
        while at + len(content) < start + len(shown) and (block := stream.read(_BLOCK)):
            drop = min(max(start - at, 0), len(content))
            content = content[drop:] + block
            at += drop
        if content[start - at : start - at + len(shown)] != shown:
            yield line


def _each(rows: "duckdb.DuckDBPyRelation") -> Iterator[tuple[str, int, int, str]]:
    while batch := rows.fetchmany(_BATCH):
        yield from batch
