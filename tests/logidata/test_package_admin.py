"""What packages show in the admin: by our names, in the reader's language."""

from __future__ import annotations

import re

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.test import Client
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from kombu.exceptions import OperationalError

TOKENS = "/admin/knox/authtoken/"
TASKS = "/admin/django_celery_beat/periodictask/"


@pytest.fixture
def boss(db: None) -> Client:
    client = Client(headers={"Accept-Language": "fr"})
    client.force_login(User.objects.create_superuser("boss", password="correct horse"))
    return client


def test_a_token_has_one_name_everywhere(boss: Client) -> None:
    for address in (TOKENS, f"{TOKENS}add/"):
        page = boss.get(address).content.decode()
        assert "Jetons de l\N{RIGHT SINGLE QUOTATION MARK}API" in page
        assert "uth token" not in page
    assert "Utilisateur" in page
    assert not re.search(r">\s*User\s*<", page)


def test_a_new_token_is_shown_once_and_works(boss: Client) -> None:
    user = User.objects.get()
    page = boss.post(f"{TOKENS}add/", {"user": user.pk}, follow=True).content.decode()
    token = re.search(r"Le jeton de boss est (\w+)\.", page)
    assert token is not None
    found, _ = TokenAuthentication().authenticate_credentials(token[1].encode())
    assert found == user
    assert token[1] not in boss.get(TOKENS).content.decode()


def test_a_token_is_looked_at_and_not_changed(boss: Client) -> None:
    stored, _ = AuthToken.objects.create(User.objects.get())
    page = boss.get(f"{TOKENS}{stored.pk}/change/").content.decode()
    assert stored.token_key in page
    assert 'name="_save"' not in page


def test_periodic_tasks_of_ours_are_named_and_planned_in_words(boss: Client) -> None:
    nightly = CrontabSchedule.objects.create(minute="0", hour="4", timezone="Europe/Paris")
    PeriodicTask.objects.create(name="Mine", task="x", crontab=nightly)
    page = boss.get(TASKS).content.decode()
    assert "Envoyer les alertes" in page
    assert ">Mine<" in re.sub(r"\s+", "", page)
    assert "À 04:00, tous les jours (Europe/Paris)" in page


def test_tasks_that_cannot_be_queued_are_said_to_be_none(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("Redis is away")

    monkeypatch.setattr(type(current_app._get_current_object()), "send_task", away)
    monkeypatch.setattr("celery.app.task.Task.apply_async", away)
    chosen = PeriodicTask.objects.get(name="Send alerts").pk
    body = {"action": "run_tasks", "_selected_action": chosen}
    answer = boss.post(TASKS, body, follow=True)
    assert answer.status_code == 200
    assert "Redis est injoignable" in answer.content.decode()
