"""Remove the data that nodes staged once nobody will need it any more."""

import logging
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from etl.dataset import remove_execution, remove_try
from etl.errors import ETLError
from etl.settings import run_settings
from etl.storage import Storage
from executions.models import PipelineExecution
from executions.services.stopping import staging_key
from executions.statuses import ACTIVE_STATUSES, FINAL_STATUSES, ExecutionStatus, NodeStatus

_CUT_OFF = (NodeStatus.CANCELLED, NodeStatus.FAILED)

logger = logging.getLogger(__name__)


def remove_staging(at_most: int) -> int:
    """Remove what executions staged that ended over LOGIDATA_STAGING_DAYS ago, oldest first.

    At most so many executions are looked at; return how many were cleaned. What cannot be removed
    is logged and tried again at the next call. Raise OSError or ETLError if nothing can be, as when
    the staging cannot be reached.
    """
    staging, cleaned, problem = run_settings().staging, 0, None
    for execution in due().order_by("completed_at", "created_at")[:at_most]:
        now = timezone.now()
        row = PipelineExecution.objects.filter(pk=execution.pk)
        # Noted first, and only while it holds: a run that was cleared meanwhile needs its data.
        if not due().filter(pk=execution.pk).update(staging_removed_at=now):
            continue
        try:
            remove(staging, staging_key(execution))
            cleaned += 1
        except (OSError, ETLError) as error:
            row.filter(staging_removed_at=now).update(staging_removed_at=None)
            logger.warning("Execution %s: its staged data stays: %s", execution.pk, error)
            problem = error
    if problem is not None and not cleaned:
        raise problem
    return cleaned


def remove_cut_off(execution: PipelineExecution) -> None:
    """Remove what nodes that were stopped in the middle have staged; what cannot be is logged.

    What others have finished stays, for a retry goes on from there.
    """
    staging, key = run_settings().staging, staging_key(execution)
    for task in execution.tasks.filter(status__in=_CUT_OFF, tries__gt=0):
        try:
            remove_try(staging, key, task.node_id, task.tries)
        except (OSError, ETLError) as error:
            logger.warning("Execution %s: staged data stays: %s", execution.pk, error)


def due() -> QuerySet[PipelineExecution]:
    """Return the executions whose staged data is kept no longer."""
    until = timezone.now() - settings.LOGIDATA_STAGING_DAYS
    return PipelineExecution.objects.filter(
        Q(status__in=FINAL_STATUSES, completed_at__lt=until)
        # How these ended is not known, so neither is when; they are not followed any more.
        | Q(status=ExecutionStatus.UNKNOWN, created_at__lt=until),
        staging_removed_at=None,
        # What a replay is about to read, or reads, is still needed.
    ).exclude(pk__in=_replayed_now())


def _replayed_now() -> QuerySet[PipelineExecution, Any]:
    replays = PipelineExecution.objects.filter(status__in=ACTIVE_STATUSES)
    return replays.filter(replay_of__isnull=False).values("replay_of")


def remove(staging: str, key: str) -> None:
    """Remove all that an execution has staged; raise OSError or ETLError if some of it stays."""
    remove_execution(staging, key)
    if Storage(staging).folders(key):
        raise PermissionError(f"{staging}/{key} cannot be removed. Let the worker write there")
