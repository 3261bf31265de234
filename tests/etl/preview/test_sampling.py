"""Extractors of which the first rows are enough: what is behind them is not read.

Behind the rows that are wanted lies what no reader could take: who reads on fails.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from etl import registry
from etl.connections import from_environment
from etl.context import RunContext, Sample
from etl.files import sampling
from etl.inputs import Inputs
from etl.json_heads import whole_records
from etl.module import Extractor, ModuleConfig, Output
from etl.mysql.reading import read_batches
from tests.etl.conftest import Lab
from tests.etl.mariadb import mariadb_server, query, shop_url

__all__ = ["mariadb_server", "shop_url"]

ROWS = 10
HEAD = 4096
# A quote that never ends, bytes that are not UTF-8, and a nesting that no reader takes.
POISON = b'"\xff\xfe\n' + b"[" * 3000 + b"\x00"


@pytest.fixture
def lab(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Wants ten rows, of heads of 4 kB."""
    monkeypatch.setattr(sampling, "HEAD_BYTES", HEAD)
    monkeypatch.setattr(sampling, "_ALL_BYTES", 4 * HEAD)
    lab.sample = Sample(ROWS)
    return lab


def read(lab: Lab, module: str, **config: Any) -> list[dict[str, Any]]:
    return lab.records(lab.run(module, config))


class Endless(Extractor):
    """Gives rows without end."""

    key = "extract.endless"
    title = "Endless"

    class Config(ModuleConfig):
        """None."""

    def execute(self, inputs: Inputs, context: RunContext) -> Output:
        def batches() -> Iterator[pa.RecordBatch]:
            while True:
                yield pa.RecordBatch.from_pydict({"n": list(range(1000))})

        return batches()


def test_an_extractor_that_knows_nothing_of_samples_is_stopped(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._BUILT_IN, Endless.key, f"{__name__}:Endless")
    assert len(read(lab, Endless.key)) == ROWS
    assert lab.sample
    assert lab.sample.cut


def test_what_is_made_of_a_sample_is_given_in_full(lab: Lab) -> None:
    lab.sample = Sample(2)
    result = lab.run("transform.sort", {"by": [{"column": "n"}]}, [{"n": n} for n in range(5)])
    # The source of the lab is no extractor: its rows are inputs, and all of them count.
    assert result["shape"][0] == 5


def lines(count: int) -> bytes:
    return b"".join(b"%d,text of %d\n" % (n, n) for n in range(count))


def same(content: bytes) -> bytes:
    return content


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": same,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


@pytest.mark.parametrize("ending", PACKED)
def test_of_a_csv_file_only_the_head_is_read(lab: Lab, ending: str) -> None:
    content = b"n,text\n" + lines(2000) + POISON
    (lab.data / f"t.csv{ending}").write_bytes(PACKED[ending](content))
    rows = read(lab, "extract.csv", path=f"t.csv{ending}")
    assert rows == [{"n": n, "text": f"text of {n}"} for n in range(ROWS)]


def test_of_a_csv_file_with_rejects_only_the_head_is_read(lab: Lab) -> None:
    (lab.data / "t.csv").write_bytes(b"n,text\nx,bad\n" + lines(2000) + POISON)
    result = lab.run("extract.csv", {"path": "t.csv", "types": {"n": "INT"}, "max_rejected": 5})
    assert len(lab.records(result)) == ROWS
    assert result["rejected"]
    assert result["rejected"]["rows"] == 1


@pytest.mark.parametrize("max_rejected", [0, 3])
def test_a_quoted_value_that_the_head_breaks_off_is_no_fault(lab: Lab, max_rejected: int) -> None:
    long = b'"' + b"a line\n" * 2000 + b'"'
    (lab.data / "t.csv").write_bytes(b"n,text\n" + lines(5) + b"5," + long + b"\n")
    lab.sample = Sample(100)
    result = lab.run("extract.csv", {"path": "t.csv", "max_rejected": max_rejected})
    assert len(lab.records(result)) == 5
    assert result["rejected"] is None
    assert lab.sample.cut


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "shift_jis"])
def test_a_head_is_cut_between_lines_in_any_encoding(lab: Lab, encoding: str) -> None:
    text = "n,text\n" + "".join(f"{n},text of {n}\n" for n in range(2000))
    (lab.data / "t.csv").write_bytes(text.encode(encoding))
    lab.sample = Sample(10_000)
    rows = read(lab, "extract.csv", path="t.csv", encoding=encoding)
    assert 50 < len(rows) < 2000
    assert rows[-1] == {"n": len(rows) - 1, "text": f"text of {len(rows) - 1}"}
    assert lab.sample.cut


