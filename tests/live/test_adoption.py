"""What is done in Airflow itself is shown as what it is: a run by hand, a backfill, a clear.

The runs of Airflow's scheduler are in test_left_alone.py.
"""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from stack.programs import airflow_environment
from tests.live.client import FINAL, Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node

pytestmark = pytest.mark.every_airflow

NODES = ["read_orders", "keep_paid", "to_warehouse"]


@pytest.fixture(scope="module")
def pipeline(live: LiveStack) -> Json:
    """A pipeline with a param and a schedule, which Airflow serves; its hour is not now."""
    (live.data / "adopted.csv").write_text(ORDERS)
    hour = (datetime.now(UTC).hour + 12) % 24
    pipeline = live.create(
        *chain(
            csv_node("adopted.csv"),
            filter_node("status = 'paid' AND amount > {{ params.min_amount }}"),
            load_node("live_adopted"),
        ),
        default_params={"min_amount": 8, "unused": "as it is"},
        schedule=f"0 {hour} * * *",
    )

    def ready() -> bool:
        shown = live.call("GET", f"pipelines/{pipeline['id']}")
        return bool(shown["deployment"]["status"] == "ready")

    eventually(ready, seconds=90)
    return pipeline


def adopted(live: LiveStack, pipeline: Json, trigger_type: str, how_many: int) -> list[Json]:
    """Return the ended executions of that kind, oldest first, as soon as there are so many."""

    def ended() -> list[Json]:
        page = live.call("GET", f"executions?pipeline={pipeline['id']}")["results"]
        found = [row for row in page if row["trigger_type"] == trigger_type]
        return found if len([row for row in found if row["status"] in FINAL]) >= how_many else []

    rows = eventually(ended, seconds=120)
    assert len(rows) == how_many
    return [live.execution(row["id"]) for row in reversed(rows)]


def check_as_airflow_tells_it(live: LiveStack, execution: Json, run_type: str) -> None:
    path = f"dags/{execution['airflow_dag_id']}/dagRuns/{execution['airflow_dag_run_id']}"
    run = live.airflow_call("GET", path).json()
    assert run["run_type"] == run_type
    assert execution["status"] == run["state"] == "success", execution
    assert execution["triggered_by"] is None
    for field, theirs in (("started_at", "start_date"), ("completed_at", "end_date")):
        assert datetime.fromisoformat(execution[field]) == datetime.fromisoformat(run[theirs])
    assert execution["duration_seconds"] > 0


def check_nodes(execution: Json, rows: list[int]) -> None:
    nodes = [(task["node_id"], task["status"], task["rows_out"]) for task in execution["tasks"]]
    assert nodes == [(node, "success", n) for node, n in zip(NODES, rows, strict=True)]
    assert all(task["duration_seconds"] > 0 for task in execution["tasks"])


def test_a_run_started_by_hand_in_airflow_is_shown_with_its_params(live, pipeline):
    run_id = live.start_in_airflow(f"pipeline_{pipeline['id']}", {"min_amount": 20})
    [execution] = adopted(live, pipeline, "external", 1)
    assert execution["airflow_dag_run_id"] == run_id
    assert execution["params"] == {"min_amount": 20, "unused": "as it is"}
    check_as_airflow_tells_it(live, execution, "manual")
    check_nodes(execution, [4, 1, 1])


def test_the_runs_of_a_backfill_are_shown_as_backfills_with_their_params(live, pipeline):
    # Half past: whatever hour the schedule has, two of its ticks lie between.
    today = datetime.now(UTC).replace(hour=0, minute=30, second=0, microsecond=0)
    backfill(live, pipeline, today - timedelta(days=4), today - timedelta(days=2))
    executions = adopted(live, pipeline, "backfill", 2)
    for execution in executions:
        assert execution["params"] == {"min_amount": 6, "unused": "as it is"}
        check_as_airflow_tells_it(live, execution, "backfill")
        check_nodes(execution, [4, 2, 2])
    assert len({execution["airflow_dag_run_id"] for execution in executions}) == 2


def backfill(live: LiveStack, pipeline: Json, start: datetime, end: datetime) -> None:
    """Have Airflow run the ticks of the schedule between two times, as its users do."""
    dag_id, conf = f"pipeline_{pipeline['id']}", {"min_amount": 6}
    if live.stack.airflow.major > 2:
        times = {"from_date": start.isoformat(), "to_date": end.isoformat()}
        body = {"dag_id": dag_id, "dag_run_conf": conf, **times}
        answer = live.airflow_call("POST", "backfills", body)
        assert answer.ok, answer.text
        return
    # It runs until all of them have ended.
    done = subprocess.run(
        [
            *(live.stack.airflow.python, "-m", "airflow", "dags", "backfill", dag_id),
            *("--start-date", start.isoformat(), "--end-date", end.isoformat()),
            *("--conf", json.dumps(conf)),
        ],
        env=airflow_environment(live.stack),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_execution_that_somebody_clears_in_airflow_is_followed_to_its_new_end(live):
    late = live.data / "late.csv"
    pipeline = live.create(*chain(csv_node(late.name), load_node("live_cleared")))
    failed = live.run(pipeline)
    assert failed["status"] == "failed"
    late.write_text(ORDERS)
    body = {
        "dry_run": False,
        "dag_run_id": failed["airflow_dag_run_id"],
        "only_failed": True,
        "reset_dag_runs": True,
    }
    answer = live.airflow_call("POST", f"dags/{failed['airflow_dag_id']}/clearTaskInstances", body)
    assert answer.ok, answer.text
    execution = live.wait(failed["id"], until=lambda found: found["status"] == "success")
    assert [(task["status"], task["tries"]) for task in execution["tasks"]] == [
        ("success", 2),
        ("success", 1),
    ]
    assert execution["error_message"] == ""
    assert execution["completed_at"] > failed["completed_at"]
