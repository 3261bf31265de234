"""The real Airflow keeps the promises that the fake one is built on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_bridge.client import AirflowClient, DagRun
from airflow_bridge.errors import DagNotFound
from airflow_bridge.factory import connect
from airflow_bridge.rest import RestSession, Server
from tests.airflow_contract import AirflowContract
from tests.live.client import LiveStack, eventually

pytestmark = pytest.mark.every_airflow

HOW_MANY_QUICK, HOW_MANY_SLOW = 25, 2

# As a person writes them for either version.
IMPORTS = """
try:
    from airflow.sdk import DAG, task
except ImportError:
    from airflow import DAG
    from airflow.decorators import task
from datetime import datetime, timezone

SHARED = {{
    "schedule": None,
    "start_date": datetime(2020, 1, 1, tzinfo=timezone.utc),
    "tags": ["contract"],
    "is_paused_upon_creation": False,
}}
"""

QUICK = (
    IMPORTS
    + """
with DAG({dag_id!r}, **SHARED):

    @task
    def first():
        print("reading")
        return {{"n": 1}}

    @task
    def second():
        pass

    first() >> second()
"""
)

SLOW = (
    IMPORTS
    + """
import time

with DAG({dag_id!r}, **SHARED):

    @task
    def slow():
        time.sleep(600)

    slow()
"""
)


class RealWorld:
    """The live stack's Airflow, with DAGs of its own, each handed out once."""

    def __init__(self, live: LiveStack) -> None:
        self.versioned = live.stack.airflow.major > 2
        user, password = live.env["AIRFLOW_USERNAME"], live.env["AIRFLOW_PASSWORD"]
        self.client: AirflowClient = connect(
            Server(live.env["AIRFLOW_API_URL"], connect_timeout=3, read_timeout=30), user, password
        )
        # Nothing listens on port 1.
        down = Server("http://127.0.0.1:1", connect_timeout=1, read_timeout=1)
        self.unreachable: AirflowClient = type(self.client)(RestSession(down), user, password)
        # Written all at once, because Airflow takes a second or so to serve a new file.
        dags = live.stack.layout.dags
        self.files: list[Path] = []
        self._quick = [self._write(dags, QUICK) for _ in range(HOW_MANY_QUICK)]
        self._slow = [self._write(dags, SLOW) for _ in range(HOW_MANY_SLOW)]

    def _write(self, dags: Path, code: str) -> str:
        dag_id = f"pipeline_{uuid.uuid4()}"
        file = dags / f"contract_{len(self.files)}.py"
        file.write_text(code.format(dag_id=dag_id))
        self.files.append(file)
        return dag_id

    def quick_dag(self) -> str:
        return self._served(self._quick.pop())

    def slow_dag(self) -> str:
        return self._served(self._slow.pop())

    def until_running(self, dag_id: str, run_id: str, task_id: str) -> None:
        def running() -> bool:
            tasks = self.client.task_instances([(dag_id, run_id)])
            return any(task.task_id == task_id and task.state == "running" for task in tasks)

        eventually(running, seconds=60)

    def until_ended(self, dag_id: str, run_id: str) -> DagRun:
        eventually(
            lambda: self.client.get_run(dag_id, run_id).state in {"success", "failed"}, seconds=60
        )
        return self.client.get_run(dag_id, run_id)

    def _served(self, dag_id: str) -> str:
        def served() -> bool:
            try:
                return self.client.get_dag(dag_id).is_active
            except DagNotFound:
                return False

        eventually(served, seconds=60)
        return dag_id


@pytest.fixture(scope="module")
def world(live: LiveStack) -> Iterator[RealWorld]:
    world = RealWorld(live)
    yield world
    for file in world.files:
        file.unlink(missing_ok=True)


class TestRealAirflow(AirflowContract):
    """Every case of the contract."""
