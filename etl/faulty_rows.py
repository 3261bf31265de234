"""Rows that are faulty on their own, kept in a file until the quarantine takes them."""

import json
from pathlib import Path
from typing import IO, TYPE_CHECKING

from etl.quarantine import COLUMNS
from etl.sql import literal

if TYPE_CHECKING:
    import duckdb

_SHAPE = "{" + ", ".join(f"{literal(c.name)}: {literal(c.type)}" for c in COLUMNS) + "}"


class FaultyRows:
    """A file of faulty rows, as JSON lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._longest = 0
        self.count = 0

    def add(
        self,
        reason: str,
        *,
        record: str,
        field: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        """Keep one row."""
        if self._file is None:
            self._file = self._path.open("wb")
        row = {"reason": reason, "field": field, "file": file, "line": line, "record": record}
        written = self._file.write(encoded(json.dumps(row, ensure_ascii=False)) + b"\n")
        self._longest = max(self._longest, written)
        self.count += 1

    def select(self) -> str:
        """Return the SELECT over the rows, in the form of a quarantine."""
        if self._file is None:
            items = ", ".join(f"CAST(NULL AS {c.type}) AS {c.name}" for c in COLUMNS)
            return f"SELECT {items} WHERE false"
        self._file.close()
        return f"FROM {read_lines(self._path, _SHAPE, self._longest)}"

    def relation(self, database: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyRelation":
        """Return the rows in the form of a quarantine. None can be added from then on."""
        return database.sql(self.select())


def encoded(text: str) -> bytes:
    """Return text as UTF-8; half a surrogate pair, which JSON may hold, becomes a mark."""
    return text.encode("utf-8", "replace")


def read_lines(path: Path, columns: str, longest: int) -> str:
    """Return the SQL that reads JSON lines with these columns, none longer than `longest` bytes."""
    return (
        f"read_json({literal(str(path))}, format = 'newline_delimited', columns = {columns},"
        f" maximum_object_size = {object_size(longest)})"
    )


def object_size(longest: int) -> int:
    """Return the size of an object that DuckDB must be ready for: it reserves some times that."""
    return max(1_000_000, longest + 1024)
