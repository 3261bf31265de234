"""What happens with nobody there: a schedule is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.live.client import FINAL, Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, load_node

pytestmark = pytest.mark.every_airflow


@pytest.fixture(scope="module", autouse=True)
def scheduled(live: LiveStack) -> Iterator[Json]:
    """A pipeline for each full minute; saved first, for that minute to pass meanwhile."""
    (live.data / "scheduled.csv").write_text(ORDERS)
    pipeline = live.create(
        *chain(csv_node("scheduled.csv"), load_node("live_scheduled")), schedule="* * * * *"
    )
    yield pipeline
    live.call("PATCH", f"pipelines/{pipeline['id']}", {"is_active": False})


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
