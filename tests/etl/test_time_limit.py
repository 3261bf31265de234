"""A node that takes longer than its timeout is stopped, whatever it is busy with."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psycopg
import pytest

from etl.engine import Engine
from etl.errors import TransientError
from etl.time_limit import time_limit
from tests.etl.conftest import Lab

ENDLESS = "SELECT sum(a.range * b.range) AS s FROM range(10000000) a, range(10000000) b"


def test_the_block_is_stopped_and_the_node_and_its_time_are_named() -> None:
    with (
        pytest.raises(TransientError, match=r"longer than its timeout of 0\.1 s") as caught,
        time_limit(0.1, "slow"),
    ):
        time.sleep(30)
    assert caught.value.node == "slow"
    assert caught.value.retryable


def test_what_is_done_in_time_is_left_alone() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(30, "quick"):
        pass
    assert signal.getsignal(signal.SIGALRM) is before


def test_another_error_stays_what_it_was() -> None:
    with pytest.raises(KeyError), time_limit(30, "broken"):
        raise KeyError


@pytest.mark.slow
def test_a_query_that_duckdb_is_busy_with_is_stopped(lab: Lab) -> None:
    began = time.monotonic()
    with pytest.raises(TransientError, match=r"timeout of 0\.5 s"):
        lab.run(
            "transform.sql",
            {"query": ENDLESS},
            inputs={"input": lab.stage("SELECT 1 AS n")},
            timeout=0.5,
        )
    assert time.monotonic() - began < 20


def test_an_engine_that_closes_at_that_moment_does_not_keep_the_time_from_being_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine(tables={}, folder=tmp_path, memory_limit="100MB") as engine:
        closed = engine.connect()
    monkeypatch.setattr("etl.engine._connections", {closed})
    with pytest.raises(TransientError, match=r"timeout of 0\.2 s"), time_limit(0.2, "slow"):
        time.sleep(30)


@pytest.mark.slow
@pytest.mark.usefixtures("warehouse_url")
def test_a_query_on_a_server_is_cancelled_there(lab: Lab, warehouse_url: str) -> None:
    with pytest.raises(TransientError, match="timeout of 1 s"):
        lab.run(
            "extract.sql",
            {"connection": "warehouse", "query": "SELECT pg_sleep(600)::text AS s"},
            timeout=1,
        )
    with psycopg.connect(warehouse_url) as connection:
        for _ in range(100):
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            ).fetchone()
            if row == (0,):
                return
            time.sleep(0.1)
    pytest.fail("the server still runs the query")
