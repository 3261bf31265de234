"""load.csv, load.jsonl, load.parquet and load.excel: what they write, and that repeats agree."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine

from etl.errors import ConfigError, DataError, NodeCancelled
from etl.files import folders
from etl.liveness import request_stop
from tests.etl.conftest import Lab

pytestmark = pytest.mark.slow

PARTED = "SELECT range AS id, 'd' || range % 3 AS day FROM range({})"


def parts(folder: Path) -> dict[str, int]:
    """Return how many rows lie in each folder."""
    found: dict[str, int] = {}
    for path in sorted(folder.rglob("*.parquet")):
        name = path.parent.relative_to(folder).as_posix()
        found[name] = found.get(name, 0) + pq.read_table(path).num_rows
    return found


def test_csv_is_written_as_it_is_asked_for(lab: Lab) -> None:
    config = {"path": "t.csv.gz", "delimiter": ";", "header": False, "null_text": "NULL"}

    lab.run("load.csv", config, [{"a": 1, "b": "x;y"}, {"a": None, "b": "z"}])

    with gzip.open(lab.data / "t.csv.gz", "rt") as stream:
        assert stream.read() == '1;"x;y"\nNULL;z\n'


def test_zstd_is_written_and_others_are_refused(lab: Lab) -> None:
    lab.run("load.csv", {"path": "t.csv.zst"}, [{"a": 1}])

    assert lab.records(lab.run("extract.csv", {"path": "t.csv.zst"})) == [{"a": 1}]
    with pytest.raises(ConfigError, match="compressed with xz are not written"):
        lab.run("load.csv", {"path": "t.csv.xz"}, [{"a": 1}])


def test_json_lines_hold_nested_values_and_no_nan(lab: Lab) -> None:
    query = """SELECT 1 AS a, '{"b": [1]}'::JSON AS j, 'nan'::DOUBLE AS x, 'ø"' AS t
        UNION ALL SELECT NULL, NULL, 1.5, NULL"""

    result = lab.run("load.jsonl", {"path": "t.jsonl"}, query)

    lines = [json.loads(line) for line in (lab.data / "t.jsonl").read_text().splitlines()]
    assert lines == [
        {"a": 1, "j": {"b": [1]}, "x": None, "t": 'ø"'},
        {"a": None, "j": None, "x": 1.5, "t": None},
    ]
    assert result["metrics"]["rows_out"] == 2


def test_excel_holds_every_value_as_what_it_is(lab: Lab) -> None:
    moment = dt.datetime(2024, 5, 1, 6, 30)  # noqa: DTZ001
    row = {
        "text": "=1+1",
        "url": "http://example.org",
        "digits": "007",
        "whole": 5,
        "large": 12345678901234567,
        "amount": Decimal("1.50"),
        "number": 2.5,
        "infinite": float("inf"),
        "truth": True,
        "day": dt.date(2024, 5, 1),
        "old": dt.date(1850, 1, 1),
        "at": moment,
        "zoned": dt.datetime(2024, 5, 1, 6, 30, tzinfo=dt.UTC),
        "none": None,
    }
    lab.run("load.excel", {"path": "t.xlsx", "sheet": "S 1"}, [row])

    sheet = python_calamine.CalamineWorkbook.from_path(str(lab.data / "t.xlsx"))
    [names, values] = sheet.get_sheet_by_name("S 1").to_python()
    assert dict(zip(names, values, strict=True)) == {
        **row,
        "large": "12345678901234567",
        "amount": 1.5,
        "infinite": "inf",
        "old": "1850-01-01",
        "zoned": moment,
        "none": "",
    }


def test_more_rows_than_a_sheet_holds_are_refused(lab: Lab) -> None:
    with pytest.raises(DataError, match=r"has 1048576 rows .* a sheet holds 1048575"):
        lab.run("load.excel", {"path": "t.xlsx"}, "SELECT range AS a FROM range(1048576)")

    assert not list(lab.data.iterdir())


def test_a_text_longer_than_a_cell_is_named(lab: Lab) -> None:
    with pytest.raises(DataError, match="row 2, column 'b': a text of 40000 characters"):
        lab.run("load.excel", {"path": "t.xlsx"}, [{"b": "x"}, {"b": "x" * 40_000}])

    assert not list(lab.data.iterdir())


def test_a_folder_of_parts_is_replaced_as_a_whole(lab: Lab) -> None:
    config = {"path": "out/lake", "partition_by": ["day"]}

    lab.run("load.parquet", config, PARTED.format(10))
    lab.run("load.parquet", config, "SELECT 1 AS id, 'd1' AS day", node_id="second")

    assert parts(lab.data / "out" / "lake") == {"day=d1": 1}
    read = lab.run("extract.parquet", {"path": "out/lake/**/*.parquet"})
    assert lab.records(read) == [{"id": 1, "day": "d1"}]
    assert [path.name for path in (lab.data / "out").iterdir()] == ["lake"]


def test_partitions_are_replaced_one_by_one(lab: Lab) -> None:
    config = {"path": "lake", "partition_by": ["day", "kind"], "replace": "partitions"}
    lab.run(
        "load.parquet", config, "SELECT range AS id, 'a' AS day, range % 2 AS kind FROM range(4)"
    )

    lab.run(
        "load.parquet",
        config,
        "SELECT 9::BIGINT AS id, 'a' AS day, 1::BIGINT AS kind",
        node_id="second",
    )

    assert parts(lab.data / "lake") == {"day=a/kind=0": 2, "day=a/kind=1": 1}


def test_no_rows_leave_an_empty_folder_or_all_partitions(lab: Lab) -> None:
    config = {"path": "lake", "partition_by": ["day"]}
    lab.run("load.parquet", config, PARTED.format(3))

    lab.run("load.parquet", {**config, "replace": "partitions"}, PARTED.format(0), node_id="b")
    assert len(parts(lab.data / "lake")) == 3
    lab.run("load.parquet", config, PARTED.format(0), node_id="c")
    assert parts(lab.data / "lake") == {}


def test_values_that_are_no_names_of_folders_stay_below_the_folder(lab: Lab) -> None:
    values = ["../../x", "a/b", "", None, "ø"]
    rows = [{"id": number, "day": value} for number, value in enumerate(values)]
    lab.run("load.parquet", {"path": "lake", "partition_by": ["day"]}, rows)

    assert sum(parts(lab.data / "lake").values()) == 5
    assert [path.name for path in lab.data.iterdir()] == ["lake"]
    read = lab.run("extract.parquet", {"path": "lake/**/*.parquet"})
    assert sorted(lab.records(read), key=lambda row: row["id"]) == rows


def test_a_partition_column_must_exist(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="column 'week' does not exist"):
        lab.run("load.parquet", {"path": "lake", "partition_by": ["week"]}, PARTED.format(3))


def test_a_file_is_not_replaced_by_a_folder_nor_a_folder_by_a_file(lab: Lab) -> None:
    (lab.data / "file").write_text("x")
    (lab.data / "folder").mkdir()

    with pytest.raises(ConfigError, match="is a link or a file"):
        lab.run("load.parquet", {"path": "file", "partition_by": ["day"]}, PARTED.format(3))
    with pytest.raises(ConfigError, match="is a link or a folder"):
        lab.run("load.parquet", {"path": "folder"}, PARTED.format(3))


def test_a_folder_is_swapped_where_the_system_cannot_exchange(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_exchange_at_once", lambda new, old: False)
    config = {"path": "lake", "partition_by": ["day"]}
    for rows in (10, 1):
        lab.run("load.parquet", config, PARTED.format(rows), node_id=f"n{rows}")

    assert parts(lab.data / "lake") == {"day=d0": 1}
    assert [path.name for path in lab.data.iterdir()] == ["lake"]


def test_a_cancelled_load_leaves_the_old_folder(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"path": "lake", "partition_by": ["day"]}
    lab.run("load.parquet", config, PARTED.format(10))
    move = folders.shutil.move

    def cancel_meanwhile(*args: str) -> str:
        request_stop(lab.staging, lab.execution_id, None)
        return move(*args)

    monkeypatch.setattr(folders.shutil, "move", cancel_meanwhile)
    with pytest.raises(NodeCancelled):
        lab.run("load.parquet", config, PARTED.format(1), node_id="second")

    assert parts(lab.data / "lake") == {"day=d0": 4, "day=d1": 3, "day=d2": 3}
    assert [path.name for path in lab.data.iterdir()] == ["lake"]


RUN = """
import json, sys
from pathlib import Path
import duckdb, pyarrow, xlsxwriter
from etl.context import RunContext
from etl.runner import run_node
given = json.loads(sys.argv[1])
context = RunContext(execution_id="run-1", node_id="node", staging=given["staging"],
                     attempt=given["attempt"], data_dirs=(Path(given["data"]),))
