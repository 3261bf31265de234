"""Alerts are in the language of their channel, and what came of them in that of the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from alerts.events import AlertEvent
from alerts.models import AlertChannel, AlertDelivery
from alerts.services import message_of
from etl.errors import ConfigError
from etl.messages import say
from pipelines.models import Pipeline
from tests.alerts.conftest import end, execution_of, work
from tests.alerts.servers import Webhook
from tests.executions.conftest import Queue

pytestmark = pytest.mark.usefixtures("commits")

ERROR = str(
    ConfigError(
        say(
            "connection '{connection_id}' is not defined in Airflow. Create it under "
            "Connections, or pick another.",
            connection_id="dwh",
        ),
        node="load",
    )
)
FRENCH = (
    "la connexion «\N{NO-BREAK SPACE}dwh\N{NO-BREAK SPACE}» "
    "n\N{RIGHT SINGLE QUOTATION MARK}est pas définie dans Airflow."
)


@pytest.fixture
def french(channel: AlertChannel) -> AlertChannel:
    channel.language = "fr"
    channel.save()
    return channel


def test_an_alert_is_in_the_language_of_its_channel(
    rule: Any, french: AlertChannel, hook: Webhook, queue: Queue, orders: Pipeline
) -> None:
    rule(AlertEvent.FAILURE)

    end(execution_of(orders), error=ERROR)
    work(queue)

    [body] = hook.bodies
    assert body["title"] == "orders a échoué"
    assert "Statut : échec" in body["message"].replace("\N{NO-BREAK SPACE}", " ")
    assert FRENCH in body["message"]
    assert body["status"] == "failed"


def test_a_channel_speaks_english_unless_it_is_told_to_speak_french(
    rule: Any, hook: Webhook, queue: Queue, orders: Pipeline
) -> None:
    rule(AlertEvent.FAILURE)

    end(execution_of(orders), error=ERROR)
    work(queue)

    [body] = hook.bodies
    assert body["title"] == "orders failed"
    assert ERROR in body["message"]


def test_what_came_of_a_delivery_is_told_in_the_language_of_the_reader(
    rule: Any,
    hook: Webhook,
    queue: Queue,
    orders: Pipeline,
    api: APIClient,
    permit: Any,
    client: Client,
    user: Any,
) -> None:
    hook.answers = [404]
    rule(AlertEvent.FAILURE)
    end(execution_of(orders), error=ERROR)
    work(queue)
    permit("view_alertdelivery")
    headers = {"Accept-Language": "fr"}

    [told] = api.get("/api/v1/alerts/deliveries", headers=headers).json()["results"]

    assert told["error"].startswith("Le canal a répondu 404 Not Found.")
    assert FRENCH in told["facts"]["nodes"][0]["error"]
    json.dumps(AlertDelivery.objects.get().facts)
    user.is_staff = True
    user.save()
    client.force_login(user)
    page = client.get("/admin/alerts/alertdelivery/", headers=headers).content.decode()
    assert "Le canal a répondu 404 Not Found." in page
    assert AlertDelivery.objects.get().error.startswith("The channel answered 404 Not Found.")
    detail = f"/admin/alerts/alertdelivery/{AlertDelivery.objects.get().pk}/change/"
    page = client.get(detail, headers=headers).content.decode()
    assert "Le canal a répondu 404 Not Found." in page


def test_a_digest_is_in_the_language_of_its_channel(french: AlertChannel) -> None:
    one = AlertDelivery(
        event="failure",
        channel=french,
        rule_name="nights",
        pipeline_name="orders",
        created_at=timezone.now(),
    )

    message = message_of([one, one])

    assert message.subject == "2 alertes\N{NO-BREAK SPACE}: nights"
    assert "orders a échoué" in message.text


def test_a_new_channel_begins_with_the_language_of_who_makes_it(
    db: None, client: Client, user: Any
) -> None:
    user.is_staff = user.is_superuser = True
    user.save()
    client.force_login(user)

    form = client.get("/admin/alerts/alertchannel/add/", headers={"Accept-Language": "fr"})

    assert form.context["adminform"].form["language"].value() == "fr"
