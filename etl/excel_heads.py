"""The first rows of a workbook, for a preview: a sheet of any size is a small one then."""

import re
import zipfile
from pathlib import Path
from typing import IO

from etl.errors import DataError
from etl.files.sampling import MOST_WHOLE, too_large
from etl.messages import say

# What is kept of a sheet.
_HEAD = 4 * 1024 * 1024
_WORKBOOK, _TEXTS = "xl/workbook.xml", "xl/sharedstrings.xml"
_ROW_END = re.compile(rb"</((?:\w+:)?)row>")
_ROW = re.compile(rb"<(?:\w+:)?row [^>]*?\br=\"(\d+)\"")


def first_rows(stream: IO[bytes], name: str, to: Path, *, first_row: int) -> bool:
    """Write a workbook with the first rows of each sheet; return whether these are all.

    What is no .xlsx is written as it is. Raise DataError for one that is too large for a preview,
    or whose data begins, at `first_row`, further down than a preview looks.
    """
    try:
        with zipfile.ZipFile(stream) as book:
            names = {_plain(member.filename) for member in book.infolist()}
            if _WORKBOOK in names:
                return _first_rows(book, name, to, first_row)
            size = sum(member.file_size for member in book.infolist())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        # The old .xls, or one that is damaged or locked: reading it says what it is.
        size = stream.seek(0, 2)
    if size > MOST_WHOLE:
        raise too_large(name)
    stream.seek(0)
    to.write_bytes(stream.read())
    return True


def _first_rows(book: zipfile.ZipFile, name: str, to: Path, first_row: int) -> bool:
    whole = True
    with zipfile.ZipFile(to, "w") as kept:
        for member in book.infolist():
            with book.open(member) as part:
                content = part.read(_HEAD + 1)
                if len(content) > _HEAD and _plain(member.filename) == _TEXTS:
                    content += part.read(MOST_WHOLE + 1 - len(content))
                    if len(content) > MOST_WHOLE:
                        raise too_large(name)
                elif len(content) > _HEAD:
                    content = _cut(content, name, first_row)
                    whole = whole and not content
            kept.writestr(member.filename, content)
    return whole


def _cut(sheet: bytes, name: str, first_row: int) -> bytes:
    """Return the head of a sheet with whole rows; nothing of another part, as of a picture."""
    ends = list(_ROW_END.finditer(sheet))
    if not ends:
        return b""
    last, prefix = ends[-1].end(), ends[-1][1]
    numbers = _ROW.findall(sheet[:last])
    if numbers and int(numbers[-1]) < first_row:
        raise DataError(
            say(
                "file '{file}' has its data from row {row} on, and a preview reads no further than "
                "row {last} of a file this large. Execute the pipeline to read it.",
                file=name,
                row=first_row,
                last=int(numbers[-1]),
            ),
            field="config.first_row",
        )
    return sheet[:last] + b"</%ssheetData></%sworksheet>" % (prefix, prefix)


def _plain(member: str) -> str:
    # Some programs write them in the way of Windows.
    return member.replace("\\", "/").lower()
