"""Every address of LogiData, by every method, for those who may do little or nothing.

The addresses are taken from the project's own table: one that is added is asked for, too.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from alerts.events import AlertEvent, DeliveryStatus
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from executions.models import PipelineExecution
from tests.executions.conftest import (
    airflow,
    alive_nodes,
    dags_dir,
    make_pipeline,
    pending,
    pipeline,
    queue,
)

__all__ = ["airflow", "alive_nodes", "dags_dir", "make_pipeline", "pending", "pipeline", "queue"]

pytestmark = pytest.mark.slow

READING = ("GET", "HEAD")
WRITING = ("POST", "PUT", "PATCH", "DELETE")
# Neither is there for whoever asks, nor done: 302 leads to the page of a thing, or away from none.
REFUSED = {302, 403, 404, 405}

# What is left open in addresses that are regular expressions, and what stands there instead.
OPEN = {
    "(?P<url>.*)$": "nothing/",
    "^api(/|$)": "api/nothing",
    "(?P<number>[0-9]{1,20})": "1",
    "(?P<node>[A-Za-z0-9_]+)": "read",
    "(?P<node_id>[^/]+)": "read",
    "<str:node_id>": "read",
    "<str:kind>": "csv",
    "<int:number>": "1",
    "<path:content_type_id>": "1",
}
# Signing in and out, what a monitor asks, and what Airflow signs.
FOR_ALL = (
    *("/", "/admin/login/", "/api-auth/login/", "/api-auth/logout/"),
    *("/api/v1/auth/token", "/api/v1/health", "/api/v1/airflow/events"),
)
# These show what everybody may know who is signed in, or leave out what somebody may not.
FOR_STAFF = (
    *("/admin/", "/admin/dashboard/", "/admin/dashboard/health/", "/admin/search/"),
    *("/admin/jsi18n/", "/admin/password_change/", "/admin/password_change/done/"),
)
FOR_THE_SIGNED_IN = (
    *("/api/v1", "/api/v1/", "/api/v1/schema", "/api/v1/docs", "/api/v1/modules"),
    *("/api/v1/schedule", "/api/v1/templates"),
)
LEAVING = ("/admin/logout/", "/api-auth/logout/")
# What a viewer may send to the API: all of it only looks.
LOOKS = ("/check", "/monitor", "/validate")
# History is neither added nor removed by hand; the others are of things that are not there.
FOR_NOBODY = re.compile(
    r"/(alertdelivery|pipelineexecution|pipelinerevision)/(add|[^/]+/delete)/$"
    r"|/quarantine(/download)?$|/draft$|/previews/|/autocomplete/$|/r/1/1/$|/nothing/?$"
)


def routes(part: URLResolver, before: str = "/") -> Iterator[str]:
    """Yield the address of every view, with what its pattern leaves open."""
    for inner in part.url_patterns:
        route = before + str(inner.pattern)
        if isinstance(inner, URLResolver):
            yield from routes(inner, route)
        else:
            assert isinstance(inner, URLPattern)
            yield route


@pytest.fixture
def delivery(pending: PipelineExecution) -> AlertDelivery:
    channel = AlertChannel(name="hook", kind="webhook")
    channel.address = "json://localhost"
    channel.save()
    rule = AlertRule.objects.create(name="all", events=[AlertEvent.FAILURE])
    return AlertDelivery.objects.create(
        channel=channel,
        rule=rule,
        event=AlertEvent.FAILURE,
        key="1",
        batch=uuid.uuid4(),
        due_at=pending.created_at,
        status=DeliveryStatus.SENT,
        execution=pending,
    )


@pytest.fixture
def addresses(pending: PipelineExecution, delivery: AlertDelivery) -> list[str]:
    """The address of every view, on things that are there."""
    assert pending.pipeline is not None
    assert delivery.channel is not None
    assert delivery.rule is not None
    assert pending.revision is not None
    ids = {
        "/pipelinerevision/": pending.revision.pk,
        "/pipelineexecution/": pending.pk,
        "/executions": pending.pk,
        "/pipeline": pending.pipeline.pk,
        "/previews": uuid.uuid4(),
        "/alertchannel/": delivery.channel.pk,
        "/channels": delivery.channel.pk,
        "/alertrule/": delivery.rule.pk,
        "/rules": delivery.rule.pk,
        "/alertdelivery/": delivery.pk,
        "/deliveries": delivery.pk,
        "/user/": User.objects.create_user("somebody").pk,
    }

    def filled(route: str) -> str:
        route = re.sub(r"\^\(\?P<app_label>[^)]*\)/\$", "alerts/", route)
        for gap, text in OPEN.items():
            route = route.replace(gap, text)
        route = re.sub(r"(?<!\[)\^|\$", "", route)
        pk = next((str(pk) for name, pk in ids.items() if name in route), "1")
        return re.sub(r"<\w*:?\w+>|\(\?P<pk>\[\^/\.?\]\+\)", pk, route)

    found = sorted({filled(route) for route in routes(get_resolver())})
    assert not [address for address in found if re.search(r"[<>()\[\]?*+]", address)]
    assert len(found) > 150
    return found


def person(name: str, *permissions: str, is_staff: bool = True) -> Client:
    """Return the browser of somebody with the permissions whose names begin with these words."""
    user = User.objects.create_user(name, is_staff=is_staff)
    for verb in permissions:
        user.user_permissions.add(*Permission.objects.filter(codename__startswith=verb))
    client = Client()
    client.force_login(user)
    return client


def answers(
    client: Client, addresses: list[str], methods: tuple[str, ...]
) -> dict[tuple[str, str], int]:
    """Return the status that is answered, by method and address."""
    return {
        (method, address): client.generic(
            method, address, HTTP_ACCEPT="text/html, application/json"
        ).status_code
        for address in addresses
        for method in methods
        # The admin knows no others.
        if address.startswith("/api/") or method in ("GET", "POST")
    }


def everything() -> dict[str, list[Any]]:
    """Return all rows of the tables that people change, or that say what they did."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.label not in ("sessions.Session", "contenttypes.ContentType")
    }


