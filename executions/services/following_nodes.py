"""Bring the nodes of an execution up to what Airflow says of its run's task instances."""

from collections.abc import Iterable
from typing import Any

from airflow_bridge.client import AirflowClient, TaskInstance
from airflow_bridge.states import node_status
from executions.models import PipelineExecution, TaskExecution
from executions.services.accounting import count_rejected
from executions.services.ration import Ration
from executions.services.results import read_result
from executions.services.stopping import Stop
from executions.statuses import FINAL_NODE_STATUSES, NodeStatus
from executions.transitions import change_node

# What a node leaves a result or an error behind with, each of which is a request of its own.
_WITH_RESULT = frozenset({NodeStatus.SUCCESS, NodeStatus.FAILED})


def apply_nodes(
    client: AirflowClient,
    execution: PipelineExecution,
    instances: Iterable[TaskInstance],
    stop: Stop | None = None,
    *,
    run_ended: bool = False,
    tasks: Iterable[TaskExecution] | None = None,
    ration: Ration | None = None,
) -> bool:
    """Write what Airflow said of a run's nodes, reading the result of each finished try once.

    Return whether all of it is written: a node whose result goes beyond the ration stays as it
    was. `tasks` are the execution's nodes if they are read already. Of a run that was stopped, a
    node has ended only once its process has.
    """
    if not run_ended:
        # A run whose time is up skips what had begun. Until the run itself says that it has ended,
        # for which it is to be asked first, how such a node ended is not known.
        instances = [instance for instance in instances if not _was_skipped_midway(instance)]
    rows = execution.tasks.all() if tasks is None else tasks
    known = {task.node_id: task for task in rows}
    ration = ration or Ration()
    complete, count = True, False
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
        written = _write(client, execution, task, instance, status, stop)
        # What begins for the first time has rejected nothing.
        count |= written and (status in FINAL_NODE_STATUSES or bool(task.rows_rejected))
    if count:
        count_rejected(execution)
    return complete


def _was_skipped_midway(instance: TaskInstance) -> bool:
    return instance.state == "skipped" and instance.start_date is not None


def _nothing_new(task: TaskExecution, instance: TaskInstance, status: str) -> bool:
    if instance.try_number > task.tries:
        return False
    return task.status in FINAL_NODE_STATUSES or (
        task.status == status and task.started_at == instance.start_date
    )


def _write(
    client: AirflowClient,
    execution: PipelineExecution,
    task: TaskExecution,
    instance: TaskInstance,
    status: str,
    stop: Stop | None,
) -> bool:
    """Write how a node stands; return whether this writer won."""
    tries = max(instance.try_number, 0)
    fields: dict[str, Any] = {
        **({} if tries <= task.tries else TaskExecution.NO_RESULT),
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
    return change_node(execution, task, status=status, tries=tries, **fields)
