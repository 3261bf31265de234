"""What tests of pipelines share: a fake Airflow, a queue that is looked at, people, a graph."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from rest_framework.test import APIClient

from pipelines import services, tasks
from pipelines.models import Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.deployments import look, serve

GRAPH: dict[str, Any] = {
    "nodes": [
        {"id": "read_orders", "module": "extract.csv", "config": {"path": "orders.csv"}},
        {
            "id": "keep_paid",
            "module": "transform.filter",
            "config": {"condition": "amount > {{ params.min_amount }}"},
            "position": {"x": 10, "y": 20},
        },
        {"id": "write", "module": "load.csv", "config": {"path": "paid.csv"}},
    ],
    "edges": [
        {"source": "read_orders", "target": "keep_paid"},
        {"source": "keep_paid", "target": "write"},
    ],
}

# Where pipelines are in the REST API.
URL = "/api/v1/pipelines"

Save = Callable[..., Pipeline]


class Queue(list[tuple[str, list[Any]]]):
    """The messages sent to the worker: (task, arguments)."""

    def of(self, task: str) -> list[list[Any]]:
        return [args for name, args in self if name.endswith(f".{task}")]


@pytest.fixture
def graph() -> dict[str, Any]:
    return copy.deepcopy(GRAPH)


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> FakeAirflow:
    fake = FakeAirflow()
    monkeypatch.setattr("airflow_bridge.factory.get_airflow_client", lambda: fake)
    return fake


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    sent = Queue()

    def send_task(self: Any, name: str, args: Any = None, *rest: Any, **options: Any) -> None:
        sent.append((name, list(args or [])))

    monkeypatch.setattr("celery.Celery.send_task", send_task)
    return sent


@pytest.fixture
def dags_dir(settings: Any, tmp_path: Path) -> Path:
    settings.LOGIDATA_DAGS_DIR = tmp_path / "dags"
    return tmp_path / "dags"


@pytest.fixture
def surroundings(airflow: FakeAirflow, queue: Queue, dags_dir: Path) -> None:
    """Let a test reach neither a worker nor an Airflow."""


@pytest.fixture
def save(
    db: None,
    airflow: FakeAirflow,
    queue: Queue,
    dags_dir: Path,
    graph: dict[str, Any],
    django_capture_on_commit_callbacks: Any,
) -> Save:
    """Save a pipeline with these fields over those of a good one, on-commit hooks included."""

    def run(pipeline: Pipeline | None = None, **fields: Any) -> Pipeline:
        if pipeline is None:
            fields = {
                "name": "Orders",
                "config": graph,
                "default_params": {"min_amount": 10},
                **fields,
            }
        pipeline = pipeline or Pipeline()
        problems = services.assign(pipeline, fields)
        with django_capture_on_commit_callbacks(execute=True):
            return services.save_pipeline(pipeline, user=None, problems=problems)

    return run


@pytest.fixture
def pipeline(save: Save) -> Pipeline:
    return save()


@pytest.fixture
def deployed(pipeline: Pipeline, queue: Queue) -> Pipeline:
    tasks.deploy_pipeline(str(pipeline.pk))
    return pipeline


@pytest.fixture
def ready(deployed: Pipeline, airflow: FakeAirflow, queue: Queue) -> Pipeline:
    serve(airflow, deployed)
    look(deployed)
    deployed.refresh_from_db()
    assert deployed.deployment_status == "ready"
    queue.clear()
    return deployed


@pytest.fixture
def resume(django_capture_on_commit_callbacks: Any) -> Any:
    def run() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            tasks.resume_deployments()

    return run


@pytest.fixture
def reconcile(django_capture_on_commit_callbacks: Any) -> Any:
    def run() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            tasks.reconcile_deployments()

    return run


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Make a user of the admin who has these permissions, named `app.codename`."""

    def make(*permissions: str, username: str = "ann") -> User:
        user = User.objects.create_user(username, password="pw", is_staff=True)
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
        return user

    return make


@pytest.fixture
def api_as(person: Callable[..., User]) -> Callable[..., APIClient]:
    def sign_in(*permissions: str) -> APIClient:
        client = APIClient()
        client.force_authenticate(person(*permissions))
        return client

    return sign_in


@pytest.fixture
def api(db: None) -> APIClient:
    """The API as someone who may do everything."""
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("root", password="pw"))
    return client


@pytest.fixture
def browser(db: None) -> Client:
    """The admin as someone who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="pw"))
    return client