def test_a_small_file_is_read_to_its_end(lab: Lab) -> None:
    (lab.data / "t.csv").write_bytes(b"n,text\n" + lines(3))
    assert len(read(lab, "extract.csv", path="t.csv")) == 3
    assert lab.sample
    assert not lab.sample.cut


def test_of_many_files_the_first_are_read(lab: Lab) -> None:
    for number in range(30):
        (lab.data / f"{number:02}.csv").write_bytes(b"n\n%d\n" % number)
    lab.sample = Sample(1000)
    rows = read(lab, "extract.csv", path="*.csv", file_column="file")
    assert [row["file"] for row in rows] == [f"{number:02}.csv" for number in range(20)]
    assert lab.sample.cut


@pytest.mark.parametrize("max_rejected", [0, 3])
@pytest.mark.parametrize("ending", PACKED)
def test_of_a_file_of_json_lines_only_the_head_is_read(
    lab: Lab, ending: str, max_rejected: int
) -> None:
    content = b"".join(b'{"n": %d}\n' % n for n in range(2000)) + POISON
    (lab.data / f"t.jsonl{ending}").write_bytes(PACKED[ending](content))
    rows = read(lab, "extract.jsonl", path=f"t.jsonl{ending}", max_rejected=max_rejected)
    assert rows == [{"n": n} for n in range(ROWS)]


@pytest.mark.parametrize("ending", PACKED)
def test_of_a_json_array_only_the_head_is_read(lab: Lab, ending: str) -> None:
    records = ", ".join(json.dumps({"n": n, "deep": {"a": [n]}}) for n in range(2000))
    content = f" [{records}, ".encode() + POISON
    (lab.data / f"t.json{ending}").write_bytes(PACKED[ending](content))
    rows = read(lab, "extract.json", path=f"t.json{ending}")
    assert [row["n"] for row in rows] == list(range(ROWS))


def test_a_large_json_object_is_read_whole(lab: Lab) -> None:
    document = {"items": [{"n": n, "text": "x" * 100} for n in range(200)]}
    (lab.data / "t.json").write_text(json.dumps(document))
    assert len(read(lab, "extract.json", path="t.json", records="items")) == ROWS
    (lab.data / "one.json").write_text(json.dumps({"a": "x" * 2 * HEAD}))
    assert len(read(lab, "extract.json", path="one.json")) == 1


def test_the_whole_records_of_an_array_that_breaks_off() -> None:
    assert (
        whole_records(b'\xef\xbb\xbf [ {"a": [1]} , {"b": "]"}, {"c"')
        == b'[ {"a": [1]} , {"b": "]"}]'
    )
    assert whole_records(b'[{"a": 1') is None
    assert whole_records(b'{"a": 1}') is None


def test_postgresql_computes_no_further_rows(lab: Lab, warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("DROP TABLE IF EXISTS sampled")
        connection.execute("CREATE TABLE sampled AS SELECT n FROM generate_series(1, 1000) n")
    # The fiftieth row is one that no server can give.
    rows = read(
        lab,
        "extract.sql",
        connection="warehouse",
        query="SELECT n, n AS n2, 1 / (50 - n) AS q FROM sampled",
        partition_column="n",
    )
    assert [row["n"] for row in rows] == list(range(1, ROWS + 1))


def test_postgresql_ends_a_query_that_takes_too_long(lab: Lab, warehouse_url: str) -> None:
    lab.sample = Sample(ROWS, seconds=0.2)
    with pytest.raises(Exception, match="timeout"):
        read(lab, "extract.sql", connection="warehouse", query="SELECT 1 AS a, pg_sleep(60)::text")


@pytest.mark.slow
def test_mysql_is_asked_for_no_further_rows(shop_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", shop_url)
    numbers = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 900) "
    batches = read_batches(
        from_environment("shop"), numbers + "SELECT n, n FROM t", {}, None, Sample(ROWS)
    )
    assert sum(batch.num_rows for batch in batches) == ROWS
    assert query(shop_url, "SELECT @@sql_select_limit > 1000")


def test_sqlite_is_read_as_far_as_rows_are_wanted(lab: Lab) -> None:
    import sqlite3

    connection = sqlite3.connect(Path(lab.data, "t.sqlite"))
    connection.execute("CREATE TABLE t (n INTEGER)")
    connection.commit()
    connection.close()
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t"
    rows = read(lab, "extract.sql", path="t.sqlite", query=endless)
    assert [row["n"] for row in rows] == list(range(1, ROWS + 1))
