"""Alerts over REST: who may, what goes in, and what never comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from pipelines.models import Pipeline
from tests.alerts.conftest import end, execution_of, work
from tests.alerts.servers import Webhook
from tests.executions.conftest import Queue

pytestmark = pytest.mark.usefixtures("commits")

Rule = Callable[..., AlertRule]
ROOT = "/api/v1/alerts"
ALL = [
    f"{verb}_{model}"
    for model in ("alertchannel", "alertrule")
    for verb in ("view", "add", "change", "delete")
]


@pytest.fixture
def chief(api: APIClient, permit: Callable[..., None]) -> APIClient:
    permit(*ALL, "view_alertdelivery", "resend_alertdelivery")
    return api


def test_every_address_asks_for_a_login_and_for_a_permission(
    channel: AlertChannel, rule: Rule, orders: Pipeline, queue: Queue, api: APIClient
) -> None:
    made = rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    delivery = AlertDelivery.objects.get()
    calls = [
        ("get", "channels"),
        ("get", f"channels/{channel.pk}"),
        ("post", "channels"),
        ("delete", f"channels/{channel.pk}"),
        ("post", f"channels/{channel.pk}/test"),
        ("get", "rules"),
        ("patch", f"rules/{made.pk}"),
        ("get", "deliveries"),
        ("get", f"deliveries/{delivery.pk}"),
        ("post", f"deliveries/{delivery.pk}/resend"),
    ]
    for method, path in calls:
        assert getattr(APIClient(), method)(f"{ROOT}/{path}").status_code == 401, path
        assert getattr(api, method)(f"{ROOT}/{path}").status_code == 403, path


def test_a_channel_is_made_and_its_secret_never_comes_back(chief: APIClient) -> None:
    body = {"name": "ops", "kind": "webhook", "address": "https://example.com/hook/sesame-open"}
    answer = chief.post(f"{ROOT}/channels", body)
    assert answer.status_code == 201, answer.json()
    shown = answer.json()
    assert shown["shown_address"] == "jsons://example.com/***"
    url = f"{ROOT}/channels/{shown['id']}"
    pages = [answer, chief.get(url), chief.get(f"{ROOT}/channels"), chief.patch(url, {"name": "x"})]
    assert not any("sesame" in page.content.decode() for page in pages)
    stored = AlertChannel.objects.get()
    assert stored.address == "jsons://example.com/hook/sesame-open"
    assert "sesame" not in stored.sealed_address
    assert (stored.name, pages[3].status_code) == ("x", 200)


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"kind": "webhook"}, "address", "needs an address"),
        ({"kind": "webhook", "address": "nonsense"}, "address", "none that apprise knows"),
        ({"kind": "slack", "address": "json://localhost"}, "address", "one of JSON"),
        ({"kind": "pigeon", "address": "json://localhost"}, "kind", "pigeon"),
        ({"kind": "other", "address": "json://localhost", "url": "x"}, "url", "not a field"),
    ],
)
def test_a_channel_that_cannot_be_says_why(
    chief: APIClient, body: dict[str, Any], field: str, message: str
) -> None:
    answer = chief.post(f"{ROOT}/channels", {"name": "ops"} | body)
    assert answer.status_code == 400
    problems = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert message in problems[field]


def test_another_kind_must_fit_the_stored_address(chief: APIClient, channel: AlertChannel) -> None:
    answer = chief.patch(f"{ROOT}/channels/{channel.pk}", {"kind": "email"})
    assert answer.status_code == 400
    assert "mailtos://" in answer.json()["detail"]


@pytest.mark.usefixtures("worker_at_hand")
def test_a_test_is_sent_now_and_its_outcome_is_the_answer(
    chief: APIClient, channel: AlertChannel, hook: Webhook
) -> None:
    hook.answers = [200, 500]
    sent = chief.post(f"{ROOT}/channels/{channel.pk}/test")
    assert (sent.status_code, sent.json()["status"]) == (200, "sent")
    assert hook.titles == ["Test of the channel hook"]
    failed = chief.post(f"{ROOT}/channels/{channel.pk}/test").json()
    assert failed["status"] == "failed"
    assert "500" in failed["error"]
    assert AlertDelivery.objects.filter(event="test").count() == 2


def test_a_rule_is_made_read_changed_and_deleted(
    chief: APIClient, channel: AlertChannel, orders: Pipeline, user: Any
) -> None:
    body = {
        "name": "shop",
        "events": ["failure", "deadline"],
        "channels": [channel.pk],
        "pipelines": [str(orders.pk)],
        "owners": [user.pk],
        "tags": ["shop"],
        "deadline_seconds": 600,
        "quiet_from": "22:00",
        "quiet_to": "06:00",
        "quiet_timezone": "Europe/Paris",
        "quiet_weekdays": [0, 1],
    }
    answer = chief.post(f"{ROOT}/rules", body)
    assert answer.status_code == 201, answer.json()
    shown = answer.json()
    assert {name: shown[name] for name in ("events", "tags", "owners")} == {
        name: body[name] for name in ("events", "tags", "owners")
    }
    made = AlertRule.objects.get()
    assert (made.has_pipelines, made.has_owners) == (True, True)
    url = f"{ROOT}/rules/{shown['id']}"
    assert chief.patch(url, {"owners": [], "is_active": False}).json()["is_active"] is False
    made.refresh_from_db()
    assert (made.has_pipelines, made.has_owners) == (True, False)
    assert chief.delete(url).status_code == 204


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"events": []}, "events"),
        ({"events": ["test"]}, "events.0"),
        ({"events": ["deadline"]}, "deadline_seconds"),
        ({"quiet_from": "10:00"}, "quiet_to"),
        ({"quiet_timezone": "Mars/Base"}, "quiet_timezone"),
        ({"slow_factor": 0.5}, "slow_factor"),
        ({"quiet_weekdays": [9]}, "quiet_weekdays.0"),
    ],
)
def test_a_rule_that_cannot_be_says_which_field(
    chief: APIClient, rule: Rule, change: dict[str, Any], field: str
) -> None:
    made = rule(AlertEvent.FAILURE)
    answer = chief.patch(f"{ROOT}/rules/{made.pk}", change)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_deliveries_are_listed_newest_first_filtered_and_sent_again(
    chief: APIClient, rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE, AlertEvent.RECOVERY)
    first, second = execution_of(orders), execution_of(orders)
    end(first)
    work(queue)
    end(second, "success")
    services.look_at_ends()
    listed = chief.get(f"{ROOT}/deliveries").json()["results"]
    assert [found["event"] for found in listed] == ["recovery", "failure"]
    found = chief.get(f"{ROOT}/deliveries?status=sent&execution={first.pk}").json()["results"]
    assert [delivery["facts"]["status"] for delivery in found] == ["failed"]
    waits = chief.post(f"{ROOT}/deliveries/{listed[0]['id']}/resend")
    assert (waits.status_code, waits.json()["type"]) == (409, "delivery-waits")
    again = chief.post(f"{ROOT}/deliveries/{listed[1]['id']}/resend")
    assert (again.status_code, again.json()["status"]) == (202, "queued")
    work(queue)
    assert hook.titles.count("orders failed") == 2


def test_who_may_resend_but_not_view_is_told_the_status_and_no_more(
    api: APIClient, permit: Callable[..., None], rule: Rule, orders: Pipeline, queue: Queue
) -> None:
    permit("resend_alertdelivery")
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    work(queue)
    delivery = AlertDelivery.objects.get()
    answer = api.post(f"{ROOT}/deliveries/{delivery.pk}/resend")
    assert (answer.status_code, answer.json()) == (202, {"id": delivery.pk, "status": "queued"})


def test_pages_of_deliveries_cost_the_same_queries(
    chief: APIClient, rule: Rule, orders: Pipeline, queue: Queue, django_assert_max_num_queries: Any
) -> None:
    rule(AlertEvent.FAILURE)
    for _ in range(5):
        end(execution_of(orders))
    services.look_at_ends()
    with django_assert_max_num_queries(5):
        assert len(chief.get(f"{ROOT}/deliveries").json()["results"]) == 5
