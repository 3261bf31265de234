"""`make up` succeeds only if the example's rows are in the warehouse."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from stack import __main__ as command
from stack import example, report, starting
from stack.errors import StackError
from stack.layout import PROJECT, Layout
from stack.ports import Ports
from stack.programs import Stack
from stack.secrets import Secrets

ROWS = [{"delivery_id": "D00001", "amount": "16.47"}]
TASK = {
    "node_id": "to_warehouse",
    "module": "load.postgres",
    "status": "success",
    "tries": 1,
    "rows_in": 4,
    "rows_out": 4,
    "duration_seconds": 0.2,
    "error": "",
}
ENDED = {
    "status": "success",
    "duration_seconds": 1.5,
    "tasks": [TASK],
    "error_message": "",
    "status_reason": "",
}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    layout = Layout(PROJECT, tmp_path, tmp_path / "dags", (tmp_path / "data",))
    layout.create()
    layout.env_file.write_text("LOGIDATA_TOKEN=t\n")
    return Stack(layout, Ports.choose_free(), Secrets.load_or_create(layout.secrets))


@pytest.fixture
def up(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`stack up` with everything started already; give it how the example ends, get its status."""
    monkeypatch.setattr(sys, "argv", ["stack", "up"])
    monkeypatch.setattr(starting, "up", lambda layout: stack)
    monkeypatch.setattr(report, "addresses", lambda stack: print("LogiData is up."))

    def run(execution: dict[str, Any], before: list[Any], after: list[Any]) -> int:
        found = [before, after]
        monkeypatch.setattr(example, "_execute", lambda api, body: execution)
        monkeypatch.setattr(example, "_first_rows", lambda stack, table: found.pop(0))
        return command.main()

    return run


def test_rows_in_the_warehouse_are_shown_and_the_exit_status_is_0(up, capsys):
    assert up(ENDED, [], ROWS) == 0
    shown = capsys.readouterr().out
    for text in ("to_warehouse", "load.postgres", "D00001", "16.47", "LogiData is up."):
        assert text in shown


def test_an_example_that_fails_is_told_with_its_error_and_the_exit_status_is_1(up, capsys):
    failed = ENDED | {"status": "failed", "error_message": "Node 'to_warehouse': no."}
    # Rows of an earlier success do not excuse it.
    assert up(failed, [], ROWS) == 1
    shown = capsys.readouterr()
    assert "Node 'to_warehouse': no." in shown.err
    assert "LogiData is up." not in shown.out


def test_an_example_that_leaves_the_table_empty_ends_with_status_1(up, capsys):
    assert up(ENDED, [], []) == 1
    shown = capsys.readouterr()
    assert "'deliveries' is empty" in shown.err
    assert "LogiData is up." not in shown.out


def test_an_example_that_does_not_end_in_time_is_told_with_its_reason(stack, monkeypatch):
    waiting = {"status": "pending", "status_reason": "Airflow cannot be reached."}

    class Api:
        def call(self, method: str, path: str, body: object = None) -> Any:
            if method == "GET" and path.startswith("executions"):
                return waiting
            return {"results": [{"id": "p"}], "execution_id": "e"}

    monkeypatch.setattr(example, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(StackError, match=r"still pending .*Airflow cannot be reached"):
        example._execute(Api(), {"name": "Deliveries"})
