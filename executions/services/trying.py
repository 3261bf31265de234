"""Which tries of a node were seen: the one that Airflow shows, and those before that we missed."""

from collections.abc import Iterable

from airflow_bridge.client import AirflowClient, TaskInstance
from airflow_bridge.errors import AirflowRefused
from airflow_bridge.states import node_status
from executions.models import TaskExecution
from executions.services.budget import Budget
from executions.statuses import FINAL_NODE_STATUSES, NodeStatus
from executions.tries import Try, a_try, some_missing

_GOES_ON_LATER = "up_for_retry"


def tries_seen(
    client: AirflowClient, node_pk: int, instance: TaskInstance, status: str, budget: Budget
) -> list[Try]:
    """Return the tries that a look at a node shows, which has `status` by it.

    Airflow shows a task in its latest try. Is it not known how each one before it ended, Airflow is
    asked for all, within the budget, whenever the node begins or ends. Raise AirflowUnavailable.
    """
    latest = _as_try(instance, status)
    if latest is None:
        return []
    if instance.try_number > 1 and _some_missed(node_pk, instance) and budget.take():
        return [*_earlier(client, instance), latest]
    return [latest]


def _as_try(instance: TaskInstance, status: str) -> Try | None:
    """Return the try of a task instance; None if it has not begun."""
    if instance.state == _GOES_ON_LATER:
        status = NodeStatus.FAILED
    begun = status == NodeStatus.RUNNING or status in FINAL_NODE_STATUSES
    if not begun or instance.start_date is None or instance.try_number < 1:
        return None
    ended = None if status == NodeStatus.RUNNING else instance.end_date
    duration = None if status == NodeStatus.RUNNING else instance.duration
    return a_try(instance.try_number, status, instance.start_date, ended, duration)


def _some_missed(node_pk: int, instance: TaskInstance) -> bool:
    known = TaskExecution.objects.filter(pk=node_pk).values_list("seen_tries", flat=True).first()
    return some_missing(known or (), instance.try_number)


def _earlier(client: AirflowClient, latest: TaskInstance) -> Iterable[Try]:
    try:
        instances = client.tries(latest.dag_id, latest.run_id, latest.task_id)
    except AirflowRefused:
        # The node is shown all the same.
        return []
    return [
        one
        for instance in instances
        if instance.try_number < latest.try_number
        and (one := _as_try(instance, node_status(instance.state, False))) is not None
    ]
