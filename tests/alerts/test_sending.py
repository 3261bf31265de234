"""Deliveries reach their channel although things fail, and processes die, in between."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from alerts import services, tasks
from alerts.events import AlertEvent
from alerts.models import AlertChannel, AlertDelivery, AlertRule, EndedExecution
from alerts.services import deciding, outbox, sending
from alerts.services.sending import ATTEMPTS, pause_after
from pipelines.models import Pipeline
from tests.alerts.conftest import deliveries, end, execution_of, make_channel, work
from tests.alerts.servers import Webhook, mail_server
from tests.executions.conftest import Queue
from tests.executions.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

Rule = Callable[..., AlertRule]


class Killed(BaseException):
    """The end of a process, which nothing catches."""


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """End the process at the call of a function, as a kill would: once, or after the call."""

    def arrange(module: Any, name: str, *, after: bool = False) -> None:
        real = getattr(module, name)

        def die(*args: Any, **kwargs: Any) -> None:
            monkeypatch.setattr(module, name, real)
            if after:
                real(*args, **kwargs)
            raise Killed

        monkeypatch.setattr(module, name, die)

    return arrange


def later(monkeypatch: pytest.MonkeyPatch, **by: float) -> None:
    """Let time pass for alerts."""
    now = timezone.now() + timedelta(**by)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)


def test_a_kill_while_deciding_leaves_the_end_to_the_next(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue, killed_at: Callable[..., None]
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    queue.messages.clear()
    killed_at(outbox, "decide", after=True)
    with pytest.raises(Killed):
        services.look_at_ends()
    assert (deliveries(), EndedExecution.objects.count()) == ([], 1)
    services.look_at_ends()
    work(queue)
    assert hook.titles == ["orders failed"]


def test_a_kill_after_deciding_loses_the_message_to_the_worker_but_not_the_alert(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    killed_at: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    killed_at(current_app._get_current_object(), "send_task")
    with pytest.raises(Killed):
        services.look_at_ends()
    queue.messages.clear()
    assert services.queue_due(at_most=10) == 0
    later(monkeypatch, seconds=31)
    assert services.queue_due(at_most=10) == 1
    assert services.queue_due(at_most=10) == 0, "its message is on its way"
    work(queue)
    assert hook.titles == ["orders failed"]
    assert deliveries() == [("failure", "sent")]


def test_a_kill_before_sending_is_made_up_for_once_the_claim_has_run_out(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    killed_at: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    killed_at(sending, "transmit")
    with pytest.raises(Killed):
        work(queue)
    (delivery,) = AlertDelivery.objects.all()
    services.send_batch(delivery.batch)
    assert hook.bodies == [], "the claim holds: its worker may be alive"
    later(monkeypatch, seconds=121)
    assert services.queue_due(at_most=10) == 1
    work(queue)
    assert hook.titles == ["orders failed"]


def test_a_kill_between_the_channels_yes_and_our_note_sends_again_with_the_same_id(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    killed_at: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    killed_at(sending, "transmit", after=True)
    with pytest.raises(Killed):
        work(queue)
    later(monkeypatch, seconds=121)
    services.queue_due(at_most=10)
    work(queue)
    first, second = hook.bodies
    assert first["delivery"] == second["delivery"]
    assert deliveries() == [("failure", "sent")]


def test_an_end_that_cannot_be_told_of_holds_up_no_other(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(AlertEvent.FAILURE)
    bad = execution_of(Pipeline.objects.create(name="bad"))
    end(bad)
    end(execution_of(orders))
    real = outbox.events_of_end

    def events_of_end(execution: Any, attempt: int) -> Any:
        if execution.pk == bad.pk:
            raise KeyError("facts")
        return real(execution, attempt)

    monkeypatch.setattr(outbox, "events_of_end", events_of_end)
    work(queue)
    assert hook.titles == ["orders failed"]
    assert [(one.execution_id, one.failures) for one in EndedExecution.objects.all()] == [
        (bad.pk, 1)
    ]
    assert services.look_at_ends() == 0, "it waits for its next turn"
    monkeypatch.setattr(outbox, "events_of_end", real)
    later(monkeypatch, seconds=31)
    services.look_at_ends()
    work(queue)
    assert hook.titles == ["orders failed", "bad failed"]
    assert not EndedExecution.objects.exists()


def test_an_end_that_can_never_be_told_of_is_given_up(
    rule: Rule, orders: Pipeline, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def events_of_end(*_: Any) -> Any:
        raise KeyError("facts")

    monkeypatch.setattr(outbox, "events_of_end", events_of_end)
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    for _ in range(ATTEMPTS):
        assert services.look_at_ends() == 1
        later(monkeypatch, minutes=31)
    assert services.look_at_ends() == 0
    assert not EndedExecution.objects.exists()


def test_quiet_hours_that_cannot_be_read_hold_nothing_back(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    broken = rule(AlertEvent.FAILURE, quiet_from="22:00", quiet_to="06:00")
    # A name that was renamed in a newer list of time zones.
    AlertRule.objects.filter(pk=broken.pk).update(quiet_timezone="Mars/Olympus")
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    work(queue)
    assert hook.titles == ["orders failed"] * 2
    assert not EndedExecution.objects.exists()


def test_what_nobody_expected_of_a_message_is_an_attempt_that_failed(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    AlertDelivery.objects.update(facts={"status": "failed", "started_at": "no time"})
    for _ in range(ATTEMPTS):
        work(queue)
        later(monkeypatch, minutes=31)
        services.queue_due(at_most=10)
    delivery = AlertDelivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("failed", ATTEMPTS)
    assert delivery.error == "The message cannot be sent (ValueError). The worker's log says more."
    assert hook.bodies == []


@pytest.mark.parametrize("error", [AttributeError("no host"), KeyError("token")])
def test_a_service_that_breaks_while_it_sends_has_not_taken_the_message(
    channel: AlertChannel, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def notify(*_: Any, **__: Any) -> bool:
        raise error

    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.notify", notify)
    delivery = services.test_channel(channel)
    assert delivery.status == "failed"
    assert type(error).__name__ in delivery.error


def test_a_message_that_ends_every_worker_is_given_up(
    rule: Rule,
    orders: Pipeline,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(sending, "transmit", die)
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    for _ in range(ATTEMPTS):
        with pytest.raises(Killed):
            work(queue)
        later(monkeypatch, seconds=121)
        services.queue_due(at_most=10)
    work(queue)
    delivery = AlertDelivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("failed", ATTEMPTS)
    assert "worker" in delivery.error


@pytest.mark.parametrize("turn", range(4))
def test_workers_at_once_tell_of_an_end_once(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue, turn: int
) -> None:
    rule(AlertEvent.FAILURE)
    rule(AlertEvent.FAILURE)
    for _ in range(3):
        end(execution_of(orders))
    at_once(*[services.look_at_ends] * 3)
    batches = [uuid.UUID(m.args[0]) for m in queue.messages if m.task == "send"]
    assert len(batches) == 6
    at_once(*[lambda: [services.send_batch(batch) for batch in batches]] * 3)
    assert len(hook.bodies) == 6
    assert len({body["delivery"] for body in hook.bodies}) == 6


@pytest.mark.parametrize("turn", range(4))
def test_repetitions_are_held_back_by_workers_at_once_too(
    rule: Rule, orders: Pipeline, queue: Queue, turn: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LOT", 1)
    rule(AlertEvent.FAILURE, repeat_minutes=60)
    for _ in range(3):
        end(execution_of(orders))
    at_once(*[services.look_at_ends] * 3)
    assert sorted(status for _event, status in deliveries()) == ["dropped", "dropped", "queued"]


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
    monkeypatch.setattr("alerts.services.transport.ANSWER_SECONDS", 0.2)
    hook.open.clear()
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    work(queue)
    delivery = AlertDelivery.objects.get()
    assert delivery.status == "queued"
    assert "timed out" in delivery.error


def test_no_error_tells_the_address(rule: Rule, orders: Pipeline, queue: Queue) -> None:
    made = rule(AlertEvent.FAILURE)
    made.channels.set([make_channel("http://127.0.0.1:1/very-secret-token", name="dead")])
    end(execution_of(orders))
    work(queue)
    delivery = AlertDelivery.objects.get()
    assert "Connection refused" in delivery.error
    assert "***" in delivery.error
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


def test_a_send_that_takes_too_long_is_ended_and_repeated(
    rule: Rule, orders: Pipeline, queue: Queue, monkeypatch: pytest.MonkeyPatch
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
    assert delivery.error == "The channel did not answer within 60 seconds."
    assert tasks.send.soft_time_limit == 60


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
