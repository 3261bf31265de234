"""docs/reliability.md has a row for every fault that a test brings about, and for no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.faults import record
from tests.live.faults.record import BEGIN, END, Measured


def test_the_page_and_the_tests_promise_the_same():
    assert record.promised() == record.all_promises()


def test_what_was_measured_is_written_between_the_marks_and_the_rest_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second, third = list(record.all_promises())[:3]
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\ntext\n\n{BEGIN}\n{END}\n\nmore\n")
    monkeypatch.setattr(record, "MEASURED", {first: Measured(1, 2, 3), second: Measured(4, 5, 6)})
    record.write(page)
    monkeypatch.setattr(record, "MEASURED", {second: Measured(7, 8, 9), third: Measured(1, 1, 1)})
    record.write(page)
    before, table = page.read_text().split(BEGIN)
    table, after = table.split(END)
    assert (before, after) == ("# Title\n\ntext\n\n", "\n\nmore\n")
    promises = record.PROMISES
    assert table.splitlines()[3:] == [
        f"| {first} | {promises[first]} | 1 | 2 s | 3 s |",
        f"| {second} | {promises[second]} | 7 | 8 s | 9 s |",
        f"| {third} | {promises[third]} | 1 | 1 s | 1 s |",
    ]
