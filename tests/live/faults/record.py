"""The faults there are, what is promised after each, and the page of the documentation on it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from stack.layout import PROJECT

PAGE = PROJECT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
HEADINGS = ("fault", "what happens", "executions", "up again after", "all true after")


@dataclass(frozen=True)
class Measured:
    """What a test saw: seconds from the end of the fault until all was up, and all true."""

    executions: int
    up: float
    true: float


PROMISES: dict[str, str] = {}
"""By the name of a fault, what happens then, in the order in which the tests stand."""

MEASURED: dict[str, Measured] = {}
"""By the name of a fault, what its test saw; only of those that passed."""


def fault(name: str, promise: str) -> pytest.MarkDecorator:
    """Mark the test, or the case of one, that brings a fault about; the page has a row for it."""
    assert name not in PROMISES, f"two tests of the fault '{name}'"
    PROMISES[name] = promise
    return pytest.mark.fault(name)


def all_promises() -> dict[str, str]:
    """Return by fault, of all the tests in this package, what they say that happens."""
    for module in sorted(Path(__file__).parent.glob("test_*.py")):
        import_module(f"{__package__}.{module.stem}")
    return PROMISES


def promised(page: Path = PAGE) -> dict[str, str]:
    """Return by fault what the page says that happens."""
    return {name: cells[0] for name, cells in _rows(page.read_text()).items()}


def write(page: Path = PAGE) -> None:
    """Put what the tests saw into the page; a fault whose test did not run keeps its times."""
    text, promises = page.read_text(), all_promises()
    old = _rows(text)
    lines = [_line(*HEADINGS), "| --- | --- | ---: | ---: | ---: |"]
    for name in [
        *(name for name in old if name in promises),
        *(name for name in promises if name not in old),
    ]:
        if seen := MEASURED.get(name):
            times = (str(seen.executions), f"{seen.up:.0f} s", f"{seen.true:.0f} s")
            lines.append(_line(name, promises[name], *times))
        elif name in old:
            lines.append(_line(name, promises[name], *old[name][1:]))
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(before + "\n".join([BEGIN, *lines, END]) + after)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _rows(text: str) -> dict[str, list[str]]:
    """Return by fault the other cells of its row."""
    lines = [line for line in _table(text).splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: cells for name, *cells in rows if name not in (HEADINGS[0], "---")}


def _table(text: str) -> str:
    """Return what stands between the marks."""
    return text.split(BEGIN)[1].split(END)[0]