print("ready", flush=True)
run_node(node_id="node", module=given["module"], config=given["config"],
         inputs={"input": given["input"]}, context=context)
"""


@pytest.mark.parametrize(
    ("module", "config"),
    [
        ("load.csv", {"path": "target"}),
        ("load.parquet", {"path": "target", "partition_by": ["day"]}),
        ("load.parquet", {"path": "target", "partition_by": ["day"], "replace": "partitions"}),
    ],
)
def test_a_load_that_is_killed_and_repeated_leaves_what_one_clean_run_does(
    lab: Lab, module: str, config: dict[str, object]
) -> None:
    chance = random.Random(7)
    lab.run(module, config, PARTED.format(50), node_id="before")
    source = lab.stage(PARTED.format(200_000))
    given = {
        "staging": lab.staging,
        "data": str(lab.data),
        "module": module,
        "config": config,
        "input": source,
    }
    for attempt in range(1, 9):
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, json.dumps({**given, "attempt": attempt})],
            stdout=subprocess.PIPE,
        )
        assert process.stdout
        process.stdout.readline()
        time.sleep(chance.random() * 0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        # At each moment the target is there whole, old or new.
        assert (lab.data / "target").exists()

    lab.run(module, config, inputs={"input": source}, attempt=9)

    assert [path.name for path in lab.data.iterdir()] == ["target"]
    if module == "load.csv":
        written = duckdb.read_csv(str(lab.data / "target"))
        assert written.aggregate("count(*), count(DISTINCT id)").fetchone() == (200_000, 200_000)
    else:
        assert sum(parts(lab.data / "target").values()) == 200_000


def test_arrow_can_read_what_is_written(lab: Lab) -> None:
    lab.run("load.parquet", {"path": "t.parquet", "compression": "snappy"}, [{"a": 1}])

    assert pq.read_table(lab.data / "t.parquet") == pa.table({"a": [1]})
