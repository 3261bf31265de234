"""Previews of files that tell their first rows only to who knows where to look: Excel and JSON."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from etl import excel_heads
from etl.context import Sample
from etl.errors import DataError
from etl.files import sampling
from etl.json_heads import whole_records
from tests.etl.conftest import Lab

ROWS = 10


@pytest.fixture
def lab(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Wants ten rows, of heads of 4 kB, and takes in at most 20 kB."""
    monkeypatch.setattr(sampling, "HEAD_BYTES", 4096)
    monkeypatch.setattr(excel_heads, "_HEAD", 4096)
    for module in (sampling, excel_heads):
        monkeypatch.setattr(module, "MOST_WHOLE", 20_000)
    lab.sample = Sample(ROWS)
    return lab


def read(lab: Lab, module: str, **config: Any) -> list[dict[str, Any]]:
    return lab.records(lab.run(module, config))


def workbook(path: Path, rows: int, *, texts: bool = False, prefix: str = "") -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Orders")
        sheet.write_row(0, 0, ["n", "name"])
        for number in range(rows):
            sheet.write_row(number + 1, 0, [number, f"name {number if texts else 1}"])
    if prefix:
        _rewritten(path, prefix)


def _rewritten(path: Path, prefix: str) -> None:
    """Name the elements of the sheet as other programs do: with the prefix of a namespace."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for name in ("worksheet", "sheetData", "row", "c", "v"):
        for mark, end in (("<", " "), ("<", ">"), ("</", ">")):
            sheet = sheet.replace(f"{mark}{name}{end}", f"{mark}{prefix}:{name}{end}")
    parts["xl/worksheets/sheet1.xml"] = sheet.replace("xmlns=", f"xmlns:{prefix}=").encode()
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)


@pytest.mark.parametrize("prefix", ["", "x"])
def test_of_a_large_sheet_the_first_rows_are_shown(lab: Lab, prefix: str) -> None:
    workbook(lab.data / "big.xlsx", 5000, prefix=prefix)
    found = read(lab, "extract.excel", path="big.xlsx")
    assert found == [{"n": n, "name": "name 1"} for n in range(ROWS)]
    assert lab.sample
    assert lab.sample.cut


def test_a_small_sheet_is_shown_as_a_whole(lab: Lab) -> None:
    workbook(lab.data / "small.xlsx", 5)
    assert len(read(lab, "extract.excel", path="small.xlsx")) == 5
    assert lab.sample
    assert not lab.sample.cut


def test_an_execution_reads_all_of_a_sheet(lab: Lab) -> None:
    lab.sample = None
    workbook(lab.data / "big.xlsx", 500)
    assert len(read(lab, "extract.excel", path="big.xlsx")) == 500


def test_a_workbook_with_too_many_texts_is_refused_in_plain_words(lab: Lab) -> None:
    workbook(lab.data / "texts.xlsx", 5000, texts=True)
    with pytest.raises(DataError, match="Execute the pipeline to read it") as raised:
        read(lab, "extract.excel", path="texts.xlsx")
    assert "file 'texts.xlsx' holds more than the 0 MB" in str(raised.value)


def test_rows_that_begin_below_the_head_are_not_shown_as_none(lab: Lab) -> None:
    workbook(lab.data / "big.xlsx", 5000)
    with pytest.raises(DataError, match="has its data from row 4000 on"):
        read(lab, "extract.excel", path="big.xlsx", first_row=4000)


def test_an_old_workbook_that_is_too_large_is_not_read(lab: Lab) -> None:
    (lab.data / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(30_000))
    with pytest.raises(DataError, match="preview a smaller one"):
        read(lab, "extract.excel", path="old.xls")


RECORDS = [{"n": number, "name": f"name {number}"} for number in range(5000)]


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_of_records_at_a_path_the_first_are_shown(lab: Lab, ending: str) -> None:
    content = json.dumps({"meta": {"of": [1, 2]}, "data": {"total": 3, "items": RECORDS}}).encode()
    path = lab.data / f"big.json{ending}"
    path.write_bytes(gzip.compress(content) if ending else content)
    found = read(lab, "extract.json", path=path.name, records="data.items")
    assert found == RECORDS[:ROWS]
    assert lab.sample
    assert lab.sample.cut


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_records_behind_all_that_a_preview_takes_in(lab: Lab, ending: str) -> None:
    content = json.dumps({"blob": "x" * 30_000, "items": RECORDS[:2]}).encode()
    path = lab.data / f"late.json{ending}"
    path.write_bytes(gzip.compress(content) if ending else content)
    with pytest.raises(DataError, match="Execute the pipeline to read it"):
        read(lab, "extract.json", path=path.name, records="items")


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_records_behind_the_head_are_read_where_the_file_is_not_large(
    lab: Lab, ending: str
) -> None:
    content = json.dumps({"blob": "x" * 10_000, "items": RECORDS[:2]}).encode()
    path = lab.data / f"middle.json{ending}"
    path.write_bytes(gzip.compress(content) if ending else content)
    assert read(lab, "extract.json", path=path.name, records="items") == RECORDS[:2]


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ('{"a": [{"n": 1}, {"n": 2}, {"n"', "a", {"a": [{"n": 1}, {"n": 2}]}),
        ('{"b": "]}", "a": {"c": [1]}, "d": {"a" : [ {} ,', "d.a", {"d": {"a": [{}]}}),
        ('{"a": {"n": 1}}', "a", None),
        ('{"a": [{"n"', "a", None),
        ('{"b": 1}', "a", None),
        ('{"b": [1, 2', "a", None),
        ("[1, 2, 3", "a", None),
        ("", "a", None),
        ('{"a": 1, ', "a.b", None),
    ],
)
def test_the_whole_records_at_a_path(text: str, path: str, expected: object) -> None:
    found = whole_records(text.encode(), path)
    assert (None if found is None else json.loads(found)) == expected
