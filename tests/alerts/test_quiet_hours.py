"""Quiet hours: nothing is sent, then one digest; by the wall clock of a time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

import pytest
from django.core.exceptions import ValidationError

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertDelivery, AlertRule
from alerts.quiet_hours import QuietHours
from pipelines.models import Pipeline
from tests.alerts.conftest import at, deliveries, end, execution_of, work
from tests.alerts.servers import Webhook
from tests.executions.conftest import Queue

Rule = Callable[..., AlertRule]

NIGHT = QuietHours(time(22), time(6), "Europe/Paris")


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-07-01T19:59:00+00:00", None),
        ("2026-07-01T20:00:00+00:00", "2026-07-02T04:00:00+00:00"),
        ("2026-07-02T03:59:59+00:00", "2026-07-02T04:00:00+00:00"),
        ("2026-07-02T04:00:00+00:00", None),
        # In winter by another hour of UTC.
        ("2026-12-01T20:30:00+00:00", None),
        ("2026-12-01T21:00:00+00:00", "2026-12-02T05:00:00+00:00"),
    ],
)
def test_a_night_begins_and_ends_by_the_local_clock(moment: str, until: str | None) -> None:
    assert NIGHT.until(at(moment)) == (at(until) if until else None)


def test_a_night_in_which_clocks_change_ends_by_the_new_time() -> None:
    # Clocks go from 2:00 to 3:00 on 29 March, and from 3:00 to 2:00 on 25 October.
    assert NIGHT.until(at("2026-03-28T23:00:00+00:00")) == at("2026-03-29T04:00:00+00:00")
    assert NIGHT.until(at("2026-10-24T23:00:00+00:00")) == at("2026-10-25T05:00:00+00:00")


def test_an_end_in_an_hour_that_comes_twice_or_never_is_the_later_one() -> None:
    short = QuietHours(time(22), time(2, 30), "Europe/Paris")
    assert short.until(at("2026-10-24T23:00:00+00:00")) == at("2026-10-25T01:30:00+00:00")
    assert short.until(at("2026-10-25T01:29:00+00:00")) == at("2026-10-25T01:30:00+00:00")
    assert short.until(at("2026-03-28T23:00:00+00:00")) == at("2026-03-29T01:30:00+00:00")


def test_weekdays_are_those_on_which_the_hours_begin() -> None:
    friday_night = QuietHours(time(22), time(6), "UTC", frozenset({4}))
    assert friday_night.until(at("2026-11-27T23:00:00+00:00")) == at("2026-11-28T06:00:00+00:00")
    assert friday_night.until(at("2026-11-28T05:00:00+00:00")) == at("2026-11-28T06:00:00+00:00")
    assert friday_night.until(at("2026-11-28T23:00:00+00:00")) is None
    assert friday_night.until(at("2026-11-27T05:00:00+00:00")) is None


def test_days_that_follow_each_other_end_together() -> None:
    weekend = QuietHours(time(0), time(0), "UTC", frozenset({5, 6}))
    assert weekend.until(at("2026-11-28T10:00:00+00:00")) == at("2026-11-30T00:00:00+00:00")
    assert weekend.until(at("2026-11-30T00:00:00+00:00")) is None


@pytest.mark.django_db
def test_hours_that_never_end_are_refused(rule: Rule) -> None:
    with pytest.raises(ValidationError, match="never end"):
        rule(AlertEvent.FAILURE, quiet_from=time(8), quiet_to=time(8))
    rule(AlertEvent.FAILURE, quiet_from=time(8), quiet_to=time(8), quiet_weekdays=[5, 6])


@pytest.mark.django_db
def test_half_of_quiet_hours_and_an_unknown_zone_are_refused(rule: Rule) -> None:
    with pytest.raises(ValidationError, match="both a beginning and an end"):
        rule(AlertEvent.FAILURE, quiet_from=time(8))
    with pytest.raises(ValidationError, match="no such time zone"):
        rule(AlertEvent.FAILURE, quiet_timezone="Europe/Lyon")
    with pytest.raises(ValidationError, match="0 for Monday"):
        rule(AlertEvent.FAILURE, quiet_weekdays=[7])


def pass_time(monkeypatch: pytest.MonkeyPatch, moment: str) -> datetime:
    now = at(moment)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    return now


@pytest.mark.usefixtures("commits")
def test_what_happens_at_night_comes_in_the_morning_as_one_digest(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(AlertEvent.FAILURE, name="nightly", quiet_from=time(22), quiet_to=time(6))
    pass_time(monkeypatch, "2026-11-28T23:00:00+00:00")
    end(execution_of(orders))
    end(execution_of(orders))
    work(queue)
    assert deliveries() == [("failure", "held")] * 2
    services.queue_due(at_most=10)
    work(queue)
    assert hook.bodies == []
    pass_time(monkeypatch, "2026-11-29T06:00:05+00:00")
    services.queue_due(at_most=10)
    work(queue)
    assert hook.titles == ["2 alerts: nightly"]
    assert hook.bodies[0]["message"].count("2026-11-28 23:00 UTC: orders failed") == 2
    assert deliveries() == [("failure", "sent")] * 2


@pytest.mark.usefixtures("commits")
def test_a_single_alert_of_the_night_comes_in_full(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(AlertEvent.FAILURE, quiet_from=time(22), quiet_to=time(6))
    pass_time(monkeypatch, "2026-11-28T23:00:00+00:00")
    end(execution_of(orders), error="disk full")
    work(queue)
    pass_time(monkeypatch, "2026-11-29T06:00:05+00:00")
    services.queue_due(at_most=10)
    work(queue)
    assert hook.titles == ["orders failed"]
    assert "disk full" in hook.bodies[0]["message"]


@pytest.mark.usefixtures("commits")
def test_quiet_hours_that_drop_say_so_in_the_log(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule(AlertEvent.FAILURE, quiet_from=time(22), quiet_to=time(6), quiet_action="drop")
    pass_time(monkeypatch, "2026-11-28T23:00:00+00:00")
    end(execution_of(orders))
    work(queue)
    assert (deliveries(), hook.bodies) == ([("failure", "dropped")], [])
    assert AlertDelivery.objects.get().error == "Within the quiet hours of the rule."


@pytest.mark.usefixtures("commits")
@pytest.mark.parametrize("action", ["hold", "drop"])
def test_what_failed_before_quiet_hours_is_held_within_them_and_never_dropped(
    rule: Rule,
    orders: Pipeline,
    hook: Webhook,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
) -> None:
    hook.answers = [500]
    rule(AlertEvent.FAILURE, quiet_from=time(22), quiet_to=time(6), quiet_action=action)
    pass_time(monkeypatch, "2026-11-28T21:59:50+00:00")
    end(execution_of(orders))
    work(queue)
    pass_time(monkeypatch, "2026-11-28T22:00:25+00:00")
    assert services.queue_due(at_most=10) == 1
    work(queue)
    delivery = AlertDelivery.objects.get()
    assert (delivery.status, delivery.due_at) == ("held", at("2026-11-29T06:00:00+00:00"))
    assert (len(hook.bodies), "500" in delivery.error) == (1, True)
    pass_time(monkeypatch, "2026-11-29T06:00:05+00:00")
    services.queue_due(at_most=10)
    work(queue)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, len(hook.bodies)) == ("sent", 1, 2)


@pytest.mark.usefixtures("commits")
def test_what_waited_for_a_worker_into_quiet_hours_is_held(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(AlertEvent.FAILURE, quiet_from=time(22), quiet_to=time(6))
    pass_time(monkeypatch, "2026-11-28T21:59:00+00:00")
    end(execution_of(orders))
    services.look_at_ends()
    pass_time(monkeypatch, "2026-11-28T22:01:00+00:00")
    work(queue)
    assert (deliveries(), hook.bodies) == ([("failure", "held")], [])


@pytest.mark.usefixtures("commits")
def test_what_somebody_sends_by_hand_goes_at_night_too(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(AlertEvent.FAILURE, quiet_from=time(22), quiet_to=time(6), quiet_action="drop")
    pass_time(monkeypatch, "2026-11-28T23:00:00+00:00")
    end(execution_of(orders))
    work(queue)
    hook.answers = [500]
    assert services.resend(AlertDelivery.objects.get())
    work(queue)
    pass_time(monkeypatch, "2026-11-28T23:00:35+00:00")
    services.queue_due(at_most=10)
    work(queue)
    assert (deliveries(), len(hook.bodies)) == ([("failure", "sent")], 2)
