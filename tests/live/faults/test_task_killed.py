"""The process of a running task is killed: while it reads, and in the middle of a load."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.live.client import LiveStack, eventually
from tests.live.faults.record import fault
from tests.live.faults.soundness import Trial

pytestmark = pytest.mark.every_airflow

SLEEPING = "SELECT client_port FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


def kill_the_sleeping_task(live: LiveStack) -> None:
    """Wait until a task waits for the warehouse, then end its process without warning."""
    [session] = eventually(lambda: live.warehouse(SLEEPING), seconds=60)
    [process] = [
        process
        for process in psutil.process_iter()
        if session["client_port"] in _local_ports(process) and process.name() != "postgres"
    ]
    os.kill(process.pid, signal.SIGKILL)
    # PostgreSQL sees that its client is gone once it has something to say to it.
    live.warehouse(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    )
    eventually(lambda: live.warehouse(SLEEPING) == [], seconds=20)


def _local_ports(process: psutil.Process) -> set[int]:
    try:
        return {connection.laddr.port for connection in process.net_connections("tcp")}
    except psutil.Error:
        return set()


@contextmanager
def dawdling(live: LiveStack, trial: Trial) -> Iterator[None]:
    """Have the trial's target take some rows of a load, and then take its time."""
    live.warehouse(f"CREATE TABLE {trial.table} (number int, mark text)")
    live.warehouse(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.number = 3 THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END $$"
    )
    live.warehouse(
        f"CREATE TRIGGER dawdle BEFORE INSERT ON {trial.table} "
        "FOR EACH ROW EXECUTE FUNCTION dawdle()"
    )
    try:
        yield
    finally:
        live.warehouse("DROP FUNCTION dawdle CASCADE")


@pytest.mark.parametrize("trial", [{"retries": 1}], indirect=True)
@fault("A task killed while it reads", "it is tried again")
def test_a_task_that_is_killed_is_tried_again(live, trial):
    with trial.fault():
        # Its second try takes as long.
        [execution_id] = trial.start(seconds=8)
        kill_the_sleeping_task(live)
    assert live.wait(execution_id)["tasks"][0]["tries"] == 2


@fault(
    "A task killed in the middle of a load, without retries",
    "the execution fails and says why; the table is as it was",
)
def test_a_load_that_is_killed_fails_and_leaves_the_table_as_it_was(live, trial):
    with trial.fault(), dawdling(live, trial):
        [execution_id] = trial.start(ends=("failed",))
        kill_the_sleeping_task(live)
        execution = live.wait(execution_id)
    assert [task["status"] for task in execution["tasks"]] == ["success", "failed"]
    for word in ("'load'", "killed", "log"):
        assert word in execution["error_message"]
    assert live.warehouse(f"SELECT * FROM {trial.table}") == []


# Not so soon that it would dawdle as well.
@pytest.mark.parametrize("trial", [{"retries": 1, "retry_delay": 8}], indirect=True)
@fault(
    "A task killed in the middle of a load, with retries",
    "the load is tried again, and each row is there once",
)
def test_a_load_that_is_killed_is_tried_again_and_loads_each_row_once(live, trial):
    with trial.fault(), dawdling(live, trial):
        [execution_id] = trial.start()
        kill_the_sleeping_task(live)
        assert live.warehouse(f"SELECT * FROM {trial.table}") == []
    execution = live.wait(execution_id)
    assert [task["tries"] for task in execution["tasks"]] == [1, 2]
