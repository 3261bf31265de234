"""Pipelines that have not run when they were due."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter
from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from alerts.events import AlertEvent
from alerts.models import AlertDelivery, AlertRule
from alerts.services.deciding import active_rules, covers, decide
from alerts.services.events import Event
from alerts.services.facts import short
from executions.models import PipelineExecution, SyncCursor
from executions.statuses import TriggerType
from pipelines.models import Pipeline

# Airflow's listing of runs is read every few seconds; when it was not for so long, what has run is
# not known.
_FRESH = timedelta(minutes=1)
# When Airflow has been away for so long, runs count as missed all the same.
_AWAY = timedelta(minutes=5)
_AWAY_SINCE = "alerts-airflow-away-since"
# What may be large, and says nothing of when a pipeline runs.
_UNREAD = ("config", "default_params", "description", "current_revision__snapshot")
_LONGEST_GRACE = timedelta(days=8)

logger = logging.getLogger(__name__)


def look_at_schedules() -> list[AlertDelivery]:
    """Tell of scheduled runs that have not begun; return the new deliveries."""
    rules = [rule for rule in active_rules() if AlertEvent.MISSED in rule.events]
    now = timezone.now()
    if not rules or not _runs_are_known(now):
        return []
    scheduled = Pipeline.objects.filter(is_active=True, current_revision__isnull=False).exclude(
        schedule=""
    )
    return decide(
        [
            event
            for pipeline in scheduled.select_related("current_revision").defer(*_UNREAD)
            for event in _missed_if_readable(pipeline, rules, now)
        ]
    )


def last_due(schedule: str, zone: str, until: datetime) -> datetime:
    """Return the last time until `until` at which Airflow runs a cron schedule in a time zone.

    As Airflow's own timetable counts when clocks change: of an hour that comes twice the second
    one, and an hour that does not come later by as much; a schedule for every hour goes on by the
    clock of UTC.
    """
    tz = ZoneInfo(zone)
    # A moment later, for `until` itself counts.
    after = until.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    local = after.astimezone(tz).replace(tzinfo=None, fold=0)
    cron = croniter(schedule, local)
    while True:
        naive: datetime = cron.get_prev(datetime)
        due = after - (local - naive) if cron.expanded[1] == ["*"] else _moment(naive, tz)
        if due <= until:
            return due


def _moment(naive: datetime, tz: ZoneInfo) -> datetime:
    second = naive.replace(tzinfo=tz, fold=1).astimezone(UTC)
    exists = second.astimezone(tz).replace(tzinfo=None, fold=0) == naive
    return second if exists else naive.replace(tzinfo=tz, fold=0).astimezone(UTC)


def _missed_if_readable(pipeline: Pipeline, rules: list[AlertRule], now: datetime) -> list[Event]:
    try:
        return list(_missed(pipeline, rules, now))
    except (ValueError, KeyError):
        # A time zone that the system has lost, or a schedule of an older release.
        logger.exception("When pipeline '%s' is due cannot be told", pipeline.name)
        return []


def _missed(pipeline: Pipeline, rules: list[AlertRule], now: datetime) -> Iterator[Event]:
    revision = pipeline.current_revision
    concerned = [rule for rule in rules if covers(rule, pipeline)]
    for minutes in sorted({rule.missed_minutes for rule in concerned}):
        due = last_due(pipeline.schedule, pipeline.timezone, now - timedelta(minutes=minutes))
        # Airflow begins with what is due after the revision came into being.
        if revision is None or due <= max(revision.created_at, now - _known_for()):
            continue
        if _has_run(pipeline, due):
            continue
        yield Event(
            kind=AlertEvent.MISSED,
            key=f"{pipeline.pk}:{due.isoformat()}:{AlertEvent.MISSED}",
            pipeline=pipeline,
            pipeline_name=pipeline.name,
            facts={
                "due_at": due.isoformat(),
                "timezone": pipeline.timezone,
                "schedule": pipeline.schedule,
                "reason": short(pipeline.deployment_error),
            },
            seconds=(now - due).total_seconds(),
            at=due,
        )


def _known_for() -> timedelta:
    """Return how long ago a run may have been due: of older ones the records may be removed."""
    return min(_LONGEST_GRACE, settings.LOGIDATA_EXECUTION_DAYS, settings.LOGIDATA_ALERT_DAYS)


def _has_run(pipeline: Pipeline, due: datetime) -> bool:
    # Airflow names a scheduled run by when it was due; one that came later was due later, too.
    run_id = f"scheduled__{due.astimezone(UTC).isoformat()}"
    return (
        PipelineExecution.objects.filter(pipeline=pipeline, trigger_type=TriggerType.SCHEDULED)
        .filter(Q(created_at__gte=due) | Q(airflow_dag_run_id=run_id))
        .filter(created_at__gte=due - _LONGEST_GRACE)
        .exists()
    )


def _runs_are_known(now: datetime) -> bool:
    """Return whether to judge: runs are read from Airflow, or Airflow is away for good.

    After LogiData itself was away, its first look must not come before that at Airflow.
    """
    reached = SyncCursor.objects.values_list("reached_airflow_at", flat=True).first()
    if reached is not None and reached > now - _FRESH:
        cache.delete(_AWAY_SINCE)
        return True
    since = cache.get_or_set(_AWAY_SINCE, now, timeout=None)
    return isinstance(since, datetime) and now - since >= _AWAY
