"""Word of changes: after the commit, many in one message, and never in the way."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import transaction

from executions import publishing, services
from executions.models import PipelineExecution
from executions.publishing import Changed, Outbox, publish_all_changed, publish_changed
from executions.transitions import change_status
from tests.executions.conftest import key, some_id
from tests.fake_airflow import FakeAirflow


class Sent(list[Changed]):
    """What was left word of, in place of the process's own outbox."""

    def put(self, changed: Changed) -> None:
        self.append(changed)

    def ids(self) -> set[str]:
        return {one for changed in self for one in changed or ()}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent = Sent()
    monkeypatch.setattr(publishing, "_outbox", sent)
    return sent


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_before_the_commit_nor_of_what_is_rolled_back(sent: Sent) -> None:
    with transaction.atomic():
        publish_changed([some_id()])
        assert sent == []
    assert len(sent) == 1
    with transaction.atomic():
        publish_changed([some_id()])
        transaction.set_rollback(True)
    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_of_no_change_nothing_is_told(sent: Sent) -> None:
    publish_changed([])
    assert sent == []
    publish_all_changed()
    assert sent == [None]


@pytest.mark.django_db(transaction=True)
def test_every_change_of_an_execution_is_told(
    pending: PipelineExecution, airflow: FakeAirflow, sent: Sent, user: Any
) -> None:
    def told(step: str) -> None:
        assert str(pending.pk) in sent.ids(), step
        sent.clear()

    services.trigger_execution(pending.pk)
    told("triggered")
    airflow.set_run(*key(pending), "running")
    airflow.set_task(*key(pending), "read", "running")
    services.refresh_execution(pending)
    told("running")
    airflow.fail(*key(pending), "read")
    services.refresh_execution(pending)
    told("failed")
    execution = PipelineExecution.objects.get(pk=pending.pk)
    services.retry_execution(execution, user)
    told("retried")


@pytest.mark.django_db(transaction=True)
def test_a_cancel_is_told_and_what_it_waits_for(
    running: PipelineExecution, airflow: FakeAirflow, sent: Sent, user: Any
) -> None:
    sent.clear()
    services.request_cancel(running, user)
    assert sent.ids() == {str(running.pk)}
    sent.clear()
    airflow.outage = "Airflow is away."
    services.carry_out_cancel(running.pk)
    assert sent.ids() == {str(running.pk)}
    sent.clear()
    services.carry_out_cancel(running.pk)
    assert sent == []


@pytest.mark.django_db(transaction=True)
def test_an_airflow_that_stays_away_is_told_once(
    triggered: PipelineExecution, airflow: FakeAirflow, sent: Sent
) -> None:
    airflow.outage = "Airflow is down."
    services.sync_active()
    assert sent == [None]
    services.sync_active()
    assert sent == [None]


@pytest.mark.django_db(transaction=True)
def test_what_changes_nothing_is_not_told(pending: PipelineExecution, sent: Sent) -> None:
    change_status(pending.pk, "success")
    sent.clear()
    assert not change_status(pending.pk, "running")
    assert sent == []


def test_changes_that_come_together_are_one_message() -> None:
    messages: list[Changed] = []
    free = threading.Event()

    def send(changed: Changed) -> None:
        free.wait(10)
        messages.append(changed)

    outbox = Outbox(send)
    for number in range(10_000):
        outbox.put(frozenset([str(number)]))
    free.set()
    assert outbox.drain(10)
    assert len(messages) <= 2
    assert sum(len(changed or ()) for changed in messages) == 10_000


def test_of_all_executions_no_ids_are_sent() -> None:
    messages: list[Changed] = []
    free = threading.Event()

    def send(changed: Changed) -> None:
        free.wait(10)
        messages.append(changed)

    outbox = Outbox(send)
    outbox.put(frozenset(["first"]))
    time.sleep(0.1)
    outbox.put(frozenset(["one"]))
    outbox.put(None)
    free.set()
    assert outbox.drain(10)
    assert messages == [frozenset(["first"]), None]


def test_a_redis_that_is_away_costs_nobody_anything(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
        }
    }
    outbox = Outbox()
    began = time.monotonic()
    for _ in range(3):
        for _ in range(1000):
            outbox.put(frozenset([str(some_id())]))
        assert time.monotonic() - began < 0.5 or outbox.drain(5)
    assert outbox.drain(10)
    said = [record for record in caplog.records if "later" in record.getMessage()]
    assert len(said) == 1


def test_that_redis_is_away_and_that_it_is_back_is_said_once_each(
    caplog: pytest.LogCaptureFixture,
) -> None:
    is_away = iter([False, True, True, True, False, False])

    def send(changed: Changed) -> None:
        if next(is_away):
            raise ConnectionError("refused")

    outbox = Outbox(send)
    for number in range(6):
        outbox.put(frozenset([str(number)]))
        assert outbox.drain(10)
    assert [record.getMessage() for record in caplog.records] == [
        "Open pages hear of changes later: refused",
        "Open pages hear of changes again.",
    ]


def test_a_slow_redis_is_not_waited_for() -> None:
    outbox = Outbox(lambda changed: time.sleep(0.5))
    began = time.monotonic()
    outbox.put(frozenset(["a"]))
    outbox.put(frozenset(["b"]))
    assert time.monotonic() - began < 0.2
    assert not outbox.drain(0.1)
    assert outbox.drain(10)
