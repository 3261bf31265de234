"""What takes too long: longer than usual, or than a deadline."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone

from alerts.events import AlertEvent
from alerts.models import AlertDelivery, AlertRule
from alerts.services.deciding import active_rules, decide, wants
from alerts.services.events import Event, event_of
from alerts.services.facts import facts_of
from executions.models import PipelineExecution
from executions.statuses import ACTIVE_STATUSES, ExecutionStatus

# What is usual is read from the last successes among the pipeline's last executions: the second
# number keeps the look short where nothing succeeds.
SUCCESSES, LOOKED_BACK = 100, 500
_ABOUT_TIME = (AlertEvent.SLOW, AlertEvent.DEADLINE)
# What may be large, and no rule looks at.
UNREAD = ("params", "replay_plan", "attempt_nodes")
UNREAD_OF_PIPELINE = ("pipeline__config", "pipeline__default_params", "pipeline__description")
_ENDED = (ExecutionStatus.SUCCESS, ExecutionStatus.FAILED)


@dataclass(frozen=True)
class Usual:
    """What 95 % of a pipeline's last successes took at most, in seconds, and how many those are."""

    seconds: float
    runs: int


def usual(
    pipelines: Collection[uuid.UUID], without: Collection[uuid.UUID] = ()
) -> dict[uuid.UUID, Usual]:
    """Return what is usual for each of the pipelines that has succeeded, leaving executions out.

    Retries and replays count for nothing: they run a part.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.id, percentile_disc(0.95) WITHIN GROUP (ORDER BY good.duration_seconds),
                   count(*)
            FROM unnest(%s::uuid[]) AS wanted(id)
            CROSS JOIN LATERAL (
                SELECT last.duration_seconds FROM (
                    SELECT id, status, trigger_type, attempt, duration_seconds, created_at
                    FROM executions_pipelineexecution
                    WHERE pipeline_id = wanted.id ORDER BY created_at DESC LIMIT %s
                ) AS last
                WHERE status = 'success' AND attempt = 1 AND trigger_type <> 'replay'
                    AND duration_seconds IS NOT NULL AND NOT last.id = ANY(%s::uuid[])
                ORDER BY created_at DESC LIMIT %s
            ) AS good
            GROUP BY wanted.id
            """,
            [list(pipelines), LOOKED_BACK, list(without), SUCCESSES],
        )
        return {pk: Usual(float(seconds), runs) for pk, seconds, runs in cursor.fetchall()}


def look_at_clocks() -> list[AlertDelivery]:
    """Tell of what runs too long by now; return the new deliveries."""
    rules = _rules_about_time()
    if not rules:
        return []
    running = PipelineExecution.objects.filter(
        status__in=[str(status) for status in ACTIVE_STATUSES]
    )
    running = running.select_related("pipeline").defer(*UNREAD, *UNREAD_OF_PIPELINE)
    return decide(list(_overruns(list(running), rules, timezone.now())))


def overruns_of_ended(executions: Iterable[PipelineExecution]) -> list[Event]:
    """Return what took too long although nobody looked while it ran; it may be told already."""
    rules = _rules_about_time()
    if not rules:
        return []
    ended = [e for e in executions if e.status in _ENDED and e.completed_at is not None]
    return list(_overruns(ended, rules, None))


def _rules_about_time() -> list[AlertRule]:
    return [rule for rule in active_rules() if set(rule.events) & set(_ABOUT_TIME)]


def _overruns(
    executions: list[PipelineExecution], rules: list[AlertRule], now: datetime | None
) -> Iterator[Event]:
    pipelines = {e.pipeline_id for e in executions if e.pipeline_id is not None}
    about_usual = any(AlertEvent.SLOW in rule.events for rule in rules)
    known = usual(pipelines, [e.pk for e in executions]) if pipelines and about_usual else {}
    for execution in executions:
        for event in _candidates(execution, known, now or execution.completed_at):
            if any(wants(rule, event) for rule in rules):
                yield event_of(
                    execution,
                    event.kind,
                    facts_of(execution),
                    seconds=event.seconds,
                    usual=event.usual,
                    runs=event.runs,
                )


def _candidates(
    execution: PipelineExecution, known: dict[uuid.UUID, Usual], until: datetime | None
) -> Iterator[Event]:
    if until is None:
        return
    waited = (until - execution.asked_at).total_seconds()
    yield event_of(execution, AlertEvent.DEADLINE, {}, seconds=waited)
    found = known.get(execution.pipeline_id) if execution.pipeline_id is not None else None
    if found is not None and execution.started_at is not None:
        ran = (until - execution.started_at).total_seconds()
        yield event_of(
            execution, AlertEvent.SLOW, {}, seconds=ran, usual=found.seconds, runs=found.runs
        )
