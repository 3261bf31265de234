"""Writing an Excel sheet row by row, with every value as what it is."""

import datetime as dt
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.errors import DataError
from etl.messages import say

if TYPE_CHECKING:
    import duckdb

_BATCH = 5_000
_LONGEST_TEXT = 32_767
_EXACT = 10**15
_FIRST_DAY = dt.date(1900, 3, 1)
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_sheet(
    rows: "duckdb.DuckDBPyConnection",
    columns: Sequence[str],
    to: Path,
    sheet: str,
    scratch: Path,
) -> int:
    """Write the rows of a query, and return how many; raise DataError for a value too long."""
    import xlsxwriter

    count = 0
    with xlsxwriter.Workbook(str(to), {**_OPTIONS, "tmpdir": str(scratch)}) as book:
        page = book.add_worksheet(sheet)
        formats = {
            dt.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            dt.date: book.add_format({"num_format": "yyyy-mm-dd"}),
            dt.time: book.add_format({"num_format": "hh:mm:ss"}),
        }
        for column, name in enumerate(columns):
            page.write_string(0, column, name)
        while batch := rows.fetchmany(_BATCH):
            for row in batch:
                count += 1
                for column, raw in enumerate(row):
                    value = _cell(raw)
                    if isinstance(value, str):
                        _check_length(value, count, columns[column])
                        page.write_string(count, column, value)
                    elif isinstance(value, bool):
                        page.write_boolean(count, column, value)
                    elif isinstance(value, int | float):
                        page.write_number(count, column, value)
                    elif value is not None:
                        page.write_datetime(count, column, value, formats[type(value)])
    return count


def _check_length(text: str, row: int, column: str) -> None:
    if len(text) > _LONGEST_TEXT:
        raise DataError(
            say(
                "row {row}, column '{column}': a text of {length} characters, and a cell holds "
                "{most}. Shorten it with transform.derive, or load it as CSV.",
                row=row,
                column=column,
                length=len(text),
                most=_LONGEST_TEXT,
            )
        )


def _cell(value: Any) -> str | bool | int | float | dt.date | dt.time | None:
    """Return what a cell holds for a value: a text where Excel could not give it back."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        digits = len(value.as_tuple().digits)
        return float(value) if value.is_finite() and digits <= 15 else str(value)
    if isinstance(value, dt.datetime):
        return value if value.date() >= _FIRST_DAY else str(value)
    if isinstance(value, dt.date):
        return value if value >= _FIRST_DAY else str(value)
    if isinstance(value, dt.time) and value.tzinfo is None:
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
