"""A run keeps the revision that it was started with, whatever becomes of the pipeline meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from etl.databases.patience import ANSWER_SECONDS
from tests.live.client import FINAL, Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node

# Who waits for longer than LogiData does, which only asks for the columns of what was saved.
WAITING = f"""
SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s
AND now() - query_start > interval '{ANSWER_SECONDS + 1} seconds'
"""


def gate_node(table: str) -> Json:
    """A node that reads a table, and is stopped by whoever has locked it."""
    config = {"connection": "warehouse", "query": f"SELECT order_id, status FROM {table}"}
    return {"id": "gate", "module": "extract.sql", "config": config, "retries": 2}


def sort_node() -> Json:
    return {"id": "sorted", "module": "transform.sort", "config": {"by": [{"column": "order_id"}]}}


def limit_node(rows: int) -> Json:
    return {"id": "some", "module": "transform.limit", "config": {"rows": rows}}


@contextmanager
def locked(live: LiveStack, table: str) -> Iterator[None]:
    """Let nobody read a new table with four orders, three of them paid."""
    live.warehouse(f"CREATE TABLE {table} (order_id int, status text)")
    live.warehouse(f"INSERT INTO {table} VALUES (1, 'paid'), (2, 'open'), (3, 'paid'), (4, 'paid')")
    with psycopg.connect(live.env["WAREHOUSE_URL"]) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def at_the_gate(live: LiveStack, table: str, count: int) -> list[int]:
    """Return the database's processes that wait for the table once there are so many."""

    def enough() -> list[int]:
        found = [row["pid"] for row in live.warehouse(WAITING, [f"%{table}%"])]
        return found if len(found) >= count else []

    return eventually(enough, seconds=90)


def edit(live: LiveStack, pipeline: Json, nodes: list[Json], edges: list[tuple[str, str]]) -> None:
    config = {"nodes": nodes, "edges": [{"source": a, "target": b} for a, b in edges]}
    live.call("PATCH", f"pipelines/{pipeline['id']}", {"config": config})


def until_ready(live: LiveStack, pipeline: Json) -> None:
    def ready() -> bool:
        deployment = live.call("GET", f"pipelines/{pipeline['id']}")["deployment"]
        assert deployment["status"] != "failed", deployment
        return bool(deployment["status"] == "ready")

    eventually(ready, seconds=60)


