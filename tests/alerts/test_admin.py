"""Alerts in the admin: channels that keep their secret, a test, rules, the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from pipelines.models import Pipeline
from tests.alerts.conftest import end, execution_of, work
from tests.alerts.servers import Webhook
from tests.executions.conftest import Queue

pytestmark = pytest.mark.usefixtures("commits")

Rule = Callable[..., AlertRule]
CHANNELS, RULES, LOG = (
    reverse(f"admin:alerts_{model}_changelist")
    for model in ("alertchannel", "alertrule", "alertdelivery")
)


@pytest.fixture
def chief(client: Client, user: Any, permit: Callable[..., None]) -> Client:
    permit(
        *("view_alertchannel", "add_alertchannel", "change_alertchannel"),
        *("view_alertrule", "add_alertrule", "change_alertrule", "view_alertdelivery"),
        *("view_pipeline", "resend_alertdelivery"),
    )
    client.force_login(user)
    return client


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def messages(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_who_lacks_the_permission_sees_none_of_it(client: Client, user: Any) -> None:
    client.force_login(user)
    assert {client.get(page).status_code for page in (CHANNELS, RULES, LOG)} == {403}


@pytest.mark.usefixtures("worker_at_hand")
def test_a_channel_is_added_tested_and_never_shows_its_secret(chief: Client, hook: Webhook) -> None:
    body = {
        "name": "ops",
        "kind": "webhook",
        "language": "en",
        "address": hook.url,
        "is_active": "on",
    }
    answer = chief.post(f"{CHANNELS}add/", body | {"_test": "x"}, follow=True)
    assert messages(answer) == ["The test was sent to ops."]
    assert hook.titles == ["Test of the channel ops"]
    page = f"{CHANNELS}{AlertChannel.objects.get().pk}/change/"
    assert f"json://127.0.0.1:{hook.port}/***" in shown(chief, page)
    for address in (page, CHANNELS, f"{CHANNELS}{AlertChannel.objects.get().pk}/history/"):
        assert "very-secret-token" not in shown(chief, address)


@pytest.mark.usefixtures("worker_at_hand")
def test_a_test_that_fails_says_why_and_the_address_stays(
    chief: Client, channel: AlertChannel, hook: Webhook
) -> None:
    hook.answers = [404]
    page = f"{CHANNELS}{channel.pk}/change/"
    body = {
        "name": "hook",
        "kind": "webhook",
        "language": "en",
        "address": "",
        "is_active": "on",
        "_test": "x",
    }
    answer = chief.post(page, body, follow=True)
    (text,) = messages(answer)
    assert text.startswith("The test did not reach hook: ")
    assert "404" in text
    assert "very-secret-token" not in text
    channel.refresh_from_db()
    assert channel.address.endswith("/hooks/very-secret-token")


@pytest.mark.usefixtures("worker_at_hand")
def test_selected_channels_are_tested(chief: Client, channel: AlertChannel, hook: Webhook) -> None:
    chief.post(CHANNELS, {"action": "test_selected", "_selected_action": [channel.pk]})
    assert hook.titles == ["Test of the channel hook"]


@pytest.mark.parametrize(
    ("address", "message"),
    [("", "Enter the address"), ("nonsense", "apprise knows"), ("ntfy://topic", "one of ntfy")],
)
def test_an_address_that_cannot_be_is_refused(chief: Client, address: str, message: str) -> None:
    body = {"name": "ops", "kind": "webhook", "language": "en", "address": address}
    answer = chief.post(f"{CHANNELS}add/", body)
    assert message in answer.content.decode()
    assert not AlertChannel.objects.exists()


def test_who_may_only_look_gets_no_input_and_no_test(
    client: Client, user: Any, permit: Callable[..., None], channel: AlertChannel
) -> None:
    permit("view_alertchannel")
    client.force_login(user)
    page = f"{CHANNELS}{channel.pk}/change/"
    text = shown(client, page)
    assert 'name="address"' not in text
    assert "_test" not in text
    assert client.post(page, {"_test": "x"}).status_code == 403


def test_a_rule_is_made_with_its_lists(
    chief: Client, channel: AlertChannel, orders: Pipeline
) -> None:
    text = shown(chief, f"{RULES}add/")
    assert "95 %" in text
    body = {
        "name": "shop",
        "is_active": "on",
        "events": ["failure", "missed"],
        "channels": [channel.pk],
        "pipelines": [str(orders.pk)],
        "tags": "shop, web",
        "slow_factor": "1.5",
        "slow_runs": "10",
        "missed_minutes": "10",
        "repeat_minutes": "0",
        "quiet_from": "22:00",
        "quiet_to": "06:00",
        "quiet_timezone": "Europe/Paris",
        "quiet_weekdays": ["5", "6"],
        "quiet_action": "hold",
    }
    answer = chief.post(f"{RULES}add/", body)
    assert answer.status_code == 302, answer.context["adminform"].errors
    made = AlertRule.objects.get()
    assert (made.events, made.tags) == (["failure", "missed"], ["shop", "web"])
    assert (made.quiet_weekdays, made.has_pipelines) == ([5, 6], True)
    page = f"{RULES}{made.pk}/change/"
    assert "shop, web" in shown(chief, page)
    assert "Failed, Not run when due" in shown(chief, RULES)
    answer = chief.post(page, body | {"events": ["deadline"], "quiet_to": ""})
    text = answer.content.decode()
    assert "after how many seconds" in text
    assert "both a beginning and an end" in text


def test_the_log_shows_what_was_sent_and_sends_it_again(
    chief: Client, rule: Rule, orders: Pipeline, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.FAILURE, name="all failures")
    execution = execution_of(orders)
    end(execution, error="disk <full>")
    work(queue)
    delivery = AlertDelivery.objects.get()
    assert '<span class="badge badge-success">Sent</span>' in shown(chief, LOG)
    page = shown(chief, f"{LOG}{delivery.pk}/change/")
    assert "disk &lt;full&gt;" in page
    assert str(execution.pk) in page
    body = {"action": "resend_selected", "_selected_action": [delivery.pk]}
    assert messages(chief.post(LOG, body, follow=True)) == ["Queued again: 1."]
    assert messages(chief.post(LOG, body, follow=True)) == [
        "Still waiting to be sent, and left alone: 1."
    ]
    work(queue)
    assert hook.titles == ["orders failed"] * 2


def test_channels_and_rules_lead_to_their_deliveries_and_these_to_the_execution(
    chief: Client, rule: Rule, channel: AlertChannel, orders: Pipeline, queue: Queue
) -> None:
    made = rule(AlertEvent.FAILURE)
    other = rule(AlertEvent.RECOVERY)
    execution = execution_of(orders)
    end(execution)
    services.look_at_ends()
    execution_page = f"/admin/executions/pipelineexecution/{execution.pk}/change/"
    for page, query, count in (
        (CHANNELS, f"channel__id__exact={channel.pk}", 1),
        (RULES, f"rule__id__exact={made.pk}", 1),
        (RULES, f"rule__id__exact={other.pk}", 0),
    ):
        assert f'href="{LOG}?{query}"' in shown(chief, page)
        log = shown(chief, f"{LOG}?{query}")
        assert log.count(f'href="{execution_page}"') == count


def test_the_log_is_not_edited(chief: Client, rule: Rule, orders: Pipeline, queue: Queue) -> None:
    rule(AlertEvent.FAILURE)
    end(execution_of(orders))
    services.look_at_ends()
    page = f"{LOG}{AlertDelivery.objects.get().pk}/"
    assert chief.post(f"{page}change/", {"status": "sent"}).status_code == 403
    assert chief.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert chief.get(f"{LOG}add/").status_code == 403


def test_the_log_costs_the_same_queries_for_any_length(
    chief: Client, rule: Rule, orders: Pipeline, queue: Queue, django_assert_max_num_queries: Any
) -> None:
    rule(AlertEvent.FAILURE)
    for _ in range(8):
        end(execution_of(orders))
    services.look_at_ends()
    with django_assert_max_num_queries(12):
        shown(chief, LOG)


def test_a_rule_without_events_is_told_once_and_in_words(chief: Client) -> None:
    answer = chief.post(f"{RULES}add/", {"name": "empty"})
    assert answer.context["adminform"].form.errors["events"] == ["Choose at least one event."]


def test_the_list_of_deliveries_says_why_one_failed(chief: Client, channel: AlertChannel) -> None:
    AlertDelivery.objects.create(
        channel=channel,
        channel_name="hook",
        event=AlertEvent.TEST,
        status="failed",
        error="The connection was refused.",
        key="test",
        due_at=timezone.now(),
    )
    assert "The connection was refused." in shown(chief, LOG)
