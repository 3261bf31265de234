"""The table that shows, node by node, what happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class NodeRow:
    """One node of a finished execution; None where there is nothing to say."""

    node: str
    module: str
    status: str
    tries: int = 0
    rows_in: int | None = None
    rows_out: int | None = None
    seconds: float | None = None
    message: str = ""


_HEADER = ("node", "module", "status", "tries", "rows in", "rows out", "seconds")
_NUMBERS = {3, 4, 5, 6}


def node_table(rows: Iterable[NodeRow]) -> str:
    """Return the nodes as an aligned text table, each message on a line below its node."""
    rows = list(rows)
    cells = [_cells(row) for row in rows]
    widths = [max(len(line[i]) for line in [_HEADER, *cells]) for i in range(len(_HEADER))]
    lines = [_line(_HEADER, widths), "  ".join("-" * width for width in widths)]
    for row, line in zip(rows, cells, strict=True):
        lines.append(_line(line, widths))
        lines += [f"    {text}" for text in row.message.splitlines()]
    return "\n".join(lines)


def _cells(row: NodeRow) -> tuple[str, ...]:
    seconds = "-" if row.seconds is None else f"{row.seconds:.2f}"
    return (
        row.node,
        row.module,
        row.status,
        str(row.tries) if row.tries else "-",
        _count(row.rows_in),
        _count(row.rows_out),
        seconds,
    )


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell.rjust(width) if index in _NUMBERS else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()


def records_table(records: Sequence[dict[str, object]], *, limit: int = 5) -> str:
    """Return the first records as an aligned text table; "" if there are none."""
    if not records:
        return ""
    names = list(records[0])
    shown = [["" if r[n] is None else str(r[n]) for n in names] for r in records[:limit]]
    shown = [[cell if len(cell) <= 30 else cell[:29] + "…" for cell in line] for line in shown]
    widths = [max(len(line[i]) for line in [names, *shown]) for i in range(len(names))]
    lines = [names, ["-" * width for width in widths], *shown]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines
    )
