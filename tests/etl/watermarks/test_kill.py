"""Executions that are killed at any moment leave nothing out and nothing twice.

A few kills; LOGIDATA_KILLS=n makes n of them, at other moments.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.etl.watermarks.conftest import PIPELINE, Incremental

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("LOGIDATA_KILLS", "3"))


def test_executions_survive_kills(
    incremental: Incremental, capsys: pytest.CaptureFixture[str]
) -> None:
    incremental.tables = ("orders", "copies")
    incremental.watermark = {"column": "id", "lag": 20}
    rows: list[dict[str, Any]] = []
    moments = random.Random(KILLS)
    killed = 0
    with subprocess.Popen(
        [sys.executable, "-m", "tests.etl.forked"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout

        def execute(kill_after: float | None = None) -> tuple[int, float]:
            assert process.stdin
            assert process.stdout
            request = {
                "graph": incremental.graph(),
                "folder": str(incremental.folder),
                "pipeline": PIPELINE,
                "connections": {},
            }
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            child = int(process.stdout.readline())
            started = time.monotonic()
            if kill_after is not None:
                time.sleep(kill_after)
                # Ours until its end has been read, so that the id is nobody else's.
                os.kill(child, signal.SIGKILL)
            return int(process.stdout.readline()), time.monotonic() - started

        def more() -> None:
            # In no order, so that some come late, and two with the same id.
            first = len(rows)
            new = [{"id": n, "name": f"row {n}"} for n in range(first, first + 10)]
            moments.shuffle(new)
            rows.extend(new)
            rows.append({"id": new[3]["id"], "name": "another"})
            incremental.source(rows)

        more()
        assert execute()[0] == 0
        more()
        _, duration = execute()
        for number in range(KILLS):
            more()
            status, _ = execute(duration * (number + moments.random()) / KILLS)
            killed += status == -signal.SIGKILL
        # The first finishes what was begun, the second reads what has come since.
        for _ in range(2):
            assert execute()[0] == 0
        process.stdin.close()
    expected = sorted((row["id"], row["name"]) for row in rows)
    for table in incremental.tables:
        assert incremental.query(f"SELECT id, name FROM {table} ORDER BY id, name") == expected
    with capsys.disabled():
        print(f"\n{killed} of {KILLS} executions killed in the middle of {duration:.2f} s", end=" ")
    assert killed
