"""The search over all pages: what it finds for whom."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client
from redis.exceptions import RedisError

from logidata.finding import MOST
from pipelines.models import Pipeline
from tests.executions.histories import make

pytestmark = pytest.mark.django_db


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("eve", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def found(client: Client, text: str, language: str = "en") -> list[str]:
    """Return the titles of what is found."""
    answer = client.get("/admin/search/", {"s": text}, headers={"Accept-Language": language})
    assert answer.status_code == 200
    titles = re.findall(r'data-title="([^"]*)"', answer.content.decode())
    return [html.unescape(title) for title in titles]


def test_pages_of_the_menu_are_found_by_their_names_in_the_reader_s_language() -> None:
    client = staff("view_pipeline", "view_authtoken")
    assert found(client, "TOKEN") == ["API tokens"]
    assert found(client, "tableau", "fr") == ["Tableau de bord"]
    assert found(client, "periodic") == []


def test_pipelines_are_found_by_words_and_by_either_id() -> None:
    orders = Pipeline.objects.create(name="Orders to <warehouse>", config={})
    Pipeline.objects.create(name="Stock", description="What the warehouse has", config={})
    client = staff("view_pipeline")
    assert found(client, "warehouse orders") == ["Orders to <warehouse>"]
    assert found(client, "warehouse") == ["Orders to <warehouse>", "Stock"]
    for word in (str(orders.pk), orders.dag_id, f"{orders.dag_id}_r3"):
        assert found(client, word) == ["Orders to <warehouse>"]


def test_executions_are_found_by_the_id_of_their_run_or_their_own() -> None:
    (pk,) = make(1, pipeline_name="orders")
    client = staff("view_pipelineexecution")
    for word in (str(pk), str(pk)[:8], f"logidata__{pk}"):
        assert found(client, word) == ["orders, Nov 24, 2026, 12:00:00"]
    assert found(client, "orders") == []


def test_who_may_not_see_it_does_not_find_it() -> None:
    pipeline = Pipeline.objects.create(name="secret", config={})
    (pk,) = make(1, pipeline_name="secret")
    client = staff()
    assert [found(client, word) for word in ("secret", str(pipeline.pk), str(pk))] == [[], [], []]


def test_what_was_deleted_since_is_found_no_more() -> None:
    client = staff("view_pipeline")
    pipeline = Pipeline.objects.create(name="orders", config={})
    assert found(client, "orders") == ["orders"]
    pipeline.delete()
    assert found(client, "orders") == []


def test_no_more_are_listed_than_can_be_read() -> None:
    Pipeline.objects.bulk_create(
        Pipeline(name=f"orders {number}", config={}) for number in range(MOST + 5)
    )
    assert len(found(staff("view_pipeline"), "orders")) == MOST


def test_it_finds_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise RedisError("Redis is away")

    for name in ("get", "set", "get_many", "set_many", "add"):
        monkeypatch.setattr(cache, name, away)
    Pipeline.objects.create(name="orders", config={})
    assert found(staff("view_pipeline"), "orders") == ["orders"]


def test_nothing_is_asked_for_and_nothing_found() -> None:
    client = staff("view_pipeline")
    assert found(client, " ") == []
    answer = client.get("/admin/search/", {"s": "nothing like it"}).content.decode()
    assert "Nothing found" in answer
