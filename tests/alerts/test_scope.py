"""Which pipelines a rule is about, and how often it repeats itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertDelivery, AlertRule
from pipelines.models import Pipeline
from tests.alerts.conftest import deliveries, end, execution_of
from tests.executions.conftest import Queue

pytestmark = [pytest.mark.usefixtures("commits"), pytest.mark.usefixtures("queue")]

Rule = Callable[..., AlertRule]


def told_of() -> list[str]:
    """Return the names of the pipelines that are told of when all of them fail."""
    for pipeline in Pipeline.objects.order_by("name"):
        end(execution_of(pipeline))
    services.look_at_ends()
    return list(AlertDelivery.objects.order_by("pk").values_list("pipeline_name", flat=True))


@pytest.fixture
def others(orders: Pipeline, user: Any) -> list[Pipeline]:
    return [
        Pipeline.objects.create(name="books", owner=user),
        Pipeline.objects.create(name="clicks", owner=user, tags=["shop", "web"]),
    ]


@pytest.mark.usefixtures("others")
def test_a_rule_without_a_scope_is_about_all(rule: Rule) -> None:
    rule(AlertEvent.FAILURE)
    assert told_of() == ["books", "clicks", "orders"]


@pytest.mark.usefixtures("others")
def test_a_rule_is_about_pipelines_with_one_of_its_tags(rule: Rule) -> None:
    rule(AlertEvent.FAILURE, tags=["shop", "none has this"])
    assert told_of() == ["clicks", "orders"]


@pytest.mark.usefixtures("others")
def test_a_rule_is_about_the_pipelines_of_its_owners(rule: Rule, user: Any) -> None:
    rule(AlertEvent.FAILURE).owners.add(user)
    assert told_of() == ["books", "clicks"]


@pytest.mark.usefixtures("others")
def test_a_rule_is_about_its_pipelines(rule: Rule, orders: Pipeline) -> None:
    rule(AlertEvent.FAILURE).pipelines.add(orders)
    assert told_of() == ["orders"]


@pytest.mark.usefixtures("others")
def test_tags_and_owners_together_must_both_fit(rule: Rule, user: Any) -> None:
    rule(AlertEvent.FAILURE, tags=["shop"]).owners.add(user)
    assert told_of() == ["clicks"]


def test_a_rule_whose_pipelines_are_all_deleted_is_about_none(
    rule: Rule, orders: Pipeline, others: list[Pipeline]
) -> None:
    made = rule(AlertEvent.FAILURE)
    made.pipelines.add(orders)
    orders.delete()
    assert told_of() == []
    made.pipelines.set([others[0]])
    made.pipelines.clear()
    AlertRule.objects.get().save()
    assert told_of() == ["books", "clicks"]


def test_an_execution_whose_pipeline_is_deleted_is_told_of_by_rules_about_all(
    rule: Rule, orders: Pipeline
) -> None:
    rule(AlertEvent.FAILURE, name="all")
    rule(AlertEvent.FAILURE, name="tagged", tags=["shop"])
    execution = execution_of(orders)
    orders.delete()
    end(execution)
    services.look_at_ends()
    delivery = AlertDelivery.objects.get()
    assert (delivery.rule_name, delivery.pipeline_name) == ("all", "orders")


def test_a_channel_gets_an_event_once_for_each_rule(rule: Rule, orders: Pipeline) -> None:
    rule(AlertEvent.FAILURE)
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    assert deliveries() == [("failure", "queued")] * 2


def test_repetitions_within_the_pause_are_dropped_with_a_reason(
    rule: Rule, orders: Pipeline, others: list[Pipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(AlertEvent.FAILURE, AlertEvent.RECOVERY, repeat_minutes=30)
    for pipeline, status in ((orders, "failed"), (orders, "failed"), (others[0], "failed")):
        end(execution_of(pipeline), status)
        services.look_at_ends()
    end(execution_of(orders), "success")
    services.look_at_ends()
    assert deliveries() == [
        ("failure", "queued"),
        ("failure", "dropped"),
        ("failure", "queued"),
        ("recovery", "queued"),
    ]
    dropped = AlertDelivery.objects.get(status="dropped")
    assert dropped.error == "The same was told less than 30 minutes before."
    later = timezone.now() + timedelta(minutes=31)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    end(execution_of(orders))
    services.look_at_ends()
    assert deliveries()[-1] == ("failure", "queued")


def test_a_rule_without_events_or_with_unknown_ones_is_refused(rule: Rule) -> None:
    for events in ([], ["failure", "retry"], ["test"]):
        with pytest.raises(
            ValidationError, match=r"Choose a(t least one event|mong: deadline, failure)"
        ):
            rule(*events)
    with pytest.raises(ValidationError, match="after how many seconds"):
        rule(AlertEvent.DEADLINE)


def test_looking_at_ends_costs_the_same_for_many_rules_of_one_channel(
    rule: Rule, orders: Pipeline, queue: Queue, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        rule(AlertEvent.RECOVERY)
    end(execution_of(orders))
    with django_assert_max_num_queries(25):
        services.look_at_ends()
