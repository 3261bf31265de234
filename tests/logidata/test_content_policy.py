"""Answers say what a browser may do with them."""

from __future__ import annotations

import secrets

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.test import Client
from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/login/", "/api/v1/modules", "/api/v1/docs", "/nothing"]
)
def test_no_answer_may_be_framed_guessed_at_or_lead_elsewhere(address: str) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    answer = client.get(address)
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == "'none'"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_the_session_is_out_of_reach_of_scripts_and_of_other_sites() -> None:
    User.objects.create_superuser("boss", password="correct horse")
    client = Client()
    client.post("/admin/login/", {"username": "boss", "password": "correct horse"})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_django_has_nothing_to_say_against_the_settings_of_production(
    settings: Settings,
) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECRET_KEY = secrets.token_hex(32)
    said = run_checks(include_deployment_checks=True)
    assert [message for message in said if not message.is_silenced()] == []
