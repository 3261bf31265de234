"""Bring the nodes of an execution up to what Airflow says of its run's task instances."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from airflow_bridge.client import AirflowClient, TaskInstance
from airflow_bridge.states import node_status
from executions.models import PipelineExecution, TaskExecution
from executions.services.accounting import count_rejected
from executions.services.ration import Ration
from executions.services.results import read_result
from executions.services.stopping import Stop
from executions.statuses import FINAL_NODE_STATUSES, NodeStatus
from executions.transitions import NodeChange, change_nodes

# What a node leaves a result or an error behind with, each of which is a request of its own.
_WITH_RESULT = frozenset({NodeStatus.SUCCESS, NodeStatus.FAILED})


def node_changes(
    client: AirflowClient,
    execution: PipelineExecution,
    instances: Iterable[TaskInstance],
    stop: Stop | None = None,
    *,
    tasks: Iterable[TaskExecution] | None = None,
    ration: Ration | None = None,
) -> tuple[list[NodeChange], bool]:
    """Return what is new about a run's nodes, with the result of each finished try, read once.

    And whether that is all: a node whose result goes beyond the ration stays as it is. `tasks` are
    the execution's nodes if they are read already. Of a run that was stopped, a node has ended only
    once its process has.
    """
    rows = execution.tasks.all() if tasks is None else tasks
    known = {task.node_id: task for task in rows}
    ration = ration or Ration()
    changes: list[NodeChange] = []
    complete = True
    for instance in instances:
        task = known.get(instance.task_id)
        if task is None and instance.state == "removed":
            # A newer version of the DAG has lost it, and the run's own revision never had it.
            continue
        if task is None:
            task, _ = TaskExecution.objects.get_or_create(
                execution=execution,
                node_id=instance.task_id,
                defaults={"position": len(known), "node_name": instance.task_id},
            )
            known[instance.task_id] = task
        status = node_status(instance.state, execution.cancel_sent_at is not None)
        if stop is not None:
            status = stop.status_of(instance, status)
        if _nothing_new(task, instance, status):
            continue
        if status in _WITH_RESULT and not ration.take():
            complete = False
            continue
        changes.append(_change(client, execution, task, instance, status, stop))
    return changes, complete


def write_nodes(changes: Sequence[NodeChange]) -> None:
    """Write what is new about nodes, of several executions together."""
    if not changes:
        return
    with transaction.atomic():
        count_rejected({change.execution.pk for change in change_nodes(changes)})


def _nothing_new(task: TaskExecution, instance: TaskInstance, status: str) -> bool:
    if instance.try_number > task.tries:
        return False
    return task.status in FINAL_NODE_STATUSES or (
        task.status == status and task.started_at == instance.start_date
    )


def _change(
    client: AirflowClient,
    execution: PipelineExecution,
    task: TaskExecution,
    instance: TaskInstance,
    status: str,
    stop: Stop | None,
) -> NodeChange:
    tries = max(instance.try_number, 0)
    fields: dict[str, Any] = {
        # Nothing is there to be taken back before the first try.
        **(TaskExecution.NO_RESULT if tries > task.tries > 0 else {}),
        "max_tries": max(instance.max_tries + 1, tries, 1),
        "started_at": instance.start_date,
        "completed_at": instance.end_date,
        "duration_seconds": instance.duration,
    }
    if status in FINAL_NODE_STATUSES:
        # Written together with the status, after which this try is not looked at again: so the
        # result is read once.
        fields |= read_result(client, instance, status)
        if stop is not None and (error := stop.error_of(instance, status)):
            fields["error"] = error
        status = fields.pop("status", status)
    if status != NodeStatus.FAILED:
        fields.setdefault("error", "")
    return NodeChange(execution, task, status, tries, fields)
