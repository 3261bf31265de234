"""Scheduled runs that did not begin when due, by the clock of the pipeline's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.timezone import parse
from airflow.timetables.trigger import CronTriggerTimetable
from django.core.cache import cache

from alerts import services
from alerts.events import AlertEvent
from alerts.models import AlertRule
from alerts.services.schedules import last_due
from executions.models import PipelineExecution, SyncCursor
from pipelines.models import Pipeline, PipelineRevision
from tests.alerts.conftest import at, deliveries, execution_of, work
from tests.alerts.servers import Webhook
from tests.executions.conftest import Queue

Rule = Callable[..., AlertRule]
Clock = Callable[[str], None]

DAILY = "0 6 * * *"


@pytest.mark.parametrize(
    ("schedule", "zone", "until", "due"),
    [
        (DAILY, "UTC", "2026-11-28T06:00:00+00:00", "2026-11-28T06:00:00+00:00"),
        (DAILY, "UTC", "2026-11-28T05:59:59+00:00", "2026-11-27T06:00:00+00:00"),
        (DAILY, "Europe/Paris", "2026-07-01T06:00:00+00:00", "2026-07-01T04:00:00+00:00"),
        (DAILY, "Europe/Paris", "2026-12-01T06:00:00+00:00", "2026-12-01T05:00:00+00:00"),
        ("@hourly", "Asia/Kolkata", "2026-11-28T06:10:00+00:00", "2026-11-28T05:30:00+00:00"),
        # 2:30 does not come on 29 March in Paris: an hour later then.
        ("30 2 * * *", "Europe/Paris", "2026-03-29T12:00:00+00:00", "2026-03-29T01:30:00+00:00"),
        # It comes twice on 25 October: the second one counts.
        ("30 2 * * *", "Europe/Paris", "2026-10-25T00:45:00+00:00", "2026-10-24T00:30:00+00:00"),
        ("30 2 * * *", "Europe/Paris", "2026-10-25T12:00:00+00:00", "2026-10-25T01:30:00+00:00"),
    ],
)
def test_the_last_time_that_was_due(schedule: str, zone: str, until: str, due: str) -> None:
    assert last_due(schedule, zone, at(until)) == at(due)


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Australia/Sydney"])
@pytest.mark.parametrize(
    "schedule", [DAILY, "30 2 * * *", "*/20 * * * *", "@hourly", "15 1,2,3 * * 0", "0 0 1 * *"]
)
def test_what_is_due_is_what_airflow_schedules(schedule: str, zone: str) -> None:
    timetable = CronTriggerTimetable(schedule, timezone=zone)
    # The weeks in which clocks change, north and south.
    for begin in (
        "2026-03-07",
        "2026-03-28",
        "2026-04-04",
        "2026-10-03",
        "2026-10-24",
        "2026-10-31",
    ):
        until = parse(f"{begin}T00:00:00+00:00")
        tick = timetable._get_prev(until)
        for _ in range(50):
            following = timetable._get_next(tick)
            between = tick + (following - tick) / 2
            assert last_due(schedule, zone, tick) == tick
            assert last_due(schedule, zone, between) == tick
            tick = following
            if tick > until.add(days=3):
                break


@pytest.fixture
def clock(db: None, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Make it so late; runs are known until then."""

    def make(moment: str) -> None:
        now = at(moment)
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)
        SyncCursor.objects.update_or_create(pk=1, defaults={"reached_airflow_at": now})

    make("2026-11-20T00:00:00+00:00")
    return make


@pytest.fixture
def daily(clock: Clock) -> Pipeline:
    """A pipeline that runs at 6:00 in Paris, which is 5:00 UTC."""
    pipeline = Pipeline.objects.create(name="daily", schedule=DAILY, timezone="Europe/Paris")
    pipeline.current_revision = PipelineRevision.objects.create(
        pipeline=pipeline, number=1, snapshot={}, sha256="0"
    )
    pipeline.save()
    return pipeline


def run(pipeline: Pipeline, moment: str, **fields: Any) -> PipelineExecution:
    fields = {"trigger_type": "scheduled", "created_at": at(moment)} | fields
    return execution_of(pipeline, **fields)


@pytest.mark.usefixtures("commits")
def test_a_run_that_did_not_begin_is_told_of_once_after_the_time_allowed(
    rule: Rule, daily: Pipeline, clock: Clock, hook: Webhook, queue: Queue
) -> None:
    rule(AlertEvent.MISSED, missed_minutes=15)
    run(daily, "2026-11-27T05:00:01+00:00")
    clock("2026-11-28T05:14:00+00:00")
    services.look_at_schedules()
    assert deliveries() == []
    for minute in (15, 16, 30):
        clock(f"2026-11-28T05:{minute}:00+00:00")
        services.look_at_schedules()
        work(queue)
    assert hook.titles == ["daily did not run when due"]
    assert "Due: 2026-11-28 06:00 (Europe/Paris)" in hook.bodies[0]["message"]
    clock("2026-11-29T05:15:00+00:00")
    services.look_at_schedules()
    assert len(deliveries()) == 2


