"""Reading Excel sheets as Arrow batches, with types guessed from all of their values."""

import datetime as dt
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from etl.columns import header_names
from etl.errors import ConfigError, DataError
from etl.files.reading import SourceFile
from etl.messages import say

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 20_000
# An .xlsx file is an archive, of which a small one may hold any amount.
_MOST_BYTES = 2 * 1024**3
_EXACT = 2**53


@dataclass(frozen=True)
class SheetOptions:
    """Which cells to read. Rows are counted from 1, as Excel does; `header_row` 0 means none."""

    sheet: str | int = 1
    header_row: int = 1
    first_row: int | None = None
    last_row: int | None = None
    file_column: str | None = None


@dataclass
class _Column:
    kinds: set[str] = field(default_factory=set)


class Sheets:
    """The same sheet of one or more files, as one table."""

    def __init__(self, files: Sequence[SourceFile], options: SheetOptions) -> None:
        self._files = files
        self._options = options

    def batches(self) -> "Iterator[pa.RecordBatch]":
        """Yield the rows, at least one batch; raise DataError for a file that cannot be read.

        Every file is read twice, first for the types, so that one sheet is in memory at a time.
        """
        import pyarrow as pa

        schema = self.schema()
        yield pa.RecordBatch.from_pylist([], schema=schema)
        for file in self._files:
            names, rows = self._read(file)
            rest: list[dict[str, Any]] = []
            for row in rows:
                record = dict(zip(names, row, strict=False))
                if self._options.file_column:
                    record[self._options.file_column] = file.name
                rest.append(record)
                if len(rest) == _BATCH:
                    yield _batch(rest, schema)
                    rest = []
            if rest:
                yield _batch(rest, schema)

    def schema(self) -> "pa.Schema":
        """Return the columns, with types that hold every value."""
        import pyarrow as pa

        columns: dict[str, _Column] = {}
        for file in self._files:
            names, rows = self._read(file)
            own = [columns.setdefault(name, _Column()) for name in names]
            for row in rows:
                for column, value in zip(own, row, strict=False):
                    column.kinds.add(_kind(value))
        fields = [(name, _arrow_type(column.kinds - {"empty"})) for name, column in columns.items()]
        if self._options.file_column:
            fields.append((self._options.file_column, pa.string()))
        return pa.schema(fields)

    def _read(self, file: SourceFile) -> tuple[list[str], Iterator[list[Any]]]:
        options = self._options
        rows = enumerate(_open_sheet(file, options.sheet).iter_rows(), 1)
        header: list[Any] | None = None
        first = options.first_row or options.header_row + 1
        for number, row in rows:
            if number == options.header_row:
                header = row
            if number >= max(first - 1, options.header_row):
                break
        if options.header_row and (header is None or all(cell == "" for cell in header)):
            raise DataError(
                say(
                    "file '{file}' has no header in row {row}. Correct header_row; 0 means that "
                    "there is none.",
                    file=file.name,
                    row=options.header_row,
                ),
                field="config.header_row",
            )
        if header is None:
            sheet = _open_sheet(file, options.sheet)
            rows = enumerate(sheet.iter_rows(), 1)
            header = [""] * sheet.width
        return header_names(map(_text, header)), self._rows(rows, first)

    def _rows(self, rows: Iterator[tuple[int, list[Any]]], first: int) -> Iterator[list[Any]]:
        for number, row in rows:
            if self._options.last_row is not None and number > self._options.last_row:
                return
            if number >= first and any(cell != "" for cell in row):
                yield row


def _open_sheet(file: SourceFile, sheet: str | int) -> Any:
    import python_calamine as calamine

    _check_size(file)
    try:
        book = calamine.CalamineWorkbook.from_path(str(file.local))
        names = book.sheet_names
        if sheet in names if isinstance(sheet, str) else sheet <= len(names):
            return book.get_sheet_by_name(sheet if isinstance(sheet, str) else names[sheet - 1])
    except calamine.PasswordError:
        raise DataError(
            say("file '{file}' is locked by a password. Save it without one.", file=file.name),
            field="config.path",
        ) from None
    except (calamine.CalamineError, OSError) as exc:
        raise DataError(
            say(
                "file '{file}' is no Excel file that can be read: {reason}. Save it again as "
                ".xlsx.",
                file=file.name,
                reason=exc,
            ),
            field="config.path",
        ) from exc
    raise ConfigError(
        say(
            "file '{file}' has no sheet {sheet}; it has {sheets}. Correct sheet.",
            file=file.name,
            sheet=repr(sheet),
            sheets=", ".join(names),
        ),
        field="config.sheet",
    )


def _check_size(file: SourceFile) -> None:
    try:
        with zipfile.ZipFile(file.local) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        # The old .xls is no archive.
        return
    if size > _MOST_BYTES:
        raise DataError(
            say(
                "file '{file}' holds {size} bytes when unpacked, more than {most}. "
                "Bring it as CSV.",
                file=file.name,
                size=size,
                most=_MOST_BYTES,
            ),
            field="config.path",
        )


def _kind(value: Any) -> str:
    if value == "" or value is None:
        return "empty"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        whole = float(value).is_integer() and abs(value) <= _EXACT
        return "int" if whole else "float"
    for name, kind in (
        ("datetime", dt.datetime),
        ("date", dt.date),
        ("time", dt.time),
        ("duration", dt.timedelta),
    ):
        if isinstance(value, kind):
            return name
    return "text"


def _arrow_type(kinds: set[str]) -> "pa.DataType":
    import pyarrow as pa

    alone = {
        frozenset({"bool"}): pa.bool_(),
        frozenset({"int"}): pa.int64(),
        frozenset({"float"}): pa.float64(),
        frozenset({"int", "float"}): pa.float64(),
        frozenset({"date"}): pa.date32(),
        frozenset({"datetime"}): pa.timestamp("us"),
        frozenset({"date", "datetime"}): pa.timestamp("us"),
        frozenset({"time"}): pa.time64("us"),
    }
    return alone.get(frozenset(kinds), pa.string())


def _batch(records: list[dict[str, Any]], schema: "pa.Schema") -> "pa.RecordBatch":
    import pyarrow as pa

    arrays = [
        pa.array([_cell(record.get(f.name, ""), f.type) for record in records], type=f.type)
        for f in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cell(value: Any, kind: "pa.DataType") -> Any:
    import pyarrow as pa

    if value == "" or value is None:
        return None
    if pa.types.is_string(kind):
        return _text(value)
    if pa.types.is_integer(kind):
        return int(value)
    if pa.types.is_timestamp(kind) and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        # As the cell shows it, and not as a float.
        return str(Decimal(value).quantize(Decimal(1))) if abs(value) < 1e20 else str(value)
    return str(value)
