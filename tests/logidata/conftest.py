"""What tests of the project share."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from rest_framework.test import APIClient

from tests.fake_airflow import FakeAirflow


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> FakeAirflow:
    fake = FakeAirflow()
    monkeypatch.setattr("airflow_bridge.factory.get_airflow_client", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def no_attempts_yet() -> None:
    """Nobody has tried to sign in."""
    cache.clear()


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", password="correct horse")


@pytest.fixture
def anonymous() -> APIClient:
    return APIClient()
