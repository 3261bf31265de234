"""Rejected rows as a table that can be edited: its columns and cells, and what was sent of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from etl.rejected_rows import RejectedRow
from executions.services import Edited, values_of
from executions.services.quarantine import Quarantine

_MOST_ROWS = 50
# Django takes in no form of more than 1000 fields, and the page has some others.
_MOST_CELLS = 800
# The texts of a whole page must fit into what Django takes in by a form.
_MOST_TO_EDIT = 2000
_ONE_LINE = 60
_CELL, _RECORD = "cell-", "record-"


@dataclass(frozen=True)
class Cell:
    """One value: its name in the form, and its text, as edited so far; `is_none` for no value."""

    name: str
    column: str
    text: str
    is_none: bool
    is_rejected: bool

    @property
    def is_long(self) -> bool:
        """Whether it needs a field of several lines, which keeps line ends."""
        return len(self.text) > _ONE_LINE or "\n" in self.text


@dataclass(frozen=True)
class Line:
    """One row, with a cell for each column; the only one of a raw record is all of it."""

    row: RejectedRow
    cells: tuple[Cell, ...]
    is_editable: bool

    @property
    def number(self) -> int:
        """The place of the row, counted from 1."""
        return self.row.index + 1


@dataclass(frozen=True)
class Table:
    """The rows of a page; without columns they are raw records, or of no known form."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def has_files(self) -> bool:
        """Whether it is known where in files the rows stand."""
        return any(line.row.file for line in self.lines)


def rows_of_a_page(found: Quarantine) -> int:
    """Return how many rows are shown, and sent back, at once."""
    columns = max(len(found.dataset.records), 1)
    return max(min(_MOST_ROWS, _MOST_CELLS // columns), 1)


def table_of(found: Quarantine, rows: Sequence[RejectedRow], sent: QueryDict) -> Table:
    """Return the rows as a table, with what was sent of it so far."""
    columns = () if found.is_raw else _columns(map(values_of, rows))
    edited = edited_in(sent)
    fits = len(columns) <= _MOST_CELLS
    return Table(columns, tuple(_line(row, columns, edited, fits=fits) for row in rows))


def edited_in(sent: QueryDict) -> Edited:
    """Return what a form sent of each row, by its index."""
    records: dict[int, str] = {}
    cells: dict[int, dict[str, str]] = {}
    for name in sent:
        index, _, column = name.removeprefix(_CELL).removeprefix(_RECORD).partition("-")
        if not index.isdecimal() or len(index) > 18:
            continue
        if name.startswith(_CELL):
            cells.setdefault(int(index), {})[column] = str(sent[name])
        elif name.startswith(_RECORD):
            records[int(index)] = str(sent[name])
    return {**cells, **records}


def _columns(rows: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for row in rows for name in row))


def _line(row: RejectedRow, columns: tuple[str, ...], edited: Edited, *, fits: bool) -> Line:
    record, sent = row.record or "", edited.get(row.index)
    is_editable = fits and len(record) <= _MOST_TO_EDIT
    if not columns:
        text = sent if isinstance(sent, str) else record
        whole = Cell(f"{_RECORD}{row.index}", "", text, row.record is None, is_rejected=False)
        return Line(row, (whole,), is_editable)
    values, given = values_of(row), sent if isinstance(sent, Mapping) else {}
    cells = tuple(
        Cell(
            f"{_CELL}{row.index}-{column}",
            column,
            given.get(column, values.get(column) or ""),
            values.get(column) is None,
            is_rejected=column == row.field,
        )
        for column in columns
    )
    return Line(row, cells, is_editable)
