"""Rejected rows are read from any place of a quarantine, wherever it lies."""

from __future__ import annotations

import csv
import io

import pyarrow.parquet as pq
import pytest

from etl.dataset import Dataset, open_dataset
from etl.rejected_rows import as_csv, as_parquet, read_rejected
from etl.storage import Storage
from tests.etl.conftest import Lab

# More than one row group of Parquet.
MANY = 130_000


def reject(lab: Lab, rows: int) -> tuple[Storage, Dataset]:
    config = {"types": {"amount": "DOUBLE"}, "max_rejected": "100%"}
    source = f"SELECT range AS id, E'a,\n\"b\"' AS amount FROM range({rows})"
    result = lab.run("transform.cast", config, source)
    assert result["rejected"] is not None
    storage = Storage(lab.staging)
    return storage, open_dataset(storage, result["rejected"]["uri"])


def test_rows_are_read_from_any_place(lab: Lab) -> None:
    storage, dataset = reject(lab, MANY)
    for start in (0, 499, 500, 122_879, 122_880, MANY - 2):
        rows = read_rejected(storage, dataset, start=start, rows=3)
        expected = range(start, min(start + 3, MANY))
        assert [row.index for row in rows] == list(expected)
        assert [row.record for row in rows] == [
            f'{{"id":"{number}","amount":"a,\\n\\"b\\""}}' for number in expected
        ]
    assert read_rejected(storage, dataset, start=MANY, rows=3) == []


@pytest.mark.parametrize("place", ["local", "remote"])
def test_files_hold_every_row_once(lab: Lab, place: str) -> None:
    storage, dataset = reject(lab if place == "local" else lab.at("memory://rejected/x"), 1234)
    text = b"".join(as_csv(storage, dataset)).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 1234
    table = pq.read_table(io.BytesIO(b"".join(as_parquet(storage, dataset))))
    assert table.column("record").to_pylist() == [row["record"] for row in rows]
    assert rows[0]["field"] == "amount"
    assert rows[0]["line"] == ""
    assert [row.index for row in read_rejected(storage, dataset, start=1230, rows=9)] == [
        1230,
        1231,
        1232,
        1233,
    ]


@pytest.mark.parametrize("first", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1"])
def test_no_text_of_a_stranger_is_a_formula_in_a_spreadsheet(lab: Lab, first: str) -> None:
    config = {"path": "t.csv", "types": {"a": "VARCHAR", "n": "INT"}, "max_rejected": 1}
    (lab.data / "t.csv").write_text(f"a,n\nx,1\n{first},none\n")
    result = lab.run("extract.csv", config)
    storage = Storage(lab.staging)
    dataset = open_dataset(storage, result["rejected"]["uri"])
    (row,) = csv.DictReader(io.StringIO(b"".join(as_csv(storage, dataset)).decode()))
    (kept,) = read_rejected(storage, dataset, start=0, rows=1)
    assert kept.record == f"{first},none"
    assert row["record"] == f"'{kept.record}"
    assert row["line"] == "3"


def test_a_file_is_made_while_it_is_read(lab: Lab) -> None:
    storage, dataset = reject(lab, MANY)
    chunks = list(as_csv(storage, dataset))
    assert len(chunks) > 100
    assert max(len(chunk) for chunk in chunks) < 100_000
