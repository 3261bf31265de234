"""Executions that take too long are told of while they run, or at their end at the latest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertDelivery, AlertRule
from alerts.services.clocks import LOOKED_BACK, Usual, usual
from pipelines.models import Pipeline
from tests.alerts.conftest import deliveries, end, ended_before, execution_of, work
from tests.alerts.servers import Webhook
from tests.executions.conftest import Queue

pytestmark = [pytest.mark.usefixtures("commits"), pytest.mark.usefixtures("queue")]

Rule = Callable[..., AlertRule]


def since(seconds: float) -> dict[str, object]:
    """Return the fields of an execution that was asked for, and began, so long ago."""
    begun = timezone.now() - timedelta(seconds=seconds)
    return {"created_at": begun, "started_at": begun}


def test_usual_is_what_95_percent_of_the_successes_took_at_most(orders: Pipeline) -> None:
    for seconds in range(1, 101):
        ended_before(orders, seconds=float(seconds))
    assert usual([orders.pk]) == {orders.pk: Usual(95.0, 100)}


def test_what_is_no_whole_success_says_nothing_of_what_is_usual(orders: Pipeline) -> None:
    ended_before(orders, seconds=10)
    ended_before(orders, "failed", seconds=900)
    ended_before(orders, "cancelled", seconds=900)
    for field in ({"attempt": 2}, {"trigger_type": "replay"}):
        odd = ended_before(orders, seconds=900)
        type(odd).objects.filter(pk=odd.pk).update(**field)
    assert usual([orders.pk]) == {orders.pk: Usual(10.0, 1)}


def test_usual_looks_no_further_back_than_it_must(orders: Pipeline) -> None:
    ended_before(orders, seconds=10, ago=10_000)
    for _ in range(3):
        ended_before(orders, "failed")
    assert usual([orders.pk])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alerts.services.clocks.LOOKED_BACK", 3)
        assert usual([orders.pk]) == {}
    assert LOOKED_BACK == 500


def test_a_run_longer_than_usual_is_told_of_once_while_it_runs(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.SLOW, slow_factor=2.0, slow_runs=5)
    for _ in range(5):
        ended_before(orders, seconds=10)
    execution_of(orders, **since(19))
    long = execution_of(orders, **since(25))
    services.look_at_clocks()
    services.look_at_clocks()
    work(queue)
    assert hook.titles == ["orders takes longer than usual"]
    assert hook.bodies[0]["execution"] == str(long.pk)
    assert "at most 10.0 s (95 % of the last 5 successes)" in hook.bodies[0]["message"]


def test_nothing_is_usual_before_enough_runs_are_known(rule: Rule, orders: Pipeline) -> None:
    rule(AlertEvent.SLOW, slow_runs=5)
    for _ in range(4):
        ended_before(orders, seconds=10)
    execution_of(orders, **since(1000))
    services.look_at_clocks()
    assert deliveries() == []


def test_a_deadline_counts_from_when_the_execution_was_asked_for(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.DEADLINE, deadline_seconds=60)
    asked = timezone.now() - timedelta(seconds=61)
    execution_of(orders, "pending", created_at=asked, started_at=None)
    execution_of(orders, **since(50))
    services.look_at_clocks()
    work(queue)
    assert hook.titles == ["orders takes longer than its deadline"]
    assert "Deadline: 1 min 0 s" in hook.bodies[0]["message"]


def test_the_deadline_of_a_further_attempt_counts_anew(rule: Rule, orders: Pipeline) -> None:
    rule(AlertEvent.DEADLINE, deadline_seconds=60)
    execution = execution_of(orders, **since(1000))
    services.look_at_clocks()
    now = timezone.now()
    type(execution).objects.update(attempt=2, attempt_requested_at=now, started_at=now)
    services.look_at_clocks()
    assert len(deliveries()) == 1
    type(execution).objects.update(attempt_requested_at=now - timedelta(seconds=61))
    services.look_at_clocks()
    assert deliveries() == [("deadline", "queued")] * 2


def test_the_deadline_of_an_attempt_that_was_begun_in_airflow_counts_from_then(
    rule: Rule, orders: Pipeline
) -> None:
    rule(AlertEvent.DEADLINE, deadline_seconds=60)
    execution = ended_before(orders, "failed", ago=10_000)
    cleared = timezone.now() - timedelta(seconds=30)
    begun = {"attempt": 2, "status": "running", "completed_at": None, "started_at": None}
    rows = type(execution).objects.filter(pk=execution.pk)
    rows.update(**begun, run_queued_at=cleared)
    services.look_at_clocks()
    assert deliveries() == []
    rows.update(run_queued_at=cleared - timedelta(seconds=40))
    services.look_at_clocks()
    assert deliveries() == [("deadline", "queued")]


def test_what_ended_before_anybody_looked_is_told_of_at_its_end_and_once(
    rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.SLOW, AlertEvent.DEADLINE, slow_runs=2, deadline_seconds=60)
    for _ in range(2):
        ended_before(orders, seconds=10)
    unseen, seen = execution_of(orders, **since(100)), execution_of(orders, **since(100))
    AlertRule.objects.update(is_active=False)
    services.look_at_clocks()
    AlertRule.objects.update(is_active=True)
    end(unseen, "success")
    work(queue)
    assert len(hook.bodies) == 2
    services.look_at_clocks()
    end(seen, "success")
    work(queue)
    assert len(hook.bodies) == 4
    assert AlertDelivery.objects.filter(execution=seen).count() == 2


def test_an_execution_that_has_ended_is_not_looked_at_again(rule: Rule, orders: Pipeline) -> None:
    rule(AlertEvent.DEADLINE, deadline_seconds=1)
    ended_before(orders, seconds=100)
    services.look_at_clocks()
    assert deliveries() == []
