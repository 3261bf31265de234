"""What is kept for how long, and the removal of what is not kept any longer."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Min, Model, Q, QuerySet
from django.db.models.deletion import ProtectedError
from django.utils import timezone

from etl.errors import ETLError
from etl.settings import run_settings
from executions.models import PipelineExecution
from executions.publishing import publish_changed
from executions.services import cleaning, log_store
from executions.services.stopping import staging_key
from executions.statuses import ACTIVE_STATUSES, FINAL_STATUSES, ExecutionStatus
from pipelines.models import Pipeline, PipelineRevision
from pipelines.services import remove_stale_drafts, stale_drafts

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)

# So many rows are deleted in one transaction.
_BATCH = 200


@dataclass(frozen=True)
class Kept:
    """One kind of what is kept: for how long, and how much of it is due to be removed."""

    what: str
    setting: str
    days: float
    due: int
    oldest: datetime | None


def retention() -> list[Kept]:
    """Return what would be removed now, without removing anything."""
    return [
        _kept("staged data of executions", "LOGIDATA_STAGING_DAYS", cleaning.due(), "created_at"),
        _kept("logs of executions", "LOGIDATA_LOG_DAYS", _due_logs(), "created_at"),
        _kept("executions", "LOGIDATA_EXECUTION_DAYS", _due_executions(), "created_at"),
        _kept("revisions never used", "LOGIDATA_REVISION_DAYS", _due_revisions(), "created_at"),
        _kept("drafts", "LOGIDATA_DRAFT_DAYS", stale_drafts(), "saved_at"),
    ]


def remove_unkept(at_most: int) -> int:
    """Remove logs, executions, revisions and drafts that are kept no longer; return how many.

    At most so many of each are looked at. What cannot be removed is logged, and tried again at the
    next call. Staged data has a task of its own, `remove_staging`.
    """
    return (
        _removed(_due_logs().order_by("completed_at")[:at_most], _remove_logs)
        + _removed(_due_executions().order_by("created_at")[:at_most], _remove_execution)
        + _remove_revisions(at_most)
        + remove_stale_drafts(at_most)
    )


def _kept(what: str, setting: str, due: QuerySet[Any], time: str) -> Kept:
    days: timedelta = getattr(settings, setting)
    oldest = due.aggregate(oldest=Min(time))["oldest"]
    return Kept(what, setting, days / timedelta(days=1), due.count(), oldest)


def _due_logs() -> QuerySet[PipelineExecution]:
    until = timezone.now() - settings.LOGIDATA_LOG_DAYS
    return PipelineExecution.objects.filter(
        status__in=FINAL_STATUSES, completed_at__lt=until, logs_removed_at=None
    )


def _due_executions() -> QuerySet[PipelineExecution]:
    until = timezone.now() - settings.LOGIDATA_EXECUTION_DAYS
    replays = PipelineExecution.objects.filter(status__in=ACTIVE_STATUSES)
    return PipelineExecution.objects.filter(
        Q(status__in=FINAL_STATUSES, completed_at__lt=until)
        # How these ended is not known, so neither is when.
        | Q(status=ExecutionStatus.UNKNOWN),
        created_at__lt=until,
    ).exclude(pk__in=replays.filter(replay_of__isnull=False).values("replay_of"))


def _due_revisions() -> QuerySet[PipelineRevision]:
    until = timezone.now() - settings.LOGIDATA_REVISION_DAYS
    current = Pipeline.objects.filter(current_revision__isnull=False).values("current_revision")
    return PipelineRevision.objects.filter(created_at__lt=until, executions=None).exclude(
        pk__in=current
    )


def _removed(rows: Iterable[Row], remove: Callable[[Row], None]) -> int:
    removed = 0
    for row in rows:
        try:
            remove(row)
            removed += 1
        except (OSError, ETLError, IntegrityError, ProtectedError) as error:
            logger.warning("%s %s is not removed: %s", type(row).__name__, row.pk, error)
    return removed


def _remove_logs(execution: PipelineExecution) -> None:
    log_store.forget(execution)
    # A new attempt may have begun; its logs come anew.
    PipelineExecution.objects.filter(pk=execution.pk, attempt=execution.attempt).update(
        logs_removed_at=timezone.now()
    )


def _remove_execution(execution: PipelineExecution) -> None:
    with transaction.atomic():
        # Someone may have retried it since it was found due, and needs its data then; from here on
        # whoever wants to waits until it is gone.
        due = _due_executions().filter(pk=execution.pk, attempt=execution.attempt)
        if due.select_for_update(of=("self",)).first() is None:
            return
        cleaning.remove(run_settings().staging, staging_key(execution))
        log_store.forget(execution)
        due.delete()
        publish_changed([execution.pk])


def _remove_revisions(at_most: int) -> int:
    removed = 0
    pks = list(_due_revisions().order_by("created_at").values_list("pk", flat=True)[:at_most])
    for start in range(0, len(pks), _BATCH):
        try:
            with transaction.atomic():
                # Asked once more: an execution may have begun with one of them.
                due = _due_revisions().filter(pk__in=pks[start : start + _BATCH])
                removed += due.delete()[0]
        except (IntegrityError, ProtectedError) as error:
            logger.warning("Revisions are not removed: %s", error)
    return removed
