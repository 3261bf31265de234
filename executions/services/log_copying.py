"""Copy the logs of ended tries out of Airflow, so that they survive its workers and its runs."""

import logging
import time
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from airflow_bridge import factory
from airflow_bridge.client import AirflowClient
from airflow_bridge.errors import AirflowError, AirflowUnavailable
from executions.models import TaskExecution
from executions.services.log_masking import masked
from executions.services.log_store import keep
from executions.statuses import FINAL_NODE_STATUSES

logger = logging.getLogger(__name__)

# Airflow's last lines may come a moment after the end of the task.
SETTLED_AFTER = timedelta(seconds=2)
# A log that is not there by then does not come any more.
GIVEN_UP_AFTER = timedelta(minutes=10)

# The tries of a node that have ended and whose logs are not kept: all of them, or, while the
# newest one runs, those before it.
UNKEPT = Q(tries__gt=F("logs_kept"), status__in=FINAL_NODE_STATUSES) | Q(
    tries__gt=F("logs_kept") + 1
)


def copy_logs(at_most: int, seconds: float) -> int:
    """Keep the logs of tries that have ended, oldest first; return how many nodes were seen to.

    Ends after so many nodes or seconds, or when Airflow does not answer; what is left is found by
    the next call. A log that an Airflow at work fails to give does not hold up the others. Two at
    once do the same work twice, and no harm. Raise OSError or ETLError where the folder
    LOGIDATA_LOGS cannot be written.
    """
    client, until, done = factory.get_airflow_client(), time.monotonic() + seconds, 0
    for task in _due()[:at_most]:
        if time.monotonic() > until:
            break
        try:
            done += _copy(client, task)
        except AirflowError as error:
            logger.warning("Logs are copied once Airflow gives them: %s", error)
            if not isinstance(error, AirflowUnavailable) or not _is_at_work(client):
                break
    return done


def _is_at_work(client: AirflowClient) -> bool:
    """Return whether Airflow answers at all."""
    try:
        client.version()
    except AirflowError:
        return False
    return True


def _due() -> QuerySet[TaskExecution]:
    settled = timezone.now() - SETTLED_AFTER
    return (
        # The first condition is that of the index, which is all that is read.
        TaskExecution.objects.filter(UNKEPT, tries__gt=F("logs_kept"))
        .filter(Q(completed_at__lt=settled) | Q(completed_at=None))
        .select_related("execution")
        .order_by("completed_at")
    )


def _copy(client: AirflowClient, task: TaskExecution) -> bool:
    """Keep the logs of a node's ended tries; return whether all of them are seen to."""
    execution = task.execution
    ended = task.tries if task.status in FINAL_NODE_STATUSES else task.tries - 1
    long_ago = task.completed_at is None or task.completed_at < timezone.now() - GIVEN_UP_AFTER
    for attempt in range(task.logs_kept + 1, ended + 1):
        key = (execution.airflow_dag_id, execution.airflow_dag_run_id)
        events = masked(client.logs(*key, task.node_id, attempt))
        if not keep(execution, task.node_id, attempt, events) and not long_ago:
            return False
        TaskExecution.objects.filter(pk=task.pk, logs_kept__lt=attempt).update(logs_kept=attempt)
    return True
