"""The regular look at Airflow: what changed since the last one, for all runs at once.

Its cost grows with what changed and what is active, not with the history: one paged listing of
changed runs, one batch of task instances for every hundred runs of interest, and nothing for the
rest.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.db import connection
from django.db.models import Min, Q
from django.utils import timezone

from airflow_bridge import factory
from airflow_bridge.client import AirflowClient, DagRun, TaskInstance
from airflow_bridge.errors import AirflowError, AirflowUnavailable
from airflow_bridge.states import TERMINAL_TASK_STATES
from executions.models import MAY_STILL_RUN, PipelineExecution, SyncCursor
from executions.services.adopting import adopt
from executions.services.following import apply_nodes, apply_run, follow, was_cleared
from executions.services.queueing import queue_cancel, queue_lost_triggers
from executions.services.triggering import confirm_triggered
from executions.statuses import ACTIVE_STATUSES, ExecutionStatus
from executions.transitions import NOT_BEGUN
from pipelines.models import Pipeline

logger = logging.getLogger(__name__)

# Runs are committed in Airflow later than they are stamped: seldom by seconds, and by minutes
# where a transaction hangs. A run that could not be written is met again this way, too.
OVERLAP = timedelta(seconds=30)
LOOK_BACK = timedelta(hours=1)
LOOK_BACK_EVERY = timedelta(minutes=1)
# An execution that a worker has set aside is tried again at each sync; one that no worker has
# seen may still have its message in the queue.
RETRY_SET_ASIDE = timedelta(seconds=4)
RETRY_UNSEEN = timedelta(seconds=30)
REPEAT_CANCEL = timedelta(seconds=10)

_BATCH = 100
LOCK = 0x10617DA7A

Key = tuple[str, str]
Item = TypeVar("Item")

_STALE = "What is shown may be older; it is brought up to date when Airflow is back."


@dataclass
class SyncReport:
    """What a sync found."""

    changed_runs: int = 0
    followed: int = 0
    adopted: int = 0
    queued: int = 0
    failed: int = 0
    skipped: bool = False


def sync_active() -> SyncReport:
    """Bring every execution up to what Airflow says; adopt runs of ours that Airflow started.

    Executions that wait for their trigger, and cancels under way, are queued again if their
    message was lost. Only one sync runs at a time: another one returns at once, as skipped.
    While Airflow is down, active executions say so, and nothing else changes.
    """
    with _alone() as alone:
        if not alone:
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
    since, far = _look_back_to()
    latest: datetime | None = None
    seen: set[Key] = set()
    if since is not None:
        for runs in _batches(client.runs_updated_since(since)):
            report.changed_runs += len(runs)
            seen |= {(run.dag_id, run.run_id) for run in runs}
            stamps = [run.updated_at for run in runs if run.updated_at is not None]
            latest = max([*stamps, *([latest] if latest else [])], default=None)
            _follow_changed(client, runs, report)
    _follow_unchanged(client, seen, report)
    PipelineExecution.objects.filter(
        status__in=ACTIVE_STATUSES, status_reason__endswith=_STALE
    ).update(status_reason="")
    _queue_cancels()
    report.queued = queue_lost_triggers(waiting_for=RETRY_SET_ASIDE, silent_for=RETRY_UNSEEN)
    _remember(latest, far=far)
    return report


def _look_back_to() -> tuple[datetime | None, bool]:
    """Return the time from which changes matter, and whether that is far back.

    The time is None while nothing can have run.
    """
    cursor = SyncCursor.objects.filter(pk=1).first()
    if cursor is None or cursor.runs_seen_until is None:
        return Pipeline.objects.aggregate(first=Min("created_at"))["first"], True
    before = cursor.looked_back_at
    far = before is None or before < timezone.now() - LOOK_BACK_EVERY
    return cursor.runs_seen_until - (LOOK_BACK if far else OVERLAP), far


def _remember(latest: datetime | None, *, far: bool) -> None:
    now = timezone.now()
    SyncCursor.objects.get_or_create(pk=1)
    looked = {"looked_back_at": now} if far else {}
    SyncCursor.objects.filter(pk=1).update(reached_airflow_at=now, **looked)
    if latest is not None:
        SyncCursor.objects.filter(
            Q(runs_seen_until=None) | Q(runs_seen_until__lt=latest), pk=1
        ).update(runs_seen_until=latest)


def _follow_changed(client: AirflowClient, runs: Sequence[DagRun], report: SyncReport) -> None:
    by_key = {(run.dag_id, run.run_id): run for run in runs}
    executions = _executions_of(by_key)
    for key in by_key.keys() - executions.keys():
        with _apart(report, key):
            adopted = adopt(by_key[key])
            if adopted is not None:
                executions[key] = adopted
                report.adopted += 1
    due = {
        key: execution
        for key, execution in executions.items()
        if not _has_nothing_new(execution, by_key[key])
    }
    instances = _instances_of(client, due)
    for key, execution in due.items():
        with _apart(report, key):
            if execution.triggered_at is None:
                confirm_triggered(execution, by_key[key])
                execution.refresh_from_db()
            if not _has_nothing_new(execution, by_key[key]):
                apply_run(client, execution, by_key[key], instances.get(key, []))
                report.followed += 1


def _follow_unchanged(client: AirflowClient, seen: set[Key], report: SyncReport) -> None:
    """Follow the active executions whose run is not among those that changed.

    Nodes may move while their run does not; a run that is gone never shows as changed; and the
    change of one that ended may have been missed, which its nodes tell.
    """
    active = PipelineExecution.objects.filter(
        status__in=ACTIVE_STATUSES, triggered_at__isnull=False, clear_pending=False
    )
    rest = {_key(execution): execution for execution in active if _key(execution) not in seen}
    for keys in _batches(rest):
        executions = {key: rest[key] for key in keys}
        instances = _instances_of(client, executions)
        for key, execution in executions.items():
            with _apart(report, key):
                if execution.cancel_sent_at is not None or _all_ended(instances.get(key, [])):
                    # The run first and then its nodes: those read already may be older.
                    follow(client, execution)
                else:
                    apply_nodes(client, execution, instances[key])
                report.followed += 1


@contextmanager
def _apart(report: SyncReport, key: Key) -> Iterator[None]:
    """Keep what goes wrong with one run from holding up the others; an outage concerns all."""
    try:
        yield
    except AirflowError:
        raise
    except Exception:
        report.failed += 1
        logger.exception("Sync: run %s of DAG %s could not be followed", key[1], key[0])


def _all_ended(instances: Iterable[TaskInstance]) -> bool:
    return all(instance.state in TERMINAL_TASK_STATES for instance in instances)


def _has_nothing_new(execution: PipelineExecution, run: DagRun) -> bool:
    """Whether the run was seen to its end already; it was cleared since if it was queued anew."""
    if not execution.is_final:
        return False
    if execution.triggered_at is None:
        # Cancelled while its trigger was on the way: the run must not go on.
        return run.state in {"success", "failed"}
    return not was_cleared(execution, run)


def _executions_of(keys: Iterable[Key]) -> dict[Key, PipelineExecution]:
    keys = list(keys)
    found = PipelineExecution.objects.filter(
        airflow_dag_id__in={dag_id for dag_id, _ in keys},
        airflow_dag_run_id__in={run_id for _, run_id in keys},
    )
    wanted = set(keys)
    return {_key(execution): execution for execution in found if _key(execution) in wanted}


def _instances_of(
    client: AirflowClient, executions: dict[Key, PipelineExecution]
) -> dict[Key, list[TaskInstance]]:
    grouped: dict[Key, list[TaskInstance]] = {}
    if executions:
        for instance in client.task_instances(list(executions)):
            grouped.setdefault((instance.dag_id, instance.run_id), []).append(instance)
    return grouped


def _queue_cancels() -> None:
    """Repeat cancels whose message was lost, or that waited for Airflow."""
    asked = PipelineExecution.objects.filter(
        MAY_STILL_RUN, cancel_requested_at__lt=timezone.now() - REPEAT_CANCEL
    )
    for execution in asked:
        queue_cancel(execution)


def _say_unreachable(reason: str) -> None:
    """Tell it on the executions that are followed: what is shown of them may be older."""
    PipelineExecution.objects.filter(status__in=ACTIVE_STATUSES).exclude(NOT_BEGUN).update(
        status_reason=f"{reason} {_STALE}"
    )
    PipelineExecution.objects.filter(
        NOT_BEGUN, status=ExecutionStatus.PENDING, cancel_requested_at=None
    ).exclude(attempted_at=None).update(
        status_reason=f"{reason} The execution goes on by itself when Airflow is back."
    )


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield the items in lists that one request can ask about."""
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _key(execution: PipelineExecution) -> Key:
    return execution.airflow_dag_id, execution.airflow_dag_run_id


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold the database's lock for syncing, if it is free; it is freed when the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (held,) = cursor.fetchone()
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
