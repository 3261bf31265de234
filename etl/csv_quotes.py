"""Where the quotes of a CSV file leave DuckDB's reader wrong, and how that is seen beforehand.

Measured on DuckDB 1.5. Its parallel reader begins in the middle of a file, and guesses there
whether it is within quotes: a quoted line break near such a place gives rows that do not exist.
Its single-threaded reader, right in that, says nothing of a last value whose quote is never
closed, and drops it.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from etl.files.compression import opened

_BLOCK = 4 * 1024 * 1024
_SENTINEL = "end of the file"
# In characters. Python's reader keeps a value in memory, at 4 bytes for each.
LONGEST_VALUE = 8 * 1024 * 1024


class TooLongError(Exception):
    """A value is longer than any that is read; `line` is where its record begins."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True)
class Unterminated:
    """The record of a file whose quote is never closed: all that follows is in it.

    `line` counts records and the header from 1, as DuckDB does; `start` is its first byte.
    """

    line: int
    start: int
    text: str


@dataclass(frozen=True)
class Quotes:
    """What the quotes of a file are like. `simple` says that each is closed on its own line."""

    simple: bool
    unterminated: Unterminated | None = None


def look_at_quotes(
    path: Path, compression: str, *, quote: str, delimiter: str, encoding: str, raw_length: int
) -> Quotes:
    """Return what the quotes of a file in UTF-8 or Latin-1 are like; reads all of it.

    Raise TooLongError for a value of more than LONGEST_VALUE characters.
    """
    with opened(path, compression) as stream:
        mark = quote.encode(encoding)
        if len(mark) == 1 and _closed_on_every_line(stream, mark):
            return Quotes(simple=True)
    with opened(path, compression) as stream:
        found = _find_unterminated(_Lines(stream, encoding), quote, delimiter)
    if found is None:
        return Quotes(simple=False)
    line, start = found
    with opened(path, compression) as stream:
        text = _raw(stream, start, raw_length, encoding)
    return Quotes(simple=False, unterminated=Unterminated(line, start, text))


def _closed_on_every_line(stream: IO[bytes], quote: bytes) -> bool:
    others = bytes(set(range(256)) - {quote[0], 10, 13})
    left = b""
    while block := stream.read(_BLOCK):
        if quote not in block and quote not in left:
            # The usual file, at the speed of a search for one byte.
            continue
        # Only quotes and line ends are left, and pairs of quotes go: an odd one stays.
        marks = left + block.translate(None, others)
        end = max(marks.rfind(b"\n"), marks.rfind(b"\r")) + 1
        if quote in marks[:end].replace(quote * 2, b""):
            return False
        left = marks[end:]
    return quote not in left.replace(quote * 2, b"")


class _Lines:
    """The lines of a file for `csv.reader`, followed by a line that tells its end."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self.consumed = 0

    def __iter__(self) -> Iterator[str]:
        last = b"\n"
        for line in self._stream:
            self.consumed += len(line)
            last = line
            yield line.decode(self._encoding, errors="replace")
        if not last.endswith((b"\n", b"\r")):
            yield "\n"
        yield _SENTINEL


def _find_unterminated(lines: _Lines, quote: str, delimiter: str) -> tuple[int, int] | None:
    """Return (line, first byte) of the record that the end of the file cuts off, if one is."""
    limit = csv.field_size_limit(LONGEST_VALUE)
    start, count = 0, 0
    try:
        # To DuckDB, as to this, a quote begins a value after spaces too.
        reader = csv.reader(
            iter(lines), delimiter=delimiter, quotechar=quote, skipinitialspace=True
        )
        for record in reader:
            if record == [_SENTINEL]:
                return None
            if record and record[-1].endswith(_SENTINEL):
                return count + 1, start
            start = lines.consumed
            count += bool(record)
    except csv.Error as exc:
        if "field limit" in str(exc):
            raise TooLongError(count + 1) from None
        # Lone carriage returns end lines for DuckDB, which reads them well.
    finally:
        csv.field_size_limit(limit)
    return None


def _raw(stream: IO[bytes], start: int, length: int, encoding: str) -> str:
    for _ in _blocks(stream, start):
        pass
    return stream.read(length).decode(encoding, errors="replace").rstrip("\r\n")


def _blocks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes of a stream."""
    while size > 0 and (block := stream.read(min(size, _BLOCK))):
        size -= len(block)
        yield block


def copy_start(path: Path, compression: str, size: int, to: Path) -> Path:
    """Write the first `size` bytes of what a file holds to another, and return that."""
    with opened(path, compression) as stream, to.open("wb") as target:
        target.writelines(_blocks(stream, size))
    return to
