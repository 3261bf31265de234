"""A loader that is killed at any moment, and run again, leaves what one clean run leaves.

A few kills for each loader and mode; LOGIDATA_KILLS=n makes n of them, at other moments.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from etl.runner import NodeResult
from tests.etl.conftest import Lab
from tests.etl.mariadb import mariadb_server, query, shop_url

pytestmark = pytest.mark.slow

__all__ = ["mariadb_server", "shop_url"]

KILLS = int(os.environ.get("LOGIDATA_KILLS", "3"))
SIGKILLED = -signal.SIGKILL

MODES: dict[str, dict[str, object]] = {
    "append": {},
    "replace": {},
    "upsert": {"keys": ["id"]},
    "delete_insert": {"partition_by": ["day"]},
}
# Two rows are refused, so that kills also fall into the search for them.
ROWS = (
    "SELECT range + 100 AS id, 5 + range % 7 AS day,"
    " CASE WHEN range NOT IN (7, 1999) THEN 'row ' || range END AS status FROM range(3000)"
)
MAKE = ("CREATE TABLE orders (id int PRIMARY KEY, day int, status varchar(20) NOT NULL)",
        "INSERT INTO orders VALUES (1, 5, 'old'), (2, 99, 'old')")  # fmt: skip
UNDO = ("DROP TABLE IF EXISTS orders", "DROP TABLE IF EXISTS _logidata_loads")


class Runner:
    """Has the tries of one test run by a process that forks one for each."""

    def __init__(self, process: subprocess.Popen[str], lab: Lab, source: NodeResult) -> None:
        self.process = process
        self.lab = lab
        self.source = source
        self.answer = lab.data / "answer.json"

    def run(
        self, case: Case, execution: str, attempt: int, kill_after: float | None = None
    ) -> tuple[int, float]:
        """Run one try, and kill it if told; return its exit status and its seconds."""
        assert self.process.stdin
        assert self.process.stdout
        request = {
            "module": case.module,
            "config": case.config,
            "inputs": {"input": self.source},
            "execution_id": execution,
            "staging": self.lab.staging,
            "data": str(self.lab.data),
            "attempt": attempt,
            "answer": str(self.answer),
            "connections": {k: v for k, v in os.environ.items() if k.startswith("AIRFLOW_CONN_")},
        }
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        started = time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            # Ours until its end has been read, so that the id is nobody else's.
            os.kill(child, signal.SIGKILL)
        status = int(self.process.stdout.readline())
        return status, time.monotonic() - started

    def metrics(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.answer.read_text())
        return {name: found[name] for name in ("rows_in", "rows_out", "rows_rejected")}


@dataclass
class Case:
    """A loader in one mode: how its target is made ready, and looked at."""

    module: str
    config: dict[str, Any]
    reset: Callable[[], None]
    look: Callable[[], object]


@pytest.fixture(scope="module")
def forking() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.etl.forked"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def runner(lab: Lab, forking: subprocess.Popen[str]) -> Runner:
    return Runner(forking, lab, lab.stage(ROWS))


def prove(runner: Runner, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    """Kill the case again and again, and hold what is left against one clean run."""
    case.reset()
    status, _ = runner.run(case, "clean", 1)
    assert status == 0
    clean, metrics = case.look(), runner.metrics()
    # Once more, for the first run of all also warms up the server.
    case.reset()
    _, duration = runner.run(case, "clean-2", 1)
    moments = random.Random(f"{case.module} {case.config.get('mode')} {KILLS}")
    killed = 0
    for number in range(KILLS):
        case.reset()
        # Spread over the whole run: one kill in each part of it.
        after = duration * (number + moments.random()) / KILLS
        status, _ = runner.run(case, f"run-{number}", 1, after)
        killed += status == SIGKILLED
        assert status in (0, SIGKILLED)
        status, _ = runner.run(case, f"run-{number}", 2)
        assert status == 0, f"after a kill at {after:.3f} s of {duration:.3f} s"
        assert case.look() == clean, f"after a kill at {after:.3f} s of {duration:.3f} s"
        assert runner.metrics() == metrics
    with capsys.disabled():
        print(
            f"\n{case.module} {case.config.get('mode', '')}: {killed} of {KILLS} killed in the "
            f"middle of {duration:.2f} s, all alike afterwards",
            end=" ",
        )
    assert killed


def table_case(
    module: str, config: dict[str, Any], mode: str, run: Callable[[str], list[Any]]
) -> Case:
    def reset() -> None:
        for statement in (*UNDO, *MAKE):
            run(statement)

    return Case(
        module,
        {**config, "table": "orders", "mode": mode, "max_rejected": 5, **MODES[mode]},
        reset,
        lambda: run("SELECT id, day, status FROM orders ORDER BY id"),
    )


@pytest.mark.parametrize("mode", MODES)
def test_load_postgres_survives_kills(
    runner: Runner, warehouse_url: str, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(sql: str) -> list[Any]:
        with psycopg.connect(warehouse_url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    try:
        prove(runner, table_case("load.postgres", {"connection": "warehouse"}, mode, run), capsys)
    finally:
        for statement in UNDO:
            run(statement)


@pytest.mark.parametrize("mode", MODES)
def test_load_mysql_survives_kills(
    runner: Runner, shop_url: str, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = partial(query, shop_url)

    prove(runner, table_case("load.mysql", {"connection": "shop"}, mode, run), capsys)

    assert run("SHOW TABLES LIKE '\\_logidata\\_new%'") == []


@pytest.mark.parametrize("mode", MODES)
def test_load_sqlite_survives_kills(
    runner: Runner, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = runner.lab.data / "marts.sqlite"

    def run(sql: str) -> list[Any]:
        connection = sqlite3.connect(path)
        try:
            with connection:
                return connection.execute(sql).fetchall()
        finally:
            connection.close()

    prove(runner, table_case("load.sqlite", {"path": path.name}, mode, run), capsys)


def excel_rows(path: Path) -> list[Any]:
    """Return what a workbook holds; its bytes have the time of writing in them."""
    rows: list[Any] = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return rows


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "excel"])
def test_file_loaders_survive_kills(
    runner: Runner, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path: Path = runner.lab.data / f"out.{'xlsx' if kind == 'excel' else kind}"
    look: Callable[[], object] = {
        "csv": path.read_bytes,
        "jsonl": path.read_bytes,
        "parquet": lambda: pq.read_table(path).to_pylist(),
        "excel": lambda: excel_rows(path),
    }[kind]

    prove(
        runner,
        Case(f"load.{kind}", {"path": path.name}, lambda: path.unlink(missing_ok=True), look),
        capsys,
    )


@pytest.mark.parametrize("replace", ["all", "partitions"])
def test_folders_of_parquet_survive_kills(
    runner: Runner, replace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = runner.lab.data / "parts"

    def reset() -> None:
        """Leave a partition that the rows have, and one that they have not."""
        shutil.rmtree(path, ignore_errors=True)
        for day in (5, 99):
            (path / f"day={day}").mkdir(parents=True)
            old = {"id": [day], "day": [day], "status": ["old"]}
            pq.write_table(pa.table(old), path / f"day={day}" / "part-0.parquet")

    def look() -> object:
        return {
            str(file.relative_to(path)): pq.ParquetFile(file).read().to_pylist()
            for file in sorted(path.rglob("*"))
            if file.is_file()
        }

    config = {"path": path.name, "partition_by": ["day"], "replace": replace}
    prove(runner, Case("load.parquet", config, reset, look), capsys)
    assert (path / "day=99").exists() == (replace == "partitions")
    assert [entry.name for entry in runner.lab.data.iterdir() if entry.name.startswith(".")] == []
