"""The regular look at Airflow: what changed since the last one, for all runs at once.

Its cost grows with what changed and what is active, not with the history; `sync_round` says how.
"""

import logging
from datetime import timedelta

from django.utils import timezone

from airflow_bridge import factory
from airflow_bridge.client import AirflowClient
from airflow_bridge.errors import AirflowError, AirflowUnavailable
from etl.messages import say
from executions.models import MAY_STILL_RUN, PipelineExecution
from executions.publishing import publish_all_changed
from executions.services.queueing import queue_cancel, queue_lost_triggers
from executions.services.sync_cursor import next_look, remember
from executions.services.sync_lock import alone
from executions.services.sync_round import SyncReport, SyncRound
from executions.statuses import ACTIVE_STATUSES, ExecutionStatus
from executions.transitions import NOT_BEGUN

logger = logging.getLogger(__name__)

# An execution that a worker has set aside is tried again at each sync; one that no worker has
# seen may still have its message in the queue.
RETRY_SET_ASIDE = timedelta(seconds=4)
RETRY_UNSEEN = timedelta(seconds=30)
REPEAT_CANCEL = timedelta(seconds=10)
# So many of each are queued again at once: more than a worker handles until the next sync.
_QUEUED = 500

_STALE = say("What is shown may be older; it is brought up to date when Airflow is back.")


def sync_active() -> SyncReport:
    """Bring every execution up to what Airflow says; adopt runs of ours that Airflow started.

    Executions that wait for their trigger, and cancels under way, are queued again if their
    message was lost. Only one sync runs at a time: another one returns at once, as skipped.
    While Airflow is down, active executions say so, and nothing else changes. One call is one
    round; `postponed` in its report says that a further one has something to do already.
    """
    with alone() as held:
        if not held:
            return SyncReport(skipped=True)
        try:
            return _sync(factory.get_airflow_client())
        except AirflowUnavailable as error:
            _say_unreachable(str(error))
            logger.warning("Sync: %s", error)
        except AirflowError as error:
            _say_unreachable(str(error))
            logger.error("Sync: %s", error)
        return SyncReport()


def _sync(client: AirflowClient) -> SyncReport:
    report = SyncReport()
    look = next_look(client)
    sync_round = SyncRound(client, report)
    sync_round.run(look.since)
    stale = PipelineExecution.objects.filter(
        status__in=ACTIVE_STATUSES, status_reason__contains=_STALE
    )
    if stale.update(status_reason=""):
        publish_all_changed()
    _queue_cancels()
    report.queued = queue_lost_triggers(
        waiting_for=RETRY_SET_ASIDE, silent_for=RETRY_UNSEEN, at_most=_QUEUED
    )
    remember(look, sync_round.seen_until)
    return report


def _queue_cancels() -> None:
    """Repeat cancels whose message was lost, or that waited for Airflow."""
    asked = PipelineExecution.objects.filter(
        MAY_STILL_RUN, cancel_requested_at__lt=timezone.now() - REPEAT_CANCEL
    )
    # In no order, so that each has its turn where there are many.
    for execution in asked.order_by("?")[:_QUEUED]:
        queue_cancel(execution)


def _say_unreachable(reason: str) -> None:
    """Tell it on the executions that are followed: what is shown of them may be older."""
    active = PipelineExecution.objects.filter(status__in=ACTIVE_STATUSES)
    waiting = active.filter(NOT_BEGUN, status=ExecutionStatus.PENDING, cancel_requested_at=None)
    said = [
        # Every round says the same again, for as long as Airflow is away.
        rows.exclude(status_reason=text).update(status_reason=text)
        for rows, text in (
            (active.exclude(NOT_BEGUN), say("{reason} {stale}", reason=reason, stale=_STALE)),
            (
                waiting.exclude(attempted_at=None),
                say(
                    "{reason} The execution goes on by itself when Airflow is back.", reason=reason
                ),
            ),
        )
    ]
    if any(said):
        publish_all_changed()
