"""A channel that does not answer costs one try at a time, and comes back to one message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alerts import services, tasks
from alerts.events import AlertEvent
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from alerts.services import releasing, sending
from alerts.services.queueing import QUEUE, SEND
from alerts.services.sending import ATTEMPTS
from pipelines.models import Pipeline
from tests.alerts.conftest import deliveries, end, execution_of, later, make_channel, work
from tests.alerts.servers import Webhook
from tests.executions.conftest import Queue

# Each sends to a server, again and again.
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

Rule = Callable[..., AlertRule]


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which channels are tried, by their address."""
    seen: list[str] = []
    real = sending.transmit

    def transmit(address: str, message: Any) -> None:
        seen.append(address)
        real(address, message)

    monkeypatch.setattr(sending, "transmit", transmit)
    return seen


def test_while_a_channel_gives_no_answer_what_is_for_it_counts_as_tried(
    rule: Rule,
    orders: Pipeline,
    queue: Queue,
    tries: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(AlertEvent.FAILURE).channels.set([make_channel("http://127.0.0.1:1/x", name="dead")])
    for _ in range(5):
        end(execution_of(orders))
        work(queue)
    assert len(tries) == 1
    found = AlertDelivery.objects.all()
    assert {(one.status, one.attempts) for one in found} == {("queued", 1)}
    assert {one.error for one in found} == {AlertChannel.objects.get(name="dead").away_reason}
    for _ in range(ATTEMPTS):
        later(monkeypatch, minutes=31)
        services.queue_due(at_most=10)
        work(queue)
    assert {status for _event, status in deliveries()} == {"failed"}
    assert len(tries) == ATTEMPTS


def test_other_channels_and_a_test_of_it_are_tried_meanwhile(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue, tries: list[str]
) -> None:
    dead = make_channel("http://127.0.0.1:1/x", name="dead")
    rule(AlertEvent.FAILURE).channels.add(dead)
    for _ in range(2):
        end(execution_of(orders))
        work(queue)
    assert hook.titles == ["orders failed"] * 2
    again = AlertDelivery.objects.filter(channel=dead).first()
    assert again is not None
    AlertDelivery.objects.filter(pk=again.pk).update(status="failed")
    assert services.resend(again)
    work(queue)
    assert [address for address in tries if ":1/" in address] == ["json://127.0.0.1:1/x"] * 2


def test_a_channel_that_answers_again_or_gets_another_address_is_not_away(
    rule: Rule,
    orders: Pipeline,
    channel: AlertChannel,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hook.answers = [503]
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    work(queue)
    channel.refresh_from_db()
    assert channel.away_until is not None
    later(monkeypatch, seconds=31)
    services.queue_due(at_most=10)
    work(queue)
    channel.refresh_from_db()
    assert (channel.away_until, channel.away_reason) == (None, "")
    AlertChannel.objects.update(away_until="2100-01-01T00:00:00Z", away_reason="gone")
    channel.refresh_from_db()
    channel.address = channel.address
    channel.save()
    end(execution_of(orders))
    work(queue)
    assert deliveries() == [("failure", "sent")] * 2


def test_a_refusal_of_one_message_does_not_hold_up_the_next(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    hook.answers = [400]
    rule(AlertEvent.FAILURE)
    for _ in range(2):
        end(execution_of(orders))
    work(queue)
    assert sorted(deliveries()) == [("failure", "queued"), ("failure", "sent")]


def test_many_that_waited_for_a_channel_come_as_one_message(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(releasing, "SINGLE_MESSAGES", 3)
    hook.answers = [503]
    rule(AlertEvent.FAILURE)
    for _ in range(5):
        end(execution_of(orders))
        work(queue)
    assert len(hook.bodies) == 1
    later(monkeypatch, seconds=31)
    assert services.queue_due(at_most=10) == 1
    work(queue)
    assert hook.titles[1].startswith("5 alerts")
    assert deliveries() == [("failure", "sent")] * 5


def test_in_one_message_each_keeps_its_own_attempts(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(releasing, "SINGLE_MESSAGES", 1)
    hook.answers = [500] * 9
    rule(AlertEvent.FAILURE)
    for _ in range(2):
        end(execution_of(orders))
        work(queue)
    AlertDelivery.objects.filter(pk=AlertDelivery.objects.latest("pk").pk).update(attempts=7)
    later(monkeypatch, minutes=31)
    assert services.queue_due(at_most=10) == 1
    work(queue)
    found = AlertDelivery.objects.order_by("pk").values_list("status", "attempts")
    assert list(found) == [("queued", 2), ("failed", 8)]


def test_without_a_worker_of_alerts_the_queue_does_not_grow_without_end(
    rule: Rule, orders: Pipeline, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    queue.messages.clear()
    for waiting, sent in ((499, 1), (500, 0), (900, 0)):
        monkeypatch.setattr(services, "sends_waiting", lambda n=waiting: n)
        later(monkeypatch, seconds=31)
        tasks.look_after()
        assert len([m for m in queue.messages if m.task == "send"]) == sent
        queue.messages.clear()


def test_messages_that_no_worker_has_taken_are_counted() -> None:
    from celery import current_app

    before = services.sends_waiting()
    current_app.send_task(SEND, args=["x"])
    try:
        assert services.sends_waiting() == before + 1
    finally:
        with current_app.connection_for_write() as connection:
            connection.default_channel.queue_purge(QUEUE)


def test_a_rule_that_is_deleted_or_switched_off_tells_no_more_unless_asked(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    made = rule(AlertEvent.FAILURE, name="noisy")
    for _ in range(2):
        end(execution_of(orders))
    services.look_at_ends()
    first, second = AlertDelivery.objects.order_by("pk")
    AlertRule.objects.update(is_active=False)
    services.send_batch(first.batch)
    made.delete()
    services.send_batch(second.batch)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.error) == ("dropped", "The rule is switched off.")
    assert (second.status, second.error) == ("dropped", "The rule was deleted.")
    queue.messages.clear()
    assert services.resend(second)
    work(queue)
    second.refresh_from_db()
    assert (second.status, second.rule_name, hook.titles) == ("sent", "noisy", ["orders failed"])


@pytest.mark.django_db(transaction=True)
def test_a_test_that_no_worker_takes_says_so_and_is_not_sent_later(
    channel: AlertChannel, hook: Webhook, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.services.by_hand.TAKEN_SECONDS", 0.2)
    found = services.test_channel(channel)
    assert found.status == "failed"
    assert "See whether the one of alerts runs" in found.error
    work(queue)
    assert hook.bodies == []


def test_a_test_that_fails_is_not_repeated(
    channel: AlertChannel, hook: Webhook, worker_at_hand: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.answers = [500]
    assert services.test_channel(channel).status == "failed"
    later(monkeypatch, minutes=31)
    assert services.queue_due(at_most=10) == 0
    assert len(hook.bodies) == 1
