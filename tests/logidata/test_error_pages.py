"""What people see instead of a page: in the console's look, in their language, whatever is down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

FRENCH = {"Accept-Language": "fr"}


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.fixture
def boss(db: None) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("boss", password="correct horse"))
    return client


def test_what_is_not_there_is_said_within_the_console(boss: Client) -> None:
    for address in ("/admin/nothing/", "/nothing/"):
        answer = boss.get(address, headers=FRENCH)
        page = answer.content.decode()
        assert answer.status_code == 404
        assert "Rien à cette adresse" in page
        assert 'id="nav-sidebar-apps"' in page


def test_a_stranger_is_told_that_nothing_is_there_without_the_menu(db: None) -> None:
    answer = Client().get("/nothing/", headers=FRENCH)
    page = answer.content.decode()
    assert answer.status_code == 404
    assert '<html lang="fr">' in page
    assert "nav-sidebar" not in page


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("hush"), 500, "Erreur du serveur"),
        (OperationalError("hush"), 503, "Base de données indisponible"),
        (RedisError("hush"), 503, "Redis indisponible"),
        (BrokerError("hush"), 503, "Redis indisponible"),
    ],
)
def test_a_fault_is_said_in_a_page_that_stands_alone(
    boss: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, said: str
) -> None:
    monkeypatch.setattr("logidata.dashboard.dashboard_context", failing(error))
    answer = boss.get("/admin/", headers=FRENCH)
    page = answer.content.decode()
    assert answer.status_code == status
    assert said in page
    assert "hush" not in page
    assert 'href="/admin/">Réessayer' in page


def test_the_page_of_a_fault_needs_neither_database_nor_redis(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", failing(OperationalError("away")))
        for name in ("get", "set"):
            patch.setattr(cache, name, failing(RedisError("away")))
        answers = [boss.get(address) for address in ("/admin/", "/nothing/")]
    for answer in answers:
        assert answer.status_code == 503
        assert "Database unavailable" in answer.content.decode()


def test_what_was_sent_is_not_offered_to_be_sent_again(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logidata.dashboard.dashboard_context", failing(ValueError()))
    assert "Try again" not in boss.post("/admin/").content.decode()


def test_a_form_without_its_token_is_refused_with_what_to_do(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {}, headers=FRENCH)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Rechargez la page" in page
    assert "logidata/plain.css" in page


def test_a_host_that_is_not_ours_is_refused_in_the_same_look(db: None) -> None:
    answer = Client().get("/admin/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "logidata/plain.css" in answer.content.decode()
