"""extract.parquet: one file or many."""

from __future__ import annotations

import duckdb
import pytest

from etl.errors import ConfigError, DataError
from etl.modules.extract_parquet import ExtractParquet
from etl.runner import configured
from tests.etl.conftest import Lab


def write(lab: Lab, name: str, query: str) -> None:
    (lab.data / name).parent.mkdir(exist_ok=True)
    duckdb.sql(query).write_parquet(str(lab.data / name))


def test_files_are_united_by_the_names_of_their_columns(lab: Lab) -> None:
    write(lab, "a/1.parquet", "SELECT 1::INTEGER AS id, 'x' AS text")
    write(lab, "a/2.parquet", "SELECT 2.5::DOUBLE AS price, 2::BIGINT AS id")

    result = lab.run("extract.parquet", {"path": "a/*.parquet", "file_column": "file"})

    assert lab.records(result) == [
        {"id": 1, "text": "x", "price": None, "file": "a/1.parquet"},
        {"id": 2, "text": None, "price": 2.5, "file": "a/2.parquet"},
    ]
    peek = configured(ExtractParquet, {"path": "a/*.parquet"}).peek(lab.context())  # type: ignore[attr-defined]
    assert [(c.name, c.type) for c in peek] == [
        ("id", "BIGINT"),
        ("text", "VARCHAR"),
        ("price", "DOUBLE"),
    ]


def test_types_that_do_not_go_together_name_both_files(lab: Lab) -> None:
    write(lab, "1.parquet", "SELECT 1 AS id")
    write(lab, "2.parquet", "SELECT 'x' AS ID")

    with pytest.raises(
        ConfigError, match=r"'ID' is INTEGER in '1\.parquet', but VARCHAR in '2\.parq"
    ):
        lab.run("extract.parquet", {"path": "*.parquet"})


def test_a_file_of_another_kind_is_named(lab: Lab) -> None:
    (lab.data / "t.parquet").write_text("a,b")

    with pytest.raises(DataError, match=r"file 't\.parquet' is no Parquet file"):
        lab.run("extract.parquet", {"path": "t.parquet"})
