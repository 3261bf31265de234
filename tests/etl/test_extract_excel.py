"""extract.excel: sheets, their types, and files that are none."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import xlsxwriter

from etl.errors import ConfigError, DataError
from etl.modules.extract_excel import ExtractExcel
from etl.runner import configured
from tests.etl.conftest import Lab


def write(lab: Lab, name: str, sheets: dict[str, list[list[Any]]]) -> None:
    with xlsxwriter.Workbook(lab.data / name, {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    plain = type(value) is dt.date
                    sheet.write(number, column, value, *([day] if plain else []))


def test_types_are_those_of_all_values(lab: Lab) -> None:
    moment = dt.datetime(2024, 5, 1, 6, 30)  # noqa: DTZ001
    write(
        lab,
        "t.xlsx",
        {
            "Orders": [
                ["id", "price", "paid", "day", "at", "mixed", None, "id"],
                [1, 2, True, dt.date(2024, 5, 1), moment, "x", "", 5],
                [None] * 8,
                [2, 2.5, False, None, moment, 7, "", None],
            ]
        },
    )

    result = lab.run("extract.excel", {"path": "t.xlsx"})

    assert lab.records(result) == [
        {
            "id": 1,
            "price": 2.0,
            "paid": True,
            "day": dt.date(2024, 5, 1),
            "at": moment,
            "mixed": "x",
            "column6": None,
            "id_1": 5,
        },
        {
            "id": 2,
            "price": 2.5,
            "paid": False,
            "day": None,
            "at": moment,
            "mixed": "7",
            "column6": None,
            "id_1": None,
        },
    ]
    peek = configured(ExtractExcel, {"path": "t.xlsx"}).peek(lab.context())  # type: ignore[attr-defined]
    assert {c.name: c.type for c in peek} == result["schema"]


def test_a_sheet_and_a_range_of_rows_can_be_picked(lab: Lab) -> None:
    rows = [["Report"], [], ["n", "t"], ["unit"], [1, "a"], [2, "b"], [3, "c"]]
    write(lab, "t.xlsx", {"First": [["x"], [1]], "Data": rows})
    config = {"path": "t.xlsx", "header_row": 3, "first_row": 5, "last_row": 6}

    for number, sheet in enumerate(("Data", 2)):
        result = lab.run("extract.excel", {**config, "sheet": sheet}, node_id=f"n{number}")
        assert lab.records(result) == [{"n": 1, "t": "a"}, {"n": 2, "t": "b"}]


def test_a_sheet_may_have_no_header(lab: Lab) -> None:
    write(lab, "t.xlsx", {"S": [[1, "a"], [2, "b"]]})

    result = lab.run("extract.excel", {"path": "t.xlsx", "header_row": 0})

    assert lab.records(result) == [{"column0": 1, "column1": "a"}, {"column0": 2, "column1": "b"}]


def test_many_files_are_united_by_name(lab: Lab) -> None:
    write(lab, "1.xlsx", {"S": [["a", "b"], [1, 2]]})
    write(lab, "2.xlsx", {"S": [["b", "c"], ["x", 3]]})

    result = lab.run("extract.excel", {"path": "*.xlsx", "file_column": "file"})

    assert [tuple(row.values()) for row in lab.records(result)] == [
        (1, "2", None, "1.xlsx"),
        (None, "x", 3, "2.xlsx"),
    ]


def test_a_sheet_that_does_not_exist_is_named_with_those_that_do(lab: Lab) -> None:
    write(lab, "t.xlsx", {"A": [["x"]], "B": [["x"]]})

    for sheet in ("C", 3):
        with pytest.raises(ConfigError, match=r"has no sheet .*it has A, B\. Correct sheet"):
            lab.run("extract.excel", {"path": "t.xlsx", "sheet": sheet})


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04junk"])
def test_a_file_of_another_kind_is_named(lab: Lab, content: bytes) -> None:
    (lab.data / "t.xlsx").write_bytes(content)

    with pytest.raises(DataError, match=r"file 't\.xlsx' is no Excel file"):
        lab.run("extract.excel", {"path": "t.xlsx"})


def test_a_missing_header_is_named(lab: Lab) -> None:
    write(lab, "t.xlsx", {"A": [["x"], [1]]})

    with pytest.raises(DataError, match="has no header in row 5"):
        lab.run("extract.excel", {"path": "t.xlsx", "header_row": 5})
