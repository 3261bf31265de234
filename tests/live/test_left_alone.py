"""What happens with nobody there: a schedule is due, the process of a load is killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import datetime

import psutil
import pytest

from tests.live.client import FINAL, Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, load_node

pytestmark = pytest.mark.every_airflow

BEFORE = [{"order_id": 1, "status": "old"}, {"order_id": 9, "status": "old"}]
SLEEPING = "SELECT client_port FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


@pytest.fixture(scope="module", autouse=True)
def scheduled(live: LiveStack) -> Iterator[Json]:
    """A pipeline for each full minute; saved first, for that minute to pass meanwhile."""
    (live.data / "scheduled.csv").write_text(ORDERS)
    pipeline = live.create(
        *chain(csv_node("scheduled.csv"), load_node("live_scheduled")), schedule="* * * * *"
    )
    yield pipeline
    live.call("PATCH", f"pipelines/{pipeline['id']}", {"is_active": False})


@pytest.fixture
def target(live: LiveStack) -> Iterator[str]:
    """A table with two rows, that takes some of those of ORDERS and then dawdles."""
    table = "killed_orders"
    (live.data / "killed.csv").write_text(ORDERS)
    live.warehouse(f"CREATE TABLE {table} (order_id bigint PRIMARY KEY, status text, amount float)")
    live.warehouse(f"INSERT INTO {table} VALUES (1, 'old', 1), (9, 'old', 9)")
    live.warehouse(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.order_id = 3 THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END $$"
    )
    live.warehouse(
        f"CREATE TRIGGER dawdle BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION dawdle()"
    )
    yield table
    live.warehouse(f"DROP TABLE {table}")
    live.warehouse("DROP FUNCTION dawdle")


def kill_the_loading_process(live: LiveStack) -> None:
    """Wait until rows are being written, then end the process that writes them, without warning."""
    [session] = eventually(lambda: live.warehouse(SLEEPING), seconds=60)
    [process] = [
        process
        for process in psutil.process_iter()
        if session["client_port"] in _local_ports(process) and process.name() != "postgres"
    ]
    process.send_signal(signal.SIGKILL)
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


def rows(live: LiveStack, table: str) -> list[Json]:
    return live.warehouse(f"SELECT order_id, status FROM {table} ORDER BY order_id")


def loading(live: LiveStack, table: str, retries: int) -> Json:
    load = load_node(table, mode="upsert", keys=["order_id"]) | {"retries": retries}
    return live.create(*chain(csv_node("killed.csv"), load))


def test_a_load_that_is_killed_fails_and_leaves_the_table_as_it_was(live, target):
    execution_id = live.execute(loading(live, target, retries=0))
    kill_the_loading_process(live)
    execution = live.wait(execution_id)
    assert execution["status"] == "failed", execution
    assert [task["status"] for task in execution["tasks"]] == ["success", "failed"]
    assert "'to_warehouse'" in execution["error_message"]
    assert "killed" in execution["error_message"]
    assert "log" in execution["error_message"]
    assert rows(live, target) == BEFORE


def test_a_load_that_is_killed_is_tried_again_and_loads_each_row_once(live, target):
    execution_id = live.execute(loading(live, target, retries=1))
    kill_the_loading_process(live)
    assert rows(live, target) == BEFORE
    live.warehouse(f"DROP TRIGGER dawdle ON {target}")
    execution = live.wait(execution_id)
    assert execution["status"] == "success", execution
    assert execution["tasks"][1]["tries"] == 2
    assert [row["order_id"] for row in rows(live, target)] == [1, 2, 3, 4, 9]


def test_a_scheduled_pipeline_is_started_by_airflow_and_shown_as_scheduled(live, scheduled):
    def ended() -> list[Json]:
        found = live.call("GET", f"executions?pipeline={scheduled['id']}")["results"]
        return [execution for execution in found if execution["status"] in FINAL]

    [*_, execution] = eventually(ended, seconds=80)
    assert execution["trigger_type"] == "scheduled"
    assert execution["status"] == "success", execution
    assert execution["triggered_by"] is None
    path = f"dags/{execution['airflow_dag_id']}/dagRuns/{execution['airflow_dag_run_id']}"
    run = live.airflow_call("GET", path).json()
    assert run["run_type"] == "scheduled"
    started = datetime.fromisoformat(execution["started_at"])
    assert datetime.fromisoformat(run["start_date"]) == started
    [row] = live.warehouse("SELECT count(*) AS n FROM live_scheduled")
    assert row["n"] == 4
