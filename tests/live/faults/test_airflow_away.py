"""Airflow, all of it, is away for two minutes."""

from __future__ import annotations

import time

import pytest

from stack.catalogue import AIRFLOW
from tests.live.client import LiveStack
from tests.live.faults.record import fault
from tests.live.faults.soundness import Trial, settle
from tests.live.nodes import ORDERS, chain, csv_node, load_node

OUTAGE = 120


@pytest.mark.parametrize("trial", [{"retries": 3}], indirect=True)
@fault(
    "Airflow down for two minutes during executions",
    "executions wait and say why, health is 503; nodes that were cut off are tried again, and "
    "what was executed or saved meanwhile runs by itself",
)
def test_airflow_away_for_two_minutes_loses_nothing(live: LiveStack, trial: Trial):
    (live.data / "away.csv").write_text(ORDERS)
    [running] = trial.start(seconds=10)
    trial.reading(running)
    programs = [program.name for program in AIRFLOW[live.stack.airflow.major]]
    with trial.fault(), live.without(*programs):
        ends = time.monotonic() + OUTAGE
        trial.start(2)
        saved = live.create(*chain(csv_node("away.csv"), load_node("fault_saved")))
        first = live.execute(saved)
        for execution_id in (running, *trial.accepted, first):
            live.wait(execution_id, until=lambda found: "Airflow" in found["status_reason"])
        for execution_id in (*list(trial.accepted)[1:], first):
            assert live.execution(execution_id)["status"] == "pending"
        deployment = live.call("GET", f"pipelines/{saved['id']}")["deployment"]
        assert deployment["status"] == "registering"
        health = live.request("GET", "health")
        assert health.status_code == 503
        assert health.json()["components"]["airflow"]["status"] != "ok"
        time.sleep(max(0, ends - time.monotonic()))
    settle(trial)
    assert live.wait(first)["status"] == "success"
    assert live.call("GET", f"pipelines/{saved['id']}")["deployment"]["status"] == "ready"
    assert len(live.warehouse("SELECT order_id FROM fault_saved")) == 4
