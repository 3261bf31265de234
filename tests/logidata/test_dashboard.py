"""The first page of the admin: how all pipelines are doing, to those who may know."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from executions.models import SyncCursor
from executions.services.dashboard import DayFigures
from logidata import health
from logidata.chart import HEIGHT, chart_of
from pipelines.models import Pipeline
from tests.executions.histories import make

PAGE = "/admin/"
PARTS = "/admin/dashboard/"
HEALTH = "/admin/dashboard/health/"


@pytest.fixture(autouse=True)
def nothing_shared(db: None) -> None:
    cache.clear()


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("eve", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def parts(page: str) -> list[str]:
    return re.findall(r'data-part="([^"]+)"', page)


def test_the_first_page_says_what_runs_what_failed_and_what_waits() -> None:
    since = timezone.now() - timedelta(hours=1)
    make(1, since=since, pipeline_name="<Orders>", status="running")
    make(1, since=since, pipeline_name="Stock", status="pending", status_reason="Waits for <it>.")
    make(
        1,
        since=since,
        pipeline_name="Sales",
        status="failed",
        completed_at=timezone.now(),
        error_message="No <connection>",
    )
    Pipeline.objects.create(name="Bad", deployment_status="failed", deployment_error="No <module>")
    page = staff("view_pipelineexecution", "view_pipeline").get(PAGE).content.decode()
    for text in (
        *("&lt;Orders&gt;", "Waits for &lt;it&gt;.", "No &lt;connection&gt;"),
        *("No &lt;module&gt;", "1 running, 1 pending", "0.0%"),
    ):
        assert text in page
    assert parts(page) == [
        *("tiles", "chart", "running", "failed", "slowest", "failing"),
        *("health", "waiting", "deployments"),
    ]


def test_who_may_not_see_executions_is_shown_none_and_none_are_looked_up() -> None:
    make(1, since=timezone.now(), pipeline_name="Secret", status="running")
    client = staff("view_pipeline")
    for address in (PAGE, PARTS):
        with CaptureQueriesContext(connection) as captured:
            page = client.get(address).content.decode()
        assert not [found for found in captured if "executions_" in found["sql"]]
        assert "Secret" not in page
        assert "deployments" in parts(page)
        assert "tiles" not in parts(page)


def test_who_may_not_see_pipelines_is_shown_no_deployments() -> None:
    Pipeline.objects.create(name="Secret", deployment_status="failed")
    page = staff("view_pipelineexecution").get(PAGE).content.decode()
    assert "Secret" not in page
    assert "deployments" not in parts(page)


def test_who_may_see_neither_is_told_whom_to_ask() -> None:
    page = staff().get(PAGE).content.decode()
    assert "into the group Operators or Viewers" in page


def test_the_parts_that_renew_themselves_are_those_of_the_page() -> None:
    client = staff("view_pipelineexecution", "view_pipeline")
    whole, renewed = (client.get(address).content.decode() for address in (PAGE, PARTS))
    assert parts(whole) == parts(renewed)
    assert "<html" not in renewed
    assert f'data-live="{PARTS}"' in whole
    assert f'data-live="{HEALTH}"' in whole


def test_the_parts_are_for_staff_alone(ann: User) -> None:
    client = Client()
    assert [client.get(address).status_code for address in (PARTS, HEALTH)] == [401, 401]
    client.force_login(ann)
    assert [client.get(address).status_code for address in (PARTS, HEALTH)] == [403, 403]


def test_the_health_of_the_components_says_what_next(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "database": health.Finding("ok", facts={"version": "16.1"}),
        "beat": health.Finding("down", "Celery beat has left no sign of life. Start it."),
    }
    monkeypatch.setattr(health, "findings", lambda: found)
    client = staff()
    part = client.get(HEALTH, headers={"X-Live": "1"}).content.decode()
    for text in ("16.1", "badge-ok", "badge-down", "Start it."):
        assert text in part
    assert "<html" not in part
    assert "Start it." in client.get(HEALTH).content.decode()


def test_the_bars_stand_on_each_other_and_the_highest_has_the_whole_height() -> None:
    day = timezone.now().date()
    full = DayFigures(day, {"success": 90, "failed": 30})
    chart = chart_of([DayFigures(day), full, DayFigures(day, {"failed": 1})])
    assert chart.bars[0].parts == ()
    success, failed = chart.bars[1].parts
    assert (success.height, failed.height) == (90, 30)
    assert (success.y, failed.y) == (HEIGHT - 90, 0)
    # Too few to be seen, and seen all the same.
    assert chart.bars[2].parts[0].height == 2
    assert chart.statuses == ("success", "failed")


def test_few_of_each_status_do_not_raise_a_bar_above_the_highest() -> None:
    few = dict.fromkeys(("failed", "cancelled", "unknown", "running", "pending"), 1)
    (bar,) = chart_of([DayFigures(timezone.now().date(), {"success": 9000, **few})]).bars
    assert sum(part.height for part in bar.parts) == HEIGHT
    assert [part.height for part in bar.parts[1:]] == [2] * 5
    assert bar.parts[-1].y == 0


def test_a_bar_leads_to_the_executions_of_its_day() -> None:
    since = timezone.now().replace(hour=0, minute=1)
    made = make(2, since=since, minutes=1)
    make(1, since=since - timedelta(days=1))
    client = staff("view_pipelineexecution")
    chart = chart_of([DayFigures(since.date(), {"pending": 2})])
    page = client.get(chart.bars[0].address)
    assert page.status_code == 200
    assert re.findall(r'data-key="([^"]+)"', page.content.decode()) == [str(pk) for pk in made]


@pytest.mark.parametrize(
    ("asked", "language"), [("fr-FR,fr;q=0.9", "fr"), ("en-GB", "en"), ("de", "en"), ("", "en")]
)
def test_the_language_follows_the_browser(asked: str, language: str) -> None:
    page = staff().get(PAGE, headers={"Accept-Language": asked}).content.decode()
    assert f'<html lang="{language}"' in page


def test_nothing_of_a_page_comes_from_another_host() -> None:
    page = staff("view_pipelineexecution", "view_pipeline").get(PAGE).content.decode()
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)


def test_the_first_page_leads_to_the_first_pipeline_until_there_is_one() -> None:
    client = staff("view_pipeline", "add_pipeline")
    assert "Make the first pipeline" in client.get(PAGE).content.decode()
    Pipeline.objects.create(name="orders", config={})
    assert "Make the first pipeline" not in client.get(PAGE).content.decode()


def listed(client: Client, address: str) -> set[str]:
    page = client.get(address)
    assert page.status_code == 200
    return set(re.findall(r'data-key="([^"]+)"', page.content.decode()))


def test_each_figure_leads_to_the_executions_that_it_counts() -> None:
    now = timezone.now()
    hour, old = now - timedelta(hours=1), now - timedelta(days=9)

    def made(since: datetime, status: str, ended: datetime | None = None) -> str:
        (pk,) = make(1, since=since, status=status, completed_at=ended)
        return str(pk)

    running, pending = made(hour, "running"), made(hour, "pending")
    failed, long_one = made(hour, "failed", now), made(now - timedelta(days=3), "failed", now)
    before = made(now - timedelta(days=3), "failed", now - timedelta(days=2))
    succeeded = made(hour, "success", now)
    made(old, "failed", old)
    made(old, "success", old)
    client = staff("view_pipelineexecution")
    page = client.get(PAGE)
    assert page.context["now"].failed == 2
    assert page.context["history"].failed == 3
    lists = page.context["lists"]
    assert {name: listed(client, address) for name, address in lists.items()} == {
        "running": {running},
        "pending": {pending},
        "failed_in_day": {failed, long_one},
        "failed": {failed, long_one, before},
        "succeeded": {succeeded},
    }


def test_a_bar_leads_to_the_day_of_the_reader_also_where_the_clocks_change() -> None:
    client = staff("view_pipelineexecution")
    client.cookies["time_zone"] = "Europe/Paris"
    # It had 25 hours there, from ten in the evening before by UTC.
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    within = make(25, since=begin, minutes=60)
    make(1, since=begin - timedelta(seconds=1))
    make(1, since=begin + timedelta(hours=25))
    with timezone.override("Europe/Paris"):
        address = chart_of([DayFigures(date(2026, 10, 25), {})]).bars[0].address
    assert listed(client, address) == {str(pk) for pk in within}


def test_the_chart_names_the_time_zone_of_its_days() -> None:
    client = staff("view_pipelineexecution")
    assert ">UTC</span>" in client.get(PAGE).content.decode()
    client.cookies["time_zone"] = "Europe/Paris"
    assert ">Europe/Paris</span>" in client.get(PAGE).content.decode()


def test_one_success_is_said_in_the_singular() -> None:
    make(1, since=timezone.now(), status="success")
    assert "1 success, 0 failures" in staff("view_pipelineexecution").get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("ill", "why"),
    [
        ("worker", "Waits: no worker answers."),
        ("redis", "Waits: Redis does not answer."),
        ("airflow", "Waits: Airflow is away, or not well."),
        ("beat", "Waits: beat is down"),
        ("", "Waits for a worker that is free"),
    ],
)
def test_what_waits_says_which_component_it_waits_for(
    monkeypatch: pytest.MonkeyPatch, ill: str, why: str
) -> None:
    make(1, since=timezone.now() - timedelta(minutes=1), status="pending")
    SyncCursor.objects.update_or_create(pk=1, defaults={"reached_airflow_at": timezone.now()})
    names = ("database", "redis", "worker", "beat", "airflow")
    found = {name: health.Finding("down" if name == ill else "ok") for name in names}
    monkeypatch.setattr(health, "check_all", lambda: found)
    monkeypatch.setattr(health, "_shared", health.SharedLook())
    client = staff("view_pipelineexecution")
    # Nobody has looked yet, and the page itself waits for nobody.
    assert "Waits for a worker that is free" in client.get(PAGE).content.decode()
    assert why in client.get(PARTS).content.decode()
    assert why in client.get(PAGE).content.decode()


def test_an_airflow_that_was_never_seen_is_waited_for_calmly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make(1, since=timezone.now() - timedelta(minutes=1), status="pending")
    SyncCursor.objects.update(reached_airflow_at=None)
    monkeypatch.setattr(health, "known", lambda: {"airflow": health.Finding("down")})
    page = staff("view_pipelineexecution").get(PAGE).content.decode()
    assert "Waits for Airflow, which has not answered yet. It may still be starting." in page


def test_where_nothing_has_run_nothing_is_said_to_lack_success() -> None:
    client = staff("view_pipelineexecution")
    assert "Nothing has succeeded." not in client.get(PAGE).content.decode()
    cache.clear()
    make(1, since=timezone.now(), status="failed")
    assert "Nothing has succeeded." in client.get(PAGE).content.decode()


def test_what_waits_in_airflow_or_for_its_own_reason_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    since, own = timezone.now() - timedelta(minutes=1), "Airflow does not answer: refused."
    make(1, since=since, status="pending", triggered_at=since)
    make(1, since=since, status="pending", status_reason=own)
    monkeypatch.setattr(health, "known", lambda: {"airflow": health.Finding("down")})
    page = staff("view_pipelineexecution").get(PAGE).content.decode()
    assert own in page
    monkeypatch.setattr(health, "known", dict)
    client = Client()
    client.force_login(User.objects.get(username="eve"))
    assert "Waits in Airflow" in client.get(PAGE).content.decode()
