"""Lines of JSON Lines that DuckDB must not see: they would end its query, or the process.

Measured on DuckDB 1.5: bytes that are not UTF-8 fail a whole file; see `etl.json_depth` for deep
nesting.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from etl.errors import DataError
from etl.faulty_rows import FaultyRows
from etl.files.compression import compression_of, opened
from etl.files.reading import SourceFile
from etl.json_depth import DEEPEST, is_too_deep
from etl.json_reading import LONGEST_RECORD, JSONSet
from etl.messages import say

NOT_UTF8 = say("the line is not UTF-8")
HAS_NUL = say("the line holds a NUL character")
TOO_DEEP = say("the line is nested more than 1000 levels deep")

_BLOCK = 4 * 1024 * 1024


def refuse_odd_lines(files: JSONSet) -> None:
    """Raise DataError naming the first line that is odd, if one is."""
    for file in files.files:
        if not _is_plain(file):
            line, reason, _ = next(_odd_lines(file))
            raise DataError(
                say(
                    "file '{file}', line {line}: {reason}. Correct it, or let such lines be set "
                    "aside with max_rejected.",
                    file=file.name,
                    line=line,
                    reason=reason,
                ),
                field="config.path",
            )


def without_odd_lines(files: JSONSet, scratch: Path, faulty: FaultyRows) -> JSONSet:
    """Return the files with an empty line in place of each odd one, which goes to `faulty`."""
    ready = []
    for number, file in enumerate(files.files):
        if _is_plain(file):
            ready.append(file)
            continue
        plain = scratch / f"{number}-plain.jsonl"
        with plain.open("wb") as target:
            for line, reason, text in _odd_lines(file, target):
                faulty.add(reason, record=text, file=file.name, line=line)
        ready.append(SourceFile(plain, file.name))
    return replace(files, files=tuple(ready))


def _is_plain(file: SourceFile) -> bool:
    with opened(file.local, compression_of(file.local.name), file.name) as stream:
        return all(_is_plain_block(block) for block in _blocks(stream, file.name))


def _is_plain_block(block: bytes) -> bool:
    """Return whether none of the lines is odd, at the speed of searches for single bytes."""
    if b"\0" in block or any(is_too_deep(line) for line in _long_lines(block)):
        return False
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _odd_lines(file: SourceFile, others: IO[bytes] | None = None) -> Iterator[tuple[int, str, str]]:
    """Yield (line, reason, text) of the odd lines; the others go to a file, line by line."""
    before = 0
    with opened(file.local, compression_of(file.local.name), file.name) as stream:
        for block in _blocks(stream, file.name):
            lines = block.split(b"\n")
            for number, line in enumerate(lines):
                if reason := _fault(line):
                    yield before + number + 1, reason, _shown(line)
                    lines[number] = b""
            before += len(lines) - 1
            if others is not None:
                others.write(b"\n".join(lines))


def _fault(line: bytes) -> str | None:
    try:
        line.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    if b"\0" in line:
        return HAS_NUL
    return TOO_DEEP if is_too_deep(line) else None


def _shown(line: bytes) -> str:
    text = line.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\r")
    return text.decode(errors="backslashreplace").replace("\0", r"\x00")


def _long_lines(block: bytes) -> Iterator[bytes]:
    """Yield the lines that are long enough to be too deep."""
    start = 0
    while len(block) - start > DEEPEST:
        end = block.rfind(b"\n", start, start + DEEPEST + 1)
        if end < 0:
            end = block.find(b"\n", start + DEEPEST)
            end = len(block) if end < 0 else end
            yield block[start:end]
        start = end + 1


def _blocks(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield the content in pieces of whole lines; raise DataError for a line that is too long."""
    left = b""
    lines = 0
    while block := stream.read(_BLOCK):
        block = left + block
        end = block.rfind(b"\n") + 1
        left = block[end:]
        lines += block.count(b"\n")
        if len(left) > LONGEST_RECORD:
            raise DataError(
                say(
                    "file '{file}', line {line}: the line is longer than 16 MB. Split it, or leave "
                    "out what makes it so long.",
                    file=name,
                    line=lines + 1,
                ),
                field="config.path",
            )
        if end:
            yield block[:end]
    if left:
        yield left
