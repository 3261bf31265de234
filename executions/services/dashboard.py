"""What the first page says of all pipelines: what runs, what failed, how the last days went.

Every query keeps to some days or to what is under way, by an index, however long the history is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.core.cache import cache
from django.db.models import Avg, Count, F, Max, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from redis.exceptions import RedisError

from executions.models import PipelineExecution, TaskExecution
from executions.statuses import ACTIVE_STATUSES, ExecutionStatus, NodeStatus, TriggerType
from pipelines.models import DeploymentStatus, Pipeline

DAY = timedelta(days=1)
WEEK_DAYS = 7
CHART_DAYS = 14
LISTED = 6
# Seconds. For so long everybody is shown the same figures of past days, beside fresh ones of today.
SHARED_SECONDS = 3
_HISTORY_KEY = "dashboard:history"

T = TypeVar("T")


@dataclass(frozen=True)
class DayFigures:
    """How many executions began on a day, by their status now."""

    day: date
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class PipelineFigures:
    """How one pipeline did within the week; seconds are those of its successes."""

    pipeline_id: UUID
    name: str
    ended: int
    failed: int
    average_seconds: float | None
    longest_seconds: float | None

    @property
    def failed_share(self) -> int:
        """Failed ones among those that ended, in whole percent: some are never none, nor all."""
        if self.failed in (0, self.ended):
            return 100 if self.failed else 0
        return min(max(round(100 * self.failed / self.ended), 1), 99)


@dataclass(frozen=True)
class History:
    """The last days: those of the chart, and figures of the week, which is today and six days."""

    # When the week began.
    since: datetime
    days: tuple[DayFigures, ...]
    succeeded: int
    failed: int
    rows_loaded: int
    slowest: tuple[PipelineFigures, ...]
    failing: tuple[PipelineFigures, ...]

    @property
    def success_share(self) -> float | None:
        """Successes among successes and failures, in percent; None where there is neither.

        In tenths: with a failure it is never 100, with a success never 0.
        """
        ended = self.succeeded + self.failed
        if not ended:
            return None
        if not self.succeeded or not self.failed:
            return 100.0 if self.succeeded else 0.0
        return min(max(round(100 * self.succeeded / ended, 1), 0.1), 99.9)


@dataclass(frozen=True)
class ExecutionsNow:
    """What is under way, what waits, and what failed within a day."""

    running: int
    pending: int
    failed: int
    latest_running: tuple[PipelineExecution, ...]
    latest_failed: tuple[PipelineExecution, ...]
    # Those that wait longest, with their reasons.
    waiting: tuple[PipelineExecution, ...]


@dataclass(frozen=True)
class Deployments:
    """How far Airflow is with serving the pipelines."""

    counts: dict[str, int]
    inactive: int
    # Those that failed, and those that wait for something.
    troubled: tuple[Pipeline, ...]

    @property
    def total(self) -> int:
        """How many pipelines there are."""
        return sum(self.counts.values())


def executions_now(now: datetime | None = None) -> ExecutionsNow:
    """Return what is under way and what has failed within a day."""
    now = now or timezone.now()
    active = PipelineExecution.objects.filter(status__in=sorted(ACTIVE_STATUSES))
    counts = dict(active.order_by().values_list("status").annotate(Count("pk")))
    failed = PipelineExecution.objects.ended_since(now - DAY).filter(
        status=ExecutionStatus.FAILED, trigger_type__in=TriggerType.values
    )
    waiting = active.filter(Q(status=ExecutionStatus.PENDING) | Q(status_reason__gt=""))
    return ExecutionsNow(
        running=counts.get(ExecutionStatus.RUNNING, 0),
        pending=counts.get(ExecutionStatus.PENDING, 0),
        failed=failed.count(),
        latest_running=tuple(
            active.filter(status=ExecutionStatus.RUNNING).order_by("-created_at")[:LISTED]
        ),
        latest_failed=tuple(failed.order_by("-created_at")[:LISTED]),
        waiting=tuple(waiting.order_by("created_at")[:LISTED]),
    )


def history(now: datetime | None = None) -> History:
    """Return the figures of the last days, at most `SHARED_SECONDS` old.

    A day is one of the current time zone.
    """
    key = f"{_HISTORY_KEY}:{timezone.get_current_timezone_name()}"
    return _shared(key, lambda: _history(now or timezone.now()))


def deployments() -> Deployments:
    """Return how far the pipelines are deployed."""
    counts = dict(
        Pipeline.objects.order_by().values_list("deployment_status").annotate(Count("pk"))
    )
    waiting = Q(deployment_status=DeploymentStatus.REGISTERING) & ~Q(deployment_error="")
    troubled = Pipeline.objects.filter(Q(deployment_status=DeploymentStatus.FAILED) | waiting)
    return Deployments(
        counts={status: counts.get(status, 0) for status in DeploymentStatus.values},
        inactive=Pipeline.objects.filter(is_active=False).count(),
        troubled=tuple(troubled.order_by("name")[:LISTED]),
    )


def _history(now: datetime) -> History:
    days = _days(now)
    week = days[-WEEK_DAYS:]
    since = _midnight(now, WEEK_DAYS - 1)
    loaded = TaskExecution.objects.filter(
        module__startswith="load.",
        rows_out__isnull=False,
        status=NodeStatus.SUCCESS,
        completed_at__gte=since,
    )
    pipelines = _pipelines(since)
    return History(
        since=since,
        days=days,
        succeeded=sum(figures.counts.get(ExecutionStatus.SUCCESS, 0) for figures in week),
        failed=sum(figures.counts.get(ExecutionStatus.FAILED, 0) for figures in week),
        rows_loaded=loaded.aggregate(rows=Sum("rows_out"))["rows"] or 0,
        slowest=tuple(
            sorted(
                (found for found in pipelines if found.average_seconds is not None),
                key=lambda found: -(found.average_seconds or 0),
            )[:LISTED]
        ),
        failing=tuple(
            sorted(
                (found for found in pipelines if found.failed),
                key=lambda found: (-found.failed, -found.failed_share, found.name),
            )[:LISTED]
        ),
    )


def _days(now: datetime) -> tuple[DayFigures, ...]:
    today = timezone.localtime(now).date()
    found: dict[date, dict[str, int]] = {
        today - timedelta(days=back): {} for back in reversed(range(CHART_DAYS))
    }
    counted = (
        # All of both, which keeps the query within an index that has just these columns.
        PipelineExecution.objects.filter(
            status__in=ExecutionStatus.values,
            trigger_type__in=TriggerType.values,
            created_at__gte=_midnight(now, CHART_DAYS - 1),
        )
        .order_by()
        .annotate(day=TruncDate("created_at"))
        .values_list("day", "status")
        .annotate(Count("pk"))
    )
    for day, status, count in counted:
        if day in found:
            found[day][status] = count
    return tuple(DayFigures(day, counts) for day, counts in found.items())


def _midnight(now: datetime, days_back: int) -> datetime:
    """Return when today began, or a day before it; clocks may have been changed in between."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days_back)


def _pipelines(since: datetime) -> list[PipelineFigures]:
    succeeded = Q(status=ExecutionStatus.SUCCESS)
    failed = Q(status=ExecutionStatus.FAILED)
    rows = (
        PipelineExecution.objects.filter(created_at__gte=since, pipeline__isnull=False)
        .order_by()
        .values("pipeline_id", name=F("pipeline__name"))
        .annotate(
            ended=Count("pk", filter=succeeded | failed),
            failures=Count("pk", filter=failed),
            average=Avg("duration_seconds", filter=succeeded),
            longest=Max("duration_seconds", filter=succeeded),
        )
    )
    return [
        PipelineFigures(
            row["pipeline_id"],
            row["name"],
            row["ended"],
            row["failures"],
            row["average"],
            row["longest"],
        )
        for row in rows
    ]


def _shared(key: str, compute: Callable[[], T]) -> T:
    """Return what was computed a moment ago, or compute it; also while Redis is away."""
    try:
        found: Any = cache.get(key)
    except RedisError:
        return compute()
    if found is None:
        found = compute()
        try:
            cache.set(key, found, timeout=SHARED_SECONDS)
        except RedisError:
            return found  # type: ignore[no-any-return]
    return found  # type: ignore[no-any-return]