@pytest.mark.usefixtures("commits")
@pytest.mark.usefixtures("queue")
def test_a_scheduled_run_that_began_is_not_missed_whatever_becomes_of_it(
    rule: Rule, daily: Pipeline, clock: Clock
) -> None:
    rule(AlertEvent.MISSED)
    run(daily, "2026-11-28T05:00:01+00:00", status="failed")
    clock("2026-11-28T05:30:00+00:00")
    services.look_at_schedules()
    assert deliveries() == []


@pytest.mark.usefixtures("commits")
@pytest.mark.usefixtures("queue")
def test_a_run_is_known_by_its_name_where_clocks_differ(
    rule: Rule, daily: Pipeline, clock: Clock
) -> None:
    rule(AlertEvent.MISSED)
    run(daily, "2026-11-28T04:59:58+00:00", run_id="scheduled__2026-11-28T05:00:00+00:00")
    clock("2026-11-28T05:30:00+00:00")
    services.look_at_schedules()
    assert deliveries() == []


@pytest.mark.usefixtures("commits")
@pytest.mark.usefixtures("queue")
def test_a_run_by_hand_does_not_take_the_place_of_the_scheduled_one(
    rule: Rule, daily: Pipeline, clock: Clock
) -> None:
    rule(AlertEvent.MISSED)
    run(daily, "2026-11-28T05:01:00+00:00", trigger_type="manual")
    clock("2026-11-28T05:30:00+00:00")
    services.look_at_schedules()
    assert deliveries() == [("missed", "queued")]


@pytest.mark.usefixtures("commits")
@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("fields", [{"is_active": False}, {"schedule": ""}])
def test_a_pipeline_without_a_schedule_or_switched_off_misses_nothing(
    rule: Rule, daily: Pipeline, clock: Clock, fields: dict[str, Any]
) -> None:
    rule(AlertEvent.MISSED)
    Pipeline.objects.update(**fields)
    clock("2026-11-28T05:30:00+00:00")
    services.look_at_schedules()
    assert deliveries() == []


@pytest.mark.usefixtures("commits")
@pytest.mark.usefixtures("queue")
def test_what_was_due_before_the_revision_or_the_rule_was_there_is_not_missed(
    rule: Rule, daily: Pipeline, clock: Clock
) -> None:
    rule(AlertEvent.MISSED)
    clock("2026-11-20T05:30:00+00:00")
    PipelineRevision.objects.update(created_at=at("2026-11-20T05:20:00+00:00"))
    services.look_at_schedules()
    PipelineRevision.objects.update(created_at=at("2026-11-19T00:00:00+00:00"))
    AlertRule.objects.update(created_at=at("2026-11-20T05:20:00+00:00"))
    services.look_at_schedules()
    assert deliveries() == []


@pytest.mark.usefixtures("commits")
@pytest.mark.usefixtures("queue")
def test_runs_that_nobody_has_read_from_airflow_yet_are_not_called_missed(
    rule: Rule, daily: Pipeline, clock: Clock
) -> None:
    rule(AlertEvent.MISSED)
    clock("2026-11-28T05:30:00+00:00")
    SyncCursor.objects.update(reached_airflow_at=at("2026-11-28T02:00:00+00:00"))
    services.look_at_schedules()
    assert deliveries() == [], "LogiData may have been away itself"
    away_since = at("2026-11-28T05:25:00+00:00") - timedelta(seconds=1)
    cache.set("alerts-airflow-away-since", away_since)
    services.look_at_schedules()
    assert deliveries() == [("missed", "queued")], "Airflow is away for good"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue")
def test_a_run_of_long_ago_is_not_called_missed_once_its_record_is_removed(
    rule: Rule, daily: Pipeline, clock: Clock, settings: Any
) -> None:
    rule(AlertEvent.MISSED)
    PipelineRevision.objects.update(created_at=at("2025-01-01T00:00:00+00:00"))
    AlertRule.objects.update(created_at=at("2025-01-01T00:00:00+00:00"))
    Pipeline.objects.update(schedule="0 6 1 1 *")
    clock("2026-11-28T05:30:00+00:00")
    services.look_at_schedules()
    assert deliveries() == [], "the run of January, and what was told of it, may be removed by now"
    settings.LOGIDATA_EXECUTION_DAYS = timedelta(days=2)
    Pipeline.objects.update(schedule="0 6 25 * *")
    services.look_at_schedules()
    assert deliveries() == []
    Pipeline.objects.update(schedule="0 6 27 * *")
    services.look_at_schedules()
    assert deliveries() == [("missed", "queued")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue")
def test_a_schedule_that_cannot_be_read_any_more_holds_up_no_other(
    rule: Rule, daily: Pipeline, clock: Clock
) -> None:
    rule(AlertEvent.MISSED)
    bad = Pipeline.objects.create(name="bad", schedule=DAILY, timezone="Mars/Olympus")
    bad.current_revision = PipelineRevision.objects.create(
        pipeline=bad, number=1, snapshot={}, sha256="0"
    )
    bad.save()
    clock("2026-11-28T05:30:00+00:00")
    services.look_at_schedules()
    assert deliveries() == [("missed", "queued")]
