"""A real worker of alerts beside the one of executions: neither waits for the other."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.db import connection

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from alerts.services.queueing import QUEUE
from etl.settings import PROJECT
from logidata import health
from pipelines.models import Pipeline
from stack.catalogue import LOGIDATA
from tests.alerts.conftest import end, execution_of
from tests.alerts.servers import Webhook

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.1)


@contextmanager
def running(name: str, folder: Path) -> Iterator[None]:
    """Run a program as the stack does, beside the tests' own stores."""
    # The tests' own database, which the settings do not name.
    url = urlsplit(os.environ["LOGIDATA_DATABASE_URL"])
    database = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    (program,) = (one for one in LOGIDATA if one.name == name)
    command = program.command(None)  # type: ignore[arg-type]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=os.environ | {"LOGIDATA_DATABASE_URL": database},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(autouse=True)
def _no_messages_of_other_tests() -> Iterator[None]:
    def purge() -> None:
        with current_app.connection_for_write() as broker:
            for queue in ("celery", QUEUE):
                broker.default_channel.queue_declare(queue=queue)
                broker.default_channel.queue_purge(queue)

    purge()
    yield
    purge()


def test_a_channel_that_does_not_answer_holds_up_no_execution(
    rule: Callable[..., AlertRule],
    orders: Pipeline,
    channel: AlertChannel,
    hook: Webhook,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "WORKER_ANSWERS_WITHIN_SECONDS", 2.0)
    assert health.check_alerts().status == health.DOWN
    rule(AlertEvent.FAILURE)
    hook.open.clear()
    with running("alerts", tmp_path):
        eventually(lambda: health.check_alerts().status == health.OK, 60)
        assert health.check_worker().status == health.DOWN, "it does not pass for the other"
        with running("worker", tmp_path):
            eventually(lambda: health.check_worker().status == health.OK, 60)
            for _ in range(4):
                end(execution_of(orders))
            eventually(lambda: AlertDelivery.objects.count() == 4, 5)
            eventually(hook.reached.is_set, 5)
            current_app.send_task("alerts.tasks.look_at_ends")
            eventually(lambda: _waiting("celery") == 0, 3)
            assert not AlertDelivery.objects.filter(status="sent").exists()
            hook.open.set()
        eventually(lambda: not AlertDelivery.objects.exclude(status="sent").exists())
        assert services.test_channel(channel).status == "sent"
    assert len(hook.bodies) == 5


def test_a_worker_of_alerts_leaves_all_else_alone(tmp_path: Path, channel: AlertChannel) -> None:
    with running("alerts", tmp_path):
        eventually(lambda: health.check_alerts().status == health.OK, 60)
        current_app.send_task("alerts.tasks.look_at_clocks")
        current_app.send_task("alerts.tasks.send", args=[str(uuid.uuid4())])
        eventually(lambda: _waiting(QUEUE) == 0)
        assert _waiting("celery") == 1


def _waiting(queue: str) -> int:
    with current_app.connection_for_read() as broker:
        client: Any = broker.default_channel.client
        return int(client.llen(queue))
