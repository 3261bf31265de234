"""What channels answer, and what becomes of deliveries then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from alerts import services, tasks
from alerts.events import AlertEvent
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from alerts.services import deciding, sending
from alerts.services.sending import ATTEMPTS, pause_after
from pipelines.models import Pipeline
from tests.alerts.conftest import deliveries, end, execution_of, later, make_channel, work
from tests.alerts.servers import Webhook, mail_server
from tests.executions.conftest import Queue

pytestmark = pytest.mark.django_db(transaction=True)

Rule = Callable[..., AlertRule]


def test_what_a_channel_refuses_is_repeated_with_growing_pauses_until_it_is_given_up(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hook.answers = [503] * ATTEMPTS
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    work(queue)
    (delivery,) = AlertDelivery.objects.all()
    assert (delivery.status, delivery.attempts) == ("queued", 1)
    assert "503" in delivery.error
    assert services.queue_due(at_most=10) == 0
    for _ in range(ATTEMPTS):
        later(monkeypatch, minutes=31)
        services.queue_due(at_most=10)
        work(queue)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, len(hook.bodies)) == ("failed", 8, 8)


def test_the_pauses_double_up_to_half_an_hour() -> None:
    minutes = [pause_after(attempt).total_seconds() / 60 for attempt in range(1, 9)]
    assert minutes == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_channel_that_recovers_gets_it_at_the_next_attempt(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hook.answers = [500]
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    work(queue)
    later(monkeypatch, seconds=31)
    services.queue_due(at_most=10)
    work(queue)
    delivery = AlertDelivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.error) == ("sent", 2, "")
    assert delivery.sent_at is not None


def test_a_channel_that_does_not_answer_is_given_up_in_time_and_says_why(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("alerts.services.reasons.ANSWER_SECONDS", 0.2)
    hook.open.clear()
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    work(queue)
    delivery = AlertDelivery.objects.get()
    assert delivery.status == "queued"
    assert "did not answer within" in delivery.error


def test_no_error_tells_the_address(rule: Rule, orders: Pipeline, queue: Queue) -> None:
    made = rule(AlertEvent.FAILURE)
    made.channels.set([make_channel("http://127.0.0.1:1/very-secret-token", name="dead")])
    end(execution_of(orders))
    work(queue)
    delivery = AlertDelivery.objects.get()
    assert "refuses the connection" in delivery.error
    assert "very-secret-token" not in delivery.error


def test_a_channel_that_is_deleted_or_switched_off_meanwhile_drops_what_waits(
    rule: Rule, orders: Pipeline, channel: AlertChannel, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    AlertChannel.objects.update(is_active=False)
    work(queue)
    delivery = AlertDelivery.objects.get()
    assert (delivery.status, delivery.error) == ("dropped", "The channel is switched off.")
    assert services.resend(delivery)
    channel.delete()
    work(queue)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == ("dropped", "The channel was deleted.")
    assert delivery.channel_name == "hook"
    assert hook.bodies == []


def test_an_address_sealed_with_another_key_says_what_to_do(
    rule: Rule, orders: Pipeline, queue: Queue, settings: Any
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    settings.SECRET_KEY = "another one"
    work(queue)
    assert "Enter the address again" in AlertDelivery.objects.get().error


def test_mail_has_a_readable_subject_and_body(
    rule: Rule, orders: Pipeline, queue: Queue, settings: Any
) -> None:
    settings.LOGIDATA_PUBLIC_URL = "https://data.example.org"
    with mail_server() as box:
        made = rule(AlertEvent.FAILURE)
        mail = AlertChannel(name="mail", kind="email")
        mail.address = (
            f"mailto://127.0.0.1:{box.port}?from=logidata@example.org&to=team@example.org"
        )
        mail.save()
        made.channels.set([mail])
        end(execution_of(orders), error="no column <b>paid</b> in *orders*")
        work(queue)
    assert deliveries() == [("failure", "sent")], AlertDelivery.objects.get().error
    (message,) = box.messages
    assert box.recipients == ["team@example.org"]
    assert message["Subject"] == "orders failed"
    assert message["X-LogiData-Delivery"]
    body = message.get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert "no column &lt;b&gt;paid&lt;/b&gt; in *orders*" in html
    assert '<a href="https://data.example.org/admin/executions/' in html


def test_names_with_markup_are_shown_as_they_are(rule: Rule, queue: Queue, hook: Webhook) -> None:
    with mail_server() as box:
        made = rule(AlertEvent.FAILURE)
        mail = AlertChannel(name="mail", kind="email")
        mail.address = f"mailto://127.0.0.1:{box.port}?from=a@example.org&to=b@example.org"
        mail.save()
        made.channels.add(mail)
        end(execution_of(Pipeline.objects.create(name="daily_orders_v2 *new* <i>x</i> [1](2)")))
        work(queue)
    body = box.messages[0].get_body(("html",))
    assert body is not None
    assert "daily_orders_v2 *new* &lt;i&gt;x&lt;/i&gt; [1](2)" in body.get_content()
    assert "Pipeline: daily_orders_v2 *new* <i>x</i> [1](2)" in hook.bodies[0]["message"]


def test_a_send_that_takes_too_long_is_ended_and_repeated_and_its_channel_away(
    rule: Rule,
    orders: Pipeline,
    channel: AlertChannel,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def endless(*_: object) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(sending, "transmit", endless)
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    tasks.send(str(AlertDelivery.objects.get().batch))
    delivery = AlertDelivery.objects.get()
    assert (delivery.status, delivery.claimed_until) == ("queued", None)
    assert delivery.error == "The channel's server did not answer within 60 seconds."
    channel.refresh_from_db()
    assert channel.away_until is not None
    assert (tasks.send.soft_time_limit, tasks.send.time_limit) == (60, 75)


def test_a_delivery_that_was_sent_can_be_sent_again_and_one_that_waits_cannot(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    assert not services.resend(AlertDelivery.objects.get())
    work(queue)
    assert services.resend(AlertDelivery.objects.get())
    work(queue)
    assert hook.titles == ["orders failed"] * 2


def test_more_than_ten_at_once_are_repeated_together(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deciding, "SINGLE_MESSAGES", 1)
    hook.answers = [500]
    rule(AlertEvent.FAILURE)
    for _ in range(3):
        end(execution_of(orders))
    work(queue)
    later(monkeypatch, seconds=31)
    assert services.queue_due(at_most=10) == 1
    work(queue)
    assert [title.partition(":")[0] for title in hook.titles] == ["3 alerts", "3 alerts"]
    assert deliveries() == [("failure", "sent")] * 3
