"""Pipelines whose executions end as a test says, channels and rules."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from alerts.services.queueing import SEND
from executions.models import PipelineExecution, TaskExecution
from executions.transitions import end_with_nodes
from pipelines.models import Pipeline
from tests.alerts.servers import Webhook, webhook
from tests.executions.conftest import Queue, api, permit, queue, user

__all__ = ["api", "permit", "queue", "user"]


@pytest.fixture(autouse=True)
def _no_marks_of_other_tests() -> None:
    cache.clear()


@pytest.fixture
def commits(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do at once what waits for a commit, which the transaction of a test never comes to."""

    def at_once(
        function: Callable[[], Any], using: str | None = None, robust: bool = False
    ) -> None:
        function()

    monkeypatch.setattr(transaction, "on_commit", at_once)


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as found:
        yield found


@pytest.fixture
def channel(db: None, hook: Webhook) -> AlertChannel:
    """A channel that posts to `hook`."""
    return make_channel(hook.url)


@pytest.fixture
def orders(db: None) -> Pipeline:
    return Pipeline.objects.create(name="orders", tags=["shop"])


@pytest.fixture
def rule(channel: AlertChannel) -> Callable[..., AlertRule]:
    """Make a rule about these events, which go to `channel`."""

    def make(*events: AlertEvent, **fields: Any) -> AlertRule:
        name = fields.pop("name", f"rule {uuid.uuid4().hex[:6]}")
        made = AlertRule(name=name, events=[str(e) for e in events], **fields)
        made.full_clean()
        made.save()
        made.channels.add(channel)
        return made

    return make


@pytest.fixture
def worker_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do at once what a worker of alerts is asked for."""

    def send_task(name: str, args: list[str], **_: Any) -> None:
        assert name == SEND
        services.send_batch(uuid.UUID(args[0]))

    monkeypatch.setattr(current_app._get_current_object(), "send_task", send_task)


def make_channel(url: str, name: str = "hook", **fields: Any) -> AlertChannel:
    made = AlertChannel(name=name, kind="webhook", **fields)
    made.address = url.replace("http://", "json://")
    made.save()
    return made


def execution_of(
    pipeline: Pipeline | None, status: str = "running", **fields: Any
) -> PipelineExecution:
    """Store an execution that runs, or has ended before anybody made a rule."""
    fields = {"started_at": timezone.now()} | fields
    created = fields.pop("created_at", None)
    execution = PipelineExecution.objects.create(
        pipeline=pipeline,
        pipeline_name=pipeline.name if pipeline is not None else "gone",
        airflow_dag_id="dag",
        airflow_dag_run_id=fields.pop("run_id", uuid.uuid4().hex),
        status=status,
        **fields,
    )
    if created is not None:
        PipelineExecution.objects.filter(pk=execution.pk).update(created_at=created)
        execution.refresh_from_db()
    TaskExecution.objects.create(execution=execution, node_id="load", status="running")
    return execution


def ended_before(
    pipeline: Pipeline, status: str = "success", seconds: float = 10.0, ago: float = 3600.0
) -> PipelineExecution:
    """Store an execution that ended so many seconds ago."""
    completed = timezone.now() - timedelta(seconds=ago)
    return execution_of(
        pipeline,
        status,
        created_at=completed - timedelta(seconds=seconds),
        started_at=completed - timedelta(seconds=seconds),
        completed_at=completed,
        duration_seconds=seconds,
    )


def end(
    execution: PipelineExecution, status: str = "failed", error: str = "", **fields: Any
) -> None:
    """End an execution as the sync does."""
    if error:
        execution.tasks.update(status="failed", error=error)
    fields = {"completed_at": timezone.now(), "duration_seconds": 5.0} | fields
    assert end_with_nodes(execution.pk, status, nodes="skipped", error_message=error, **fields)


def work(queue: Queue) -> None:
    """Do what was sent to the worker, and what that sends, in order."""
    while queue.messages:
        message = queue.messages.pop(0)
        if message.task == "look_at_ends":
            services.look_begins()
            services.look_at_ends()
        elif message.task == "send":
            services.send_batch(uuid.UUID(message.args[0]))
        else:
            raise AssertionError(message)


def deliveries() -> list[tuple[str, str]]:
    """Return event and status of each delivery, the oldest first."""
    return list(AlertDelivery.objects.order_by("pk").values_list("event", "status"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def later(monkeypatch: pytest.MonkeyPatch, **by: float) -> None:
    """Let time pass for alerts."""
    now = timezone.now() + timedelta(**by)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
