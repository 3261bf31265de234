"""What the dashboard says of all pipelines, and what it costs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis.exceptions import RedisError

from executions.models import PipelineExecution, TaskExecution
from executions.services import dashboard, last_outcomes
from pipelines.models import Pipeline
from tests.executions.histories import make

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nothing_shared(db: None) -> None:
    cache.clear()


def execution(pipeline: Pipeline | None = None, *, ago: timedelta, **fields: Any) -> Any:
    """Store an execution that began so long ago."""
    name = pipeline.name if pipeline else "gone"
    (pk,) = make(1, since=NOW - ago, pipeline=pipeline, **({"pipeline_name": name} | fields))
    return pk


def test_what_runs_and_what_waits_is_counted_and_the_longest_waiting_comes_first() -> None:
    execution(ago=HOUR, status="running")
    asked = execution(ago=3 * HOUR, status="running", status_reason="Cancel asked for.")
    first = execution(ago=2 * HOUR, status="pending", status_reason="Waits for its revision.")
    second = execution(ago=HOUR, status="pending")
    execution(ago=HOUR, status="success")
    found = dashboard.executions_now(NOW)
    assert (found.running, found.pending) == (2, 2)
    assert [waiting.pk for waiting in found.waiting] == [asked, first, second]
    assert len(found.latest_running) == 2


def test_failed_within_a_day_is_what_ended_within_it_whenever_it_began() -> None:
    long_one = execution(ago=3 * DAY, status="failed", completed_at=NOW - HOUR)
    execution(ago=3 * DAY, status="failed", completed_at=NOW - 2 * DAY)
    recent = execution(ago=2 * HOUR, status="failed", completed_at=NOW - HOUR)
    execution(ago=HOUR, status="success", completed_at=NOW)
    found = dashboard.executions_now(NOW)
    assert found.failed == 2
    assert [failed.pk for failed in found.latest_failed] == [recent, long_one]


def test_every_day_of_the_chart_is_there_with_its_executions_by_status() -> None:
    execution(ago=HOUR, status="success")
    execution(ago=HOUR, status="failed")
    execution(ago=13 * DAY, status="cancelled")
    execution(ago=14 * DAY, status="success")
    days = dashboard.history(NOW).days
    assert [days[0].day.isoformat(), days[-1].day.isoformat()] == ["2026-11-11", "2026-11-24"]
    assert len(days) == 14
    assert days[0].counts == {"cancelled": 1}
    assert days[-1].counts == {"success": 1, "failed": 1}
    assert days[-1].total == 2
    assert sum(day.total for day in days) == 3


def test_the_share_of_successes_leaves_out_what_was_cancelled_and_what_is_older() -> None:
    assert dashboard.history(NOW).success_share is None
    cache.clear()
    for status in ("success", "success", "success", "failed", "cancelled", "running"):
        execution(ago=DAY, status=status)
    execution(ago=8 * DAY, status="failed")
    found = dashboard.history(NOW)
    assert (found.succeeded, found.failed, found.success_share) == (3, 1, 75.0)


def test_rows_are_counted_once_where_they_are_loaded() -> None:
    of = PipelineExecution.objects.get(pk=execution(ago=HOUR, status="success"))

    def node(module: str, **fields: Any) -> None:
        values = {"status": "success", "rows_out": 10, "completed_at": NOW - HOUR} | fields
        number = of.tasks.count()
        TaskExecution.objects.create(execution=of, node_id=f"n{number}", module=module, **values)

    node("extract.csv")
    node("load.postgres", rows_out=7)
    node("load.csv", rows_out=5)
    node("load.csv", status="failed")
    node("load.csv", completed_at=NOW - 8 * DAY)
    node("load.csv", rows_out=None)
    assert dashboard.history(NOW).rows_loaded == 12


def test_the_slowest_and_the_most_failing_pipelines_come_first(
    make_pipeline: Callable[..., Pipeline],
) -> None:
    quick, slow = make_pipeline("quick"), make_pipeline("slow")
    for seconds in (2.0, 4.0):
        execution(quick, ago=DAY, status="success", duration_seconds=seconds)
    execution(slow, ago=DAY, status="success", duration_seconds=60.0)
    execution(slow, ago=9 * DAY, status="success", duration_seconds=6000.0)
    execution(quick, ago=DAY, status="failed", duration_seconds=900.0)
    execution(None, ago=DAY, status="failed")
    found = dashboard.history(NOW)
    assert [(one.name, one.average_seconds, one.longest_seconds) for one in found.slowest] == [
        ("slow", 60.0, 60.0),
        ("quick", 3.0, 4.0),
    ]
    assert [(one.name, one.failed, one.ended, one.failed_share) for one in found.failing] == [
        ("quick", 1, 3, 33)
    ]


def test_deployments_are_counted_and_those_in_trouble_named(
    make_pipeline: Callable[..., Pipeline],
) -> None:
    make_pipeline("good")
    bad, held, fresh = make_pipeline("bad"), make_pipeline("held"), make_pipeline("fresh")
    for pipeline, status, error in (
        (bad, "failed", "No such thing"),
        (held, "registering", "Waits for 2 executions"),
        (fresh, "registering", ""),
    ):
        pipeline.deployment_status, pipeline.deployment_error = status, error
        pipeline.is_active = pipeline is not fresh
        pipeline.save()
    found = dashboard.deployments()
    assert found.counts == {"draft": 0, "registering": 2, "ready": 1, "failed": 1}
    assert found.inactive == 1
    assert [pipeline.name for pipeline in found.troubled] == ["bad", "held"]


def test_past_days_are_looked_up_once_for_all_who_ask_at_about_the_same_time(
    django_assert_num_queries: Any,
) -> None:
    execution(ago=HOUR, status="success")
    dashboard.history(NOW)
    with django_assert_num_queries(0):
        assert dashboard.history(NOW).succeeded == 1


def test_a_redis_that_is_away_costs_queries_and_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise RedisError("away")

    execution(ago=HOUR, status="success")
    monkeypatch.setattr(cache, "get", away)
    assert dashboard.history(NOW).succeeded == 1


def test_every_query_over_executions_keeps_to_an_index_and_to_some_days() -> None:
    make(30, status="success", minutes=600)
    with CaptureQueriesContext(connection) as captured:
        dashboard.executions_now(NOW)
        dashboard.history(NOW)
        last_outcomes([])
    asked = [found["sql"] for found in captured if "executions_" in found["sql"]]
    assert len(asked) == 9
    plans = []
    with connection.cursor() as cursor:
        # A few rows are read at once, whatever indexes there are.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("ANALYZE executions_pipelineexecution")
        for sql in asked:
            cursor.execute(f"EXPLAIN {sql}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    for plan in plans:
        assert "Seq Scan on executions_" not in plan
    everything = "\n".join(plans)
    for index in ("execution_active", "node_rows_loaded"):
        assert index in everything
    bounds = ('"created_at" >= ', '"completed_at" >= ', "IN ('pending', 'running')", "LIMIT 10")
    assert [sql for sql in asked if not any(bound in sql for bound in bounds)] == []


def test_the_last_outcomes_of_many_pipelines_are_one_query(
    make_pipeline: Callable[..., Pipeline], django_assert_num_queries: Any
) -> None:
    busy, idle, other = make_pipeline("busy"), make_pipeline("idle"), make_pipeline("other")
    for ago, status in enumerate(["running", "failed", *["success"] * 12]):
        execution(busy, ago=ago * HOUR, status=status)
    execution(other, ago=HOUR, status="cancelled", duration_seconds=3.5)
    with django_assert_num_queries(1):
        found = last_outcomes([busy.pk, idle.pk, other.pk])
    assert [outcome.status for outcome in found[busy.pk]] == [
        *["success"] * 8,
        "failed",
        "running",
    ]
    assert found[idle.pk] == []
    assert found[other.pk][0].duration_seconds == 3.5


def test_a_day_is_one_where_the_reader_is() -> None:
    execution(ago=timedelta(hours=12, minutes=30), status="success")
    execution(ago=HOUR, status="failed")
    with timezone.override("Europe/Paris"):
        last = dashboard.history(NOW).days[-1]
    assert last.counts == {"success": 1, "failed": 1}
    # Of the other time zone nothing is shared: half past eleven is the day before.
    assert dashboard.history(NOW).days[-1].counts == {"failed": 1}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_the_week_of_all_figures_begins_at_the_midnight_of_the_sixth_day_before(zone: str) -> None:
    with timezone.override(zone):
        midnight = timezone.localtime(NOW).replace(hour=0) - 6 * DAY
        execution(ago=NOW - midnight, status="success")
        execution(ago=NOW - midnight + timedelta(seconds=1), status="failed")
        found = dashboard.history(NOW)
    assert found.since == midnight
    assert (found.succeeded, found.failed) == (1, 0)


def test_a_share_never_hides_a_failure() -> None:
    of_all = [
        dashboard.History(NOW, (), succeeded, failed, 0, (), ()).success_share
        for succeeded, failed in ((0, 3), (1, 9999), (2, 1), (9999, 1), (3, 0))
    ]
    assert of_all == [0.0, 0.1, 66.7, 99.9, 100.0]
    shares = [
        dashboard.PipelineFigures(uuid.uuid4(), "orders", 1000, failed, None, None).failed_share
        for failed in (0, 1, 500, 999, 1000)
    ]
    assert shares == [0, 1, 50, 99, 100]