def started_in_airflow(live: LiveStack, dag_id: str) -> str:
    answer = live.airflow_call("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})
    assert answer.ok, answer.text
    return str(answer.json()["dag_run_id"])


def ended(live: LiveStack, pipeline: Json, run_id: str) -> Json:
    def execution() -> Json | None:
        page = live.call("GET", f"executions?pipeline={pipeline['id']}")["results"]
        found = [row for row in page if row["airflow_dag_run_id"] == run_id]
        return live.execution(found[0]["id"]) if found and found[0]["status"] in FINAL else None

    found = eventually(execution, seconds=120)
    assert found is not None
    return found


def dag_versions(live: LiveStack, dag_id: str) -> list[Json]:
    answer = live.airflow_call("GET", f"dags/{dag_id}/dagVersions")
    assert answer.ok, answer.text
    versions: list[Json] = answer.json()["dag_versions"]
    return versions


def nodes_in_airflow(live: LiveStack, execution: Json) -> dict[str, str]:
    path = f"dags/{execution['airflow_dag_id']}/dagRuns/{execution['airflow_dag_run_id']}"
    tasks = live.airflow_call("GET", f"{path}/taskInstances").json()["task_instances"]
    return {task["task_id"]: task["state"] for task in tasks}


def rows(live: LiveStack, table: str) -> list[int]:
    return [
        row["order_id"] for row in live.warehouse(f"SELECT order_id FROM {table} ORDER BY order_id")
    ]


@pytest.fixture(scope="module")
def edited_in_the_middle(live: LiveStack) -> dict[str, Json]:
    """Two runs of revision 1 and one of revision 2, which took their turns at the gate.

    While revision 1 ran, one node was edited, one was added and one removed, and the node that
    ran was cut off, so that it was tried again with revision 2 already served.
    """
    with locked(live, "gate"):
        pipeline = live.create(
            *chain(
                gate_node("gate"), filter_node("status = 'paid'"), limit_node(2), load_node("old")
            )
        )
        by_us = live.execute(pipeline)
        at_the_gate(live, "gate", 1)
        dag_id = live.execution(by_us)["airflow_dag_id"]
        in_airflow = started_in_airflow(live, dag_id)
        waiting = at_the_gate(live, "gate", 2)
        edit(
            live,
            pipeline,
            *chain(
                gate_node("gate"), filter_node("status = 'open'"), sort_node(), load_node("new")
            ),
        )
        # It is served at once, not when the runs have ended.
        until_ready(live, pipeline)
        newer = live.execute(pipeline)
        at_the_gate(live, "gate", 3)
        for pid in waiting:
            live.warehouse("SELECT pg_terminate_backend(%s)", [pid])
        live.wait(by_us, lambda execution: execution["tasks"][0]["tries"] > 1, seconds=120)
        at_the_gate(live, "gate", 3)
    return {
        "by us": live.wait(by_us, seconds=120),
        "in Airflow": ended(live, pipeline, in_airflow),
        "newer": live.wait(newer, seconds=120),
    }


@pytest.mark.parametrize("which", ["by us", "in Airflow"])
def test_a_run_ends_with_the_nodes_and_tries_of_its_own_revision(live, edited_in_the_middle, which):
    execution = edited_in_the_middle[which]
    assert execution["status"] == "success", execution
    assert execution["revision"] == 1
    told = [(task["node_id"], task["rows_out"], task["tries"]) for task in execution["tasks"]]
    assert told == [("gate", 4, 2), ("keep_paid", 3, 1), ("some", 2, 1), ("to_warehouse", 2, 1)]
    assert nodes_in_airflow(live, execution) == dict.fromkeys(
        ["gate", "keep_paid", "some", "to_warehouse"], "success"
    )


def test_the_execution_after_the_edit_runs_the_new_revision(live, edited_in_the_middle):
    execution = edited_in_the_middle["newer"]
    assert execution["status"] == "success", execution
    assert execution["revision"] == 2
    assert [task["node_id"] for task in execution["tasks"]] == [
        "gate",
        "keep_paid",
        "sorted",
        "to_warehouse",
    ]
    assert rows(live, "old") == [1, 3]
    assert rows(live, "new") == [2]


def test_a_version_that_airflow_serves_is_what_lies_in_its_snapshot(live, edited_in_the_middle):
    dag_id = edited_in_the_middle["newer"]["airflow_dag_id"]
    versions = dag_versions(live, dag_id)
    assert [version["version_number"] for version in versions] == [1, 2]
    for version in versions:
        number = version["version_number"]
        path = f"dagSources/{dag_id}?version_number={number}"
        source = live.airflow_call("GET", path).json()["content"]
        folder = live.stack.layout.snapshots / "versions" / version["bundle_version"]
        assert (folder / f"{dag_id}.py").read_text() == source
        assert f"revision:{number}" in source


def test_saving_deploying_and_touching_what_has_not_changed_makes_no_version(live):
    (live.data / "same.csv").write_text(ORDERS)
    nodes, edges = chain(csv_node("same.csv"), load_node("live_same"))
    pipeline = live.create(nodes, edges)
    until_ready(live, pipeline)
    execution = live.run(pipeline)
    for _ in range(100):
        edit(live, pipeline, nodes, edges)
    # Other pipelines change, and with them the version of the folder.
    until_ready(live, live.create(nodes, edges))
    dag_id = execution["airflow_dag_id"]
    file = live.stack.layout.dags / f"{dag_id}.py"
    before = _read_at(live, dag_id)
    os.utime(file)
    eventually(lambda: _read_at(live, dag_id) > before, seconds=30)
    # Its file is lost, and written anew.
    file.unlink()
    eventually(lambda: file.exists(), seconds=120)
    until_ready(live, pipeline)
    assert live.run(pipeline)["status"] == "success"
    revisions = live.call("GET", f"pipelines/{pipeline['id']}/revisions")["results"]
    assert [revision["number"] for revision in revisions] == [1]
    assert [version["version_number"] for version in dag_versions(live, dag_id)] == [1]


def _read_at(live: LiveStack, dag_id: str) -> str:
    return str(live.airflow_call("GET", f"dags/{dag_id}/details").json()["last_parsed_time"])
