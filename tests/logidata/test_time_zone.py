"""Pages tell times as the clocks of their reader do."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.executions.histories import make

LIST = "/admin/executions/pipelineexecution/"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="correct horse"))
    make(1, since=NOON)
    return client


def times(page: str) -> list[str]:
    return re.findall(r'<td class="nowrap">([^<]*\d\d:\d\d:\d\d)</td>', page)


@pytest.mark.parametrize(
    ("zone", "language", "shown"),
    [
        ("", "en", "Jul 1, 2026, 12:00:00"),
        ("Europe/Paris", "en", "Jul 1, 2026, 14:00:00"),
        ("Europe/Paris", "fr", "1 juil. 2026, 14:00:00"),
        ("Pacific/Auckland", "fr", "2 juil. 2026, 00:00:00"),
        # Not known: a folder, a path, something else.
        *((name, "en", "Jul 1, 2026, 12:00:00") for name in ("Europe", "../etc/passwd", "x\ty")),
    ],
)
def test_a_time_is_that_of_the_browser_s_time_zone(
    boss: Client, zone: str, language: str, shown: str
) -> None:
    boss.cookies["time_zone"] = zone
    page = boss.get(LIST, headers={"Accept-Language": language}).content.decode()
    assert times(page) == [shown]


def test_the_api_tells_times_in_utc_to_everybody(boss: Client) -> None:
    boss.cookies["time_zone"] = "Europe/Paris"
    (execution,) = boss.get("/api/v1/executions").json()["results"]
    assert execution["created_at"] == "2026-07-01T12:00:00Z"


def test_the_page_to_sign_in_asks_the_browser_already(db: None) -> None:
    assert "logidata/time_zone.js" in Client().get("/admin/login/").content.decode()
