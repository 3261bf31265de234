"""A ready pipeline, an Airflow that stands still until it is moved, and a queue to look into."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from airflow_bridge import factory
from etl import registry
from etl.graph import canonical, canonical_json
from etl.settings import run_settings
from executions import services
from executions.models import PipelineExecution, TaskExecution
from executions.services import stopping
from executions.services.triggering import trigger_execution
from executions.transitions import NodeChange, change_nodes
from pipelines.models import DeploymentStatus, Pipeline, PipelineRevision
from tests.executions.quarantines import Given, Staging
from tests.fake_airflow import FakeAirflow, dataset

GRAPH: dict[str, Any] = {
    "nodes": [
        {"id": "read", "module": "extract.csv", "name": "Read", "config": {"path": "a.csv"}},
        {
            "id": "keep",
            "module": "transform.filter",
            "config": {"condition": "amount > {{ params.min_amount }}"},
            "retries": 1,
        },
        {"id": "write", "module": "load.csv", "config": {"path": "b.csv"}},
    ],
    "edges": [
        {"source": "read", "target": "keep"},
        {"source": "keep", "target": "write"},
    ],
}
NODES = ["read", "keep", "write"]


@dataclass
class Message:
    """A message to the worker."""

    task: str
    args: list[Any]
    countdown: float | None
    task_id: str | None


@dataclass
class Queue:
    """What was sent to the worker."""

    messages: list[Message] = field(default_factory=list)
    broken: bool = False

    def send_task(
        self,
        name: str,
        args: list[Any] | None = None,
        task_id: str | None = None,
        countdown: float | None = None,
        **_: Any,
    ) -> None:
        if self.broken:
            raise OSError("Redis is away")
        self.messages.append(Message(name.rsplit(".", 1)[-1], args or [], countdown, task_id))

    def names(self) -> list[str]:
        return [message.task for message in self.messages]


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> FakeAirflow:
    fake = FakeAirflow()
    monkeypatch.setattr(factory, "get_airflow_client", lambda: fake)
    return fake


@pytest.fixture
def dags_dir(settings: Any, tmp_path: Path) -> Path:
    """The folder that Airflow reads, for a test's own DAG files."""
    settings.LOGIDATA_DAGS_DIR = tmp_path / "dags"
    return tmp_path / "dags"


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    queue = Queue()
    monkeypatch.setattr(current_app._get_current_object(), "send_task", queue.send_task)
    return queue


