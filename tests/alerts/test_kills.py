"""No process that dies, and no message that cannot be sent, loses an alert or tells it twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertChannel, AlertDelivery, AlertRule, EndedExecution
from alerts.services import outbox, sending
from alerts.services.sending import ATTEMPTS
from pipelines.models import Pipeline
from tests.alerts.conftest import deliveries, end, execution_of, later, work
from tests.alerts.servers import Webhook
from tests.executions.conftest import Queue
from tests.executions.test_races import at_once

# Each sends again what was cut off.
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

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


@pytest.mark.usefixtures("worker_at_hand")
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
