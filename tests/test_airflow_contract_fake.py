"""The fake Airflow keeps the promises that the real one keeps."""

from __future__ import annotations

import uuid

import pytest

from airflow_bridge.client import AirflowClient, DagRun
from tests.airflow_contract import AirflowContract
from tests.fake_airflow import FakeAirflow


class FakeWorld:
    """The fake Airflow; time passes when it is waited for."""

    versioned = True

    def __init__(self) -> None:
        self.airflow = FakeAirflow()
        self.client: AirflowClient = self.airflow
        self.unreachable: AirflowClient = FakeAirflow(outage="Airflow cannot be reached.")

    def quick_dag(self) -> str:
        return self._serve("first", "second")

    def slow_dag(self) -> str:
        return self._serve("slow")

    def until_running(self, dag_id: str, run_id: str, task_id: str) -> None:
        self.airflow.set_run(dag_id, run_id, "running")
        self.airflow.set_task(dag_id, run_id, task_id, "running")

    def until_ended(self, dag_id: str, run_id: str) -> DagRun:
        run = self.airflow.get_run(dag_id, run_id)
        if run.state in {"queued", "running"}:
            self.airflow.set_task(dag_id, run_id, "first", "running", log=["reading"])
            return self.airflow.finish(dag_id, run_id, results={"first": {"n": 1}})
        return run

    def _serve(self, *tasks: str) -> str:
        dag_id = f"pipeline_{uuid.uuid4()}"
        self.airflow.serve(dag_id, tasks=tasks, tags=["contract"])
        return dag_id


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


class TestFakeAirflow(AirflowContract):
    """Every case of the contract."""
