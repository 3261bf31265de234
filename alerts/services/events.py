"""What has happened to executions: events, before any rule has looked at them."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from alerts.events import AlertEvent
from alerts.services.facts import facts_of
from executions.models import PipelineExecution
from executions.statuses import ExecutionStatus
from pipelines.models import Pipeline

# Among so many executions, the newest, the one that ended before is looked for.
_LOOKED_BACK = 20
_TELLING = (ExecutionStatus.SUCCESS, ExecutionStatus.FAILED)


@dataclass(frozen=True)
class Event:
    """One thing that has happened, once: the same `key` is the same thing.

    `facts` are what its message says. Of `seconds` rules judge themselves whether that is too long,
    against what the last `runs` successes took (`usual`).
    """

    kind: AlertEvent
    key: str
    pipeline: Pipeline | None
    pipeline_name: str
    execution_id: uuid.UUID | None = None
    attempt: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    usual: float | None = None
    runs: int = 0
    # When it was due, of what was missed.
    at: datetime | None = None


def events_of_end(execution: PipelineExecution, attempt: int) -> list[Event]:
    """Return what the end of an attempt comes to; nothing for one that was cancelled."""
    facts = facts_of(execution, attempt)
    if facts["status"] == ExecutionStatus.FAILED:
        kinds = [AlertEvent.FAILURE]
    elif facts["status"] == ExecutionStatus.SUCCESS:
        kinds = [
            *([AlertEvent.QUARANTINE] if facts.get("rows_rejected") else []),
            *([AlertEvent.RECOVERY] if _failed_before(execution, attempt) else []),
        ]
    else:
        kinds = []
    return [event_of(execution, kind, facts, attempt=attempt) for kind in kinds]


def event_of(
    execution: PipelineExecution,
    kind: AlertEvent,
    facts: dict[str, Any],
    *,
    attempt: int | None = None,
    **judged: Any,
) -> Event:
    """Return an event of an execution: once for each of its attempts."""
    attempt = attempt or execution.attempt
    return Event(
        kind=kind,
        key=f"{execution.pk}:{attempt}:{kind}",
        pipeline=execution.pipeline,
        pipeline_name=execution.pipeline_name,
        execution_id=execution.pk,
        attempt=attempt,
        facts=facts,
        **judged,
    )


def _failed_before(execution: PipelineExecution, attempt: int) -> bool:
    """Return whether what ended before was a failure: an attempt, or else an execution.

    Those that were cancelled say nothing.
    """
    earlier = execution.earlier_attempts.filter(number__lt=attempt, status__in=_TELLING)
    if (last := earlier.order_by("number").last()) is not None:
        return bool(last.status == ExecutionStatus.FAILED)
    if execution.pipeline is None or execution.completed_at is None:
        return False
    others = _recent(execution.pipeline, execution).values_list("completed_at", "status")
    before = [
        (ended, status)
        for ended, status in others
        if status in _TELLING and ended is not None and ended <= execution.completed_at
    ]
    return bool(before) and _last(before) == ExecutionStatus.FAILED


def _recent(pipeline: Pipeline, execution: PipelineExecution) -> QuerySet[PipelineExecution]:
    # By when they were created, for which there is an index.
    others = PipelineExecution.objects.filter(pipeline=pipeline)
    return others.exclude(pk=execution.pk).order_by("-created_at")[:_LOOKED_BACK]


def _last(ends: Iterable[tuple[datetime, str]]) -> str:
    return max(ends)[1]
