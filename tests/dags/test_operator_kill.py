"""A kill stops a node, whatever it is busy with."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

import etl.replay
import etl.runner
from etl.engine import Engine
from tests.dags.nodes import RESULT, Recorder, an_operator, run, the_failure
from tests.dags.runs import a_context

pytestmark = pytest.mark.slow


def test_a_kill_stops_the_node_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    operator, context = an_operator(), a_context()
    undone = []

    def work(**_: Any) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            undone.append(True)

    # What Airflow 3 does in a task's process.
    previous = signal.signal(signal.SIGTERM, lambda *_: operator.on_kill())
    monkeypatch.setattr(etl.runner, "run_node", work)
    try:
        with pytest.raises(the_failure()[0], match="Node 'keep' was stopped"):
            run(operator, context)
    finally:
        signal.signal(signal.SIGTERM, previous)

    assert undone
    assert context["ti"].pushed == {}


def test_a_kill_stops_a_query_that_duckdb_is_busy_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    operator, context = an_operator(), a_context()

    def work(**_: Any) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        folder = tmp_path / "out"
        folder.mkdir()
        with Engine(tables={}, folder=folder, memory_limit="200MB") as engine:
            engine.connect().execute(
                "SELECT count(*) FROM range(1000000000000) AS t(i) WHERE i % 7 = 3"
            )

    previous = signal.signal(signal.SIGALRM, lambda *_: operator.on_kill())
    monkeypatch.setattr(etl.runner, "run_node", work)
    try:
        with pytest.raises(the_failure()[0], match="Node 'keep' was stopped"):
            run(operator, context)
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_a_kill_before_the_work_begins_prevents_it(node: Recorder) -> None:
    operator = an_operator()
    operator.on_kill()

    with pytest.raises(the_failure()[0], match=r"was stopped while it worked\. Execute"):
        run(operator, a_context())

    assert not node.calls


def test_a_kill_after_the_work_changes_nothing(node: Recorder) -> None:
    operator = an_operator()
    assert run(operator, a_context()) == RESULT

    operator.on_kill()