def test_a_stranger_gets_nothing_anywhere_by_any_method(addresses: list[str]) -> None:
    closed = [address for address in addresses if address not in FOR_ALL]
    stranger = Client()
    given = answers(stranger, closed, (*READING, "OPTIONS", *WRITING))
    assert {asked: status for asked, status in given.items() if status != 401} == {}


@pytest.mark.parametrize("is_staff", [False, True])
def test_who_has_no_permission_gets_nothing(addresses: list[str], is_staff: bool) -> None:
    free = {*FOR_ALL, *FOR_THE_SIGNED_IN, *LEAVING, *(FOR_STAFF if is_staff else ())}
    closed = [address for address in addresses if address not in free]
    given = answers(person("ann", is_staff=is_staff), closed, (*READING, *WRITING))
    assert {asked: status for asked, status in given.items() if status not in REFUSED} == {}


def test_who_may_only_view_changes_nothing(addresses: list[str]) -> None:
    viewer = person("viewer", "view_")
    asked = [address for address in addresses if address not in (*FOR_ALL, *LEAVING)]
    before = everything()
    given = answers(viewer, asked, WRITING)
    assert everything() == before
    sent = {
        (method, address): status
        for (method, address), status in given.items()
        if address.startswith("/api/") and not address.endswith(LOOKS)
    }
    assert {one: status for one, status in sent.items() if status not in REFUSED} == {}


def test_what_was_asked_for_is_there_for_an_administrator(addresses: list[str]) -> None:
    # Else the others would be refused for asking for what does not exist.
    boss = Client(raise_request_exception=False)
    boss.force_login(User.objects.create_superuser("boss"))
    asked = [address for address in addresses if address not in (*FOR_ALL, *LEAVING)]
    given = answers(boss, asked, ("GET",))
    missing = {address for (_, address), status in given.items() if status in (403, 404, 500)}
    assert {address for address in missing if not FOR_NOBODY.search(address)} == set()


def test_no_page_of_another_site_has_a_browser_change_anything(addresses: list[str]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.create_superuser("boss"))
    asked = [address for address in addresses if address not in FOR_ALL]
    before = everything()
    given = answers(browser, asked, WRITING)
    # Before 405: a method that an address has not is refused for want of the token already.
    assert {one: status for one, status in given.items() if status != 403} == {}
    assert everything() == before
