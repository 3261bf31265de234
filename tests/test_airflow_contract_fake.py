"""The fake Airflow keeps the promises that the real one keeps."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from airflow_bridge.client import AirflowClient, DagRun
from airflow_bridge.factory import connect
from airflow_bridge.rest import RestSession, Server
from airflow_bridge.rest_v2 import AirflowV2
from tests.airflow_bridge.stub_airflow import PASSWORD, USERNAME
from tests.airflow_bridge.stub_server import serve
from tests.airflow_contract import AirflowContract
from tests.fake_airflow import FakeAirflow
from tests.fake_airflow.over_http import FakeAirflow3


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


class TestFakeAirflow(AirflowContract):
    """Every case of the contract."""

    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld()


class TestFakeAirflowOverHttp(AirflowContract):
    """Every case, by the client that talks to the real one."""

    @pytest.fixture(params=[1, 100], ids=["page of 1", "page of 100"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[FakeWorld]:
        world = FakeWorld()
        with serve(FakeAirflow3(world.airflow, request.param)) as wire:
            world.client = connect(Server(wire.url), USERNAME, PASSWORD)
            nowhere = RestSession(Server("http://127.0.0.1:1", connect_timeout=1))
            world.unreachable = AirflowV2(nowhere, USERNAME, PASSWORD)
            yield world