@pytest.fixture
def alive_nodes(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The nodes whose processes still give signs of life."""
    nodes: set[str] = set()
    monkeypatch.setattr(stopping, "running_nodes", lambda staging, execution_id: set(nodes))
    return nodes


@pytest.fixture
def make_pipeline(
    db: None, airflow: FakeAirflow, queue: Queue, alive_nodes: set[str]
) -> Callable[..., Pipeline]:
    """Store a pipeline that Airflow serves, without going through its own services."""

    def make(name: str = "orders", graph: dict[str, Any] = GRAPH, **fields: Any) -> Pipeline:
        fields = {"default_params": {"min_amount": 10}} | fields
        pipeline = Pipeline.objects.create(name=name, config=graph, **fields)
        revise(pipeline)
        serve(airflow, pipeline)
        return pipeline

    return make


@pytest.fixture
def pipeline(make_pipeline: Callable[..., Pipeline]) -> Pipeline:
    return make_pipeline()


@pytest.fixture
def pending(pipeline: Pipeline) -> PipelineExecution:
    """An execution that no worker has looked at yet."""
    return services.start_execution(pipeline)


@pytest.fixture
def triggered(pending: PipelineExecution) -> PipelineExecution:
    """An execution whose DAG run is queued in Airflow."""
    trigger_execution(pending.pk)
    pending.refresh_from_db()
    return pending


@pytest.fixture
def running(triggered: PipelineExecution, airflow: FakeAirflow) -> PipelineExecution:
    """An execution whose first node is running."""
    run = key(triggered)
    airflow.set_run(*run, "running")
    airflow.set_task(*run, "read", "running")
    return services.refresh_execution(triggered)


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ann", password="x", is_staff=True)


@pytest.fixture
def permit(user: Any) -> Callable[..., None]:
    """Give the user permissions, as `view_pipelineexecution`."""

    def give(*codenames: str) -> None:
        found = Permission.objects.filter(codename__in=codenames)
        assert found.count() == len(codenames)
        user.user_permissions.add(*found)

    return give


@pytest.fixture
def api(user: Any) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def revise(pipeline: Pipeline, **fields: Any) -> PipelineRevision:
    """Give the pipeline a further revision, ready in LogiData's eyes."""
    for name, value in fields.items():
        setattr(pipeline, name, value)
    snapshot = {
        "name": pipeline.name,
        "description": pipeline.description,
        "config": canonical(pipeline.config),
        "schedule": pipeline.schedule,
        "timezone": pipeline.timezone,
        "default_params": pipeline.default_params,
        "tags": pipeline.tags,
        "is_active": pipeline.is_active,
    }
    pipeline.current_revision = PipelineRevision.objects.create(
        pipeline=pipeline,
        number=pipeline.revisions.count() + 1,
        snapshot=snapshot,
        sha256=hashlib.sha256(canonical_json(snapshot).encode()).hexdigest(),
    )
    pipeline.deployment_status = DeploymentStatus.READY
    pipeline.save()
    return pipeline.current_revision


SHORTER: dict[str, Any] = {"nodes": GRAPH["nodes"][:2], "edges": GRAPH["edges"][:1]}
"""`GRAPH` without its last node."""


def serve(airflow: FakeAirflow, pipeline: Pipeline, **fields: Any) -> None:
    """Have Airflow serve the pipeline's current revision."""
    assert pipeline.current_revision is not None
    airflow.serve(
        pipeline.dag_id,
        tasks=[node["id"] for node in pipeline.config["nodes"]],
        tags=[f"sha256:{pipeline.current_revision.sha256}"],
        **fields,
    )


def key(execution: PipelineExecution) -> tuple[str, str]:
    return execution.airflow_dag_id, execution.airflow_dag_run_id


def again(execution: PipelineExecution) -> PipelineExecution:
    """Return the execution as it is stored."""
    return PipelineExecution.objects.get(pk=execution.pk)


def change_node(
    execution: PipelineExecution, task: TaskExecution, *, status: str, tries: int, **fields: Any
) -> bool:
    """Change one node as `change_nodes` does; return whether it won."""
    return bool(change_nodes([NodeChange(execution, task.pk, status, tries, fields)]))


def statuses(execution: PipelineExecution) -> dict[str, str]:
    """Return the status of each node."""
    return {task.node_id: task.status for task in execution.tasks.all()}


def some_id() -> uuid.UUID:
    return uuid.uuid4()


CAST_GRAPH: dict[str, Any] = {
    "nodes": [
        {"id": "read", "module": "extract.csv", "config": {"path": "a.csv"}},
        {
            "id": "cast",
            "module": "transform.cast",
            "config": {"types": {"amount": "DOUBLE"}, "max_rejected": 100_000},
        },
        {
            "id": "write",
            "module": "load.postgres",
            "config": {"connection": "warehouse", "table": "orders", "mode": "append"},
        },
    ],
    "edges": [{"source": "read", "target": "cast"}, {"source": "cast", "target": "write"}],
}


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    """The staging that both the nodes and LogiData read."""
    folder = tmp_path / "staging"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOGIDATA_STAGING", str(folder))
        patch.setitem(registry._BUILT_IN, Given.key, f"{Given.__module__}:Given")
        run_settings.cache_clear()
        yield Staging(folder)
    run_settings.cache_clear()


@pytest.fixture
def quarantined(
    make_pipeline: Callable[..., Pipeline], airflow: FakeAirflow, staging: Staging
) -> PipelineExecution:
    """A success whose node `cast` has set aside two of four rows, which lie in the staging."""
    return reject(
        make_pipeline("casts", CAST_GRAPH, default_params={}),
        airflow,
        staging,
        [{"id": n, "amount": amount} for n, amount in enumerate(["1.5", "two", "3", "four"])],
    )


def reject(
    pipeline: Pipeline, airflow: FakeAirflow, staging: Staging, rows: list[dict[str, Any]]
) -> PipelineExecution:
    """Return an execution of CAST_GRAPH that has ended, with what its nodes really did."""
    execution = services.start_execution(pipeline)
    trigger_execution(execution.pk)
    read = staging.given(str(execution.pk), "read", rows)
    config = CAST_GRAPH["nodes"][1]["config"]
    cast = staging.run(str(execution.pk), "cast", "transform.cast", config, {"input": read})
    written = cast["metrics"]["rows_out"]
    airflow.finish(*key(execution), results={"read": read, "cast": cast, "write": dataset(written)})
    return services.refresh_execution(execution)
