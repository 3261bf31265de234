"""Cancelling: what is shown as cancelled has really stopped."""

from __future__ import annotations

import contextlib
import time

import psutil
import pytest

from tests.live.client import Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, load_node

pytestmark = pytest.mark.every_airflow

# Hours of work that uses next to no memory: a sum over a product of large ranges.
ENDLESS = "SELECT sum(a.range * b.range) AS s FROM range(10000000) a, range(10000000) b"


@pytest.fixture(autouse=True)
def _orders(live: LiveStack) -> None:
    (live.data / "cancel.csv").write_text(ORDERS)


def running(node: str) -> object:
    return lambda execution: any(
        task["node_id"] == node and task["status"] == "running" for task in execution["tasks"]
    )


def cancelled(live: LiveStack, execution_id: str) -> Json:
    answer = live.request("POST", f"executions/{execution_id}/cancel")
    assert answer.status_code == 202, answer.text
    execution = live.wait(execution_id)
    assert execution["status"] == "cancelled", execution
    return execution


def test_a_cancelled_query_no_longer_runs_in_the_database(live):
    sleeping = {
        "id": "sleep",
        "module": "extract.sql",
        "config": {
            "connection": "warehouse",
            "query": "SELECT pg_sleep(3600)::text AS slept",
        },
    }
    pipeline = live.create(*chain(sleeping, load_node("live_never")))
    execution_id = live.execute(pipeline)
    statement = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    eventually(lambda: live.warehouse(statement), seconds=60)
    execution = cancelled(live, execution_id)
    assert live.warehouse(statement) == []
    assert [task["status"] for task in execution["tasks"]] == ["cancelled", "cancelled"]
    assert live.warehouse("SELECT to_regclass('live_never') AS t") == [{"t": None}]


def test_a_cancelled_computation_leaves_no_process(live):
    endless = {"id": "endless", "module": "transform.sql", "config": {"query": ENDLESS}}
    pipeline = live.create(*chain(csv_node("cancel.csv"), endless, load_node("live_never_either")))
    execution_id = live.execute(pipeline)
    live.wait(execution_id, until=running("endless"))
    computing = eventually(lambda: _computing(live), seconds=60)
    cancelled(live, execution_id)
    assert not set(computing) & set(_computing(live))


def _computing(live: LiveStack) -> list[psutil.Process]:
    """Return the process that takes most of what the stack takes of the processors, if one does.

    Measured against the stack's own, for the machine may be busy with other work.
    """
    before = _processor_seconds(live)
    time.sleep(2)
    took = {
        process: seconds - before[process]
        for process, seconds in _processor_seconds(live).items()
        if process in before
    }
    most = max(0.2, sum(took.values()) / 2)
    return [process for process, seconds in took.items() if seconds > most]


def _processor_seconds(live: LiveStack) -> dict[psutil.Process, float]:
    found = {}
    for process in psutil.process_iter():
        if _belongs(process, live.stack.layout.identity):
            with contextlib.suppress(psutil.Error):
                found[process] = process.cpu_times().user
    return found


def _belongs(process: psutil.Process, identity: str) -> bool:
    try:
        return process.environ().get("LOGIDATA_STACK") == identity
    except (psutil.Error, OSError):
        return False


def test_a_cancel_before_the_trigger_starts_no_dag_run(live):
    pipeline = live.create(*chain(csv_node("cancel.csv"), load_node("live_untriggered")))
    with live.without_airflow():
        execution_id = live.execute(pipeline)
        live.wait(execution_id, until=lambda execution: execution["status_reason"] != "")
        cancelled(live, execution_id)
    execution = live.execution(execution_id)
    path = f"dags/{execution['airflow_dag_id']}/dagRuns/{execution['airflow_dag_run_id']}"
    eventually(live.airflow_answers, seconds=90)
    assert live.airflow_call("GET", path).status_code == 404


def test_an_ended_execution_cannot_be_cancelled_and_says_so(live):
    pipeline = live.create(*chain(csv_node("cancel.csv"), load_node("live_ended")))
    execution = live.run(pipeline)
    answer = live.request("POST", f"executions/{execution['id']}/cancel")
    assert answer.status_code == 409
    assert "success" in answer.json()["detail"]
    assert live.execution(execution["id"])["status"] == "success"
