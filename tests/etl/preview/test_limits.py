"""What the process of a preview may take, and that it ends with whoever started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from etl.errors import DataError, TransientError
from etl.messages import Message, read_message
from etl.preview.connecting import Connections
from etl.preview.limits import explained
from etl.settings import PROJECT

LIMITED = "from etl.preview.limits import limit_process; limit_process('100MB', 5.0); "


def run_limited(code: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED + code],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


def test_memory_beyond_the_limit_is_refused() -> None:
    assert "MemoryError" in run_limited("bytearray(2_000_000_000)").stderr
    assert run_limited("bytearray(200_000_000)").returncode == 0


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    code = f"f = open({str(tmp_path / 'large')!r}, 'wb'); f.truncate(300_000_000)"
    assert "OSError" in run_limited(code).stderr


def test_processor_time_beyond_the_limit_ends_the_process() -> None:
    code = (
        "import resource; print(resource.getrlimit(resource.RLIMIT_CPU)[0], "
        "resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    seconds, core = run_limited(code).stdout.split()
    assert int(seconds) == 5 * (os.cpu_count() or 1) + 5
    assert core == "0"


@pytest.fixture
def wish(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "t.csv").write_text("n\n" + "\n".join(map(str, range(3000))))
    query = "SELECT count(*) AS n FROM input a, input b, input c, input d, input e"
    return {
        "graph": {
            "nodes": [
                {"id": "read", "module": "extract.csv", "config": {"path": "t.csv"}},
                {"id": "work", "module": "transform.sql", "config": {"query": query}},
            ],
            "edges": [{"source": "read", "target": "work"}],
        },
        "node": "work",
        "params": {},
        "owner": "user-1",
        "shown": 10,
        "read": 3000,
        "seconds": 60,
        "fresh": False,
        "settings": {
            "staging": str(tmp_path / "staging"),
            "state": str(tmp_path / "state"),
            "data_dirs": [str(tmp_path)],
            "memory_limit": "200MB",
        },
    }


@contextmanager
def started(wish: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "etl.preview"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(json.dumps(wish).encode() + b"\n")
    process.stdin.flush()
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()
        if process.stdout:
            process.stdout.close()


def test_a_preview_ends_when_nobody_holds_its_input_open(wish: dict[str, Any]) -> None:
    with started(wish) as process:
        assert process.stdin
        assert process.stdout
        assert json.loads(process.stdout.readline())["node"] == "read"
        began = time.monotonic()
        process.stdin.close()
        process.wait(20)
        assert time.monotonic() - began < 10


def test_a_node_that_multiplies_its_rows_is_told_so(wish: dict[str, Any]) -> None:
    query = "SELECT md5(CAST(a.n * b.n AS VARCHAR)) AS text FROM input a, input b"
    wish["graph"]["nodes"][1]["config"]["query"] = query
    wish["settings"]["memory_limit"] = "40MB"
    with started(wish) as process:
        assert process.stdout
        last = json.loads(process.stdout.read().splitlines()[-1])
    assert last["error"]["node"] == "work"
    assert "multiplied" in last["error"]["message"]


def test_an_error_is_told_with_its_wording_and_without_secrets(
    wish: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", "sftp://ann:the-password@127.0.0.1")
    config = {"path": "sftp://elsewhere/the-password.csv", "connection": "lake"}
    wish["graph"]["nodes"][0]["config"] = config
    wish["node"] = "read"
    with started(wish) as process:
        assert process.stdout
        last = process.stdout.read().splitlines()[-1]
    error = json.loads(last)["error"]
    message = read_message(error["message"], error["wording"])
    assert isinstance(message, Message)
    assert message.values["node"] == error["node"] == "read"
    assert "'sftp://elsewhere/***.csv'" in message
    assert b"the-password" not in last


def test_a_problem_of_the_graph_is_told_with_its_wording(wish: dict[str, Any]) -> None:
    wish["node"] = "gone"
    with started(wish) as process:
        assert process.stdout
        error = json.loads(process.stdout.read())["error"]
    assert (error["node"], error["field"]) == (None, "node")
    assert error["wording"]["values"] == {"node": "gone"}


def test_errors_of_its_limits_are_told_in_words_of_previews() -> None:
    too_large = TransientError("Could not write file: File too large.", node="join")
    assert "80 MB" in str(explained(too_large, "40MB"))
    assert "'join'" in str(explained(too_large, "40MB"))
    machine = TransientError("the machine failed: MemoryError.", node="read")
    machine.__cause__ = MemoryError()
    assert "LOGIDATA_MEMORY_LIMIT at 40MB" in str(explained(machine, "40MB"))
    other = DataError("no.", node="read")
    assert explained(other, "40MB") is other


def test_the_secrets_of_a_connection_that_is_used_are_hidden() -> None:
    hidden: set[str] = set()
    uri = "http://user:a%20secret@example.org/?x-api-key=another-one&short=ab&sslmode=require"
    connections = Connections(hidden.update, {"AIRFLOW_CONN_SHOP": uri})
    assert connections("shop").password == "a secret"
    assert {"a secret", "another-one"} <= hidden
    # Else every "required" in a message would be cut.
    assert not {"ab", "require"} & hidden
