"""Bring the nodes of an execution up to what Airflow says of its run's task instances."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from airflow_bridge.client import AirflowClient, TaskInstance
from airflow_bridge.states import node_status
from executions.models import PipelineExecution, TaskExecution
from executions.services.accounting import count_rejected
from executions.services.budget import Budget
from executions.services.results import read_result
from executions.services.stopping import Stop
from executions.services.trying import tries_seen
from executions.statuses import FINAL_NODE_STATUSES, NodeStatus
from executions.transitions import NodeChange, change_nodes

# What a node leaves a result or an error behind with, each of which is a request of its own.
_WITH_RESULT = frozenset({NodeStatus.SUCCESS, NodeStatus.FAILED})


class KnownNode(NamedTuple):
    """What is known of a node when Airflow is asked, without what it left: there are many."""

    pk: int
    node_id: str
    status: str
    tries: int
    started_at: datetime | None


def node_changes(
    client: AirflowClient,
    execution: PipelineExecution,
    instances: Iterable[TaskInstance],
    stop: Stop | None = None,
    *,
    run_ended: bool = False,
    nodes: Iterable[KnownNode] | None = None,
    budget: Budget | None = None,
) -> tuple[list[NodeChange], bool]:
    """Return what is new about a run's nodes, with the result of each finished try, read once.

    And whether that is all: a node whose result goes beyond the budget stays as it is. `nodes` are
    those of the execution if they are read already. Of a run that was stopped, a node has ended
    only once its process has.
    """
    if not run_ended:
        # A run whose time is up skips what had begun. Until the run itself says that it has ended,
        # for which it is to be asked first, how such a node ended is not known.
        instances = [instance for instance in instances if not _was_skipped_midway(instance)]
    if nodes is None:
        nodes = known_nodes([execution]).get(execution.pk, [])
    known = {node.node_id: node for node in nodes}
    budget = budget or Budget()
    changes: list[NodeChange] = []
    complete = True
    for instance in instances:
        node = known.get(instance.task_id)
        if node is None and instance.state == "removed":
            # A newer version of the DAG has lost it, and the run's own revision never had it.
            continue
        if node is None:
            node = _added(execution, instance.task_id, position=len(known))
            known[instance.task_id] = node
        status = node_status(instance.state, execution.cancel_sent_at is not None)
        if stop is not None:
            status = stop.status_of(instance, status)
        if _nothing_new(node, instance, status):
            continue
        if status in _WITH_RESULT and not budget.take():
            complete = False
            continue
        changes.append(_change(client, execution, node, instance, status, stop, budget))
    return changes, complete


def write_nodes(changes: Sequence[NodeChange]) -> None:
    """Write what is new about nodes, of several executions together."""
    if not changes:
        return
    with transaction.atomic():
        count_rejected(
            {
                change.execution.pk
                for change in change_nodes(changes)
                if "rows_rejected" in change.fields
            }
        )


def known_nodes(
    executions: Iterable[PipelineExecution],
) -> dict[uuid.UUID, list[KnownNode]]:
    """Return the nodes of executions, in one query, by the execution's id."""
    rows = TaskExecution.objects.filter(execution__in=[one.pk for one in executions]).order_by()
    nodes: dict[uuid.UUID, list[KnownNode]] = {}
    for execution_id, *values in rows.values_list("execution", *KnownNode._fields):
        nodes.setdefault(execution_id, []).append(KnownNode(*values))
    return nodes


def _added(execution: PipelineExecution, node_id: str, position: int) -> KnownNode:
    """Return a node that the graph does not have, with a row of its own."""
    task, _ = TaskExecution.objects.get_or_create(
        execution=execution,
        node_id=node_id,
        defaults={"position": position, "node_name": node_id},
    )
    return KnownNode(*(getattr(task, name) for name in KnownNode._fields))


def _was_skipped_midway(instance: TaskInstance) -> bool:
    return instance.state == "skipped" and instance.start_date is not None


def _nothing_new(node: KnownNode, instance: TaskInstance, status: str) -> bool:
    if instance.try_number > node.tries:
        return False
    return node.status in FINAL_NODE_STATUSES or (
        node.status == status and node.started_at == instance.start_date
    )


def _change(
    client: AirflowClient,
    execution: PipelineExecution,
    node: KnownNode,
    instance: TaskInstance,
    status: str,
    stop: Stop | None,
    budget: Budget,
) -> NodeChange:
    tries = max(instance.try_number, 0)
    fields: dict[str, Any] = {
        # Before the first try there is none to be taken back.
        **(TaskExecution.NO_RESULT if tries > max(node.tries, 1) else {}),
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
    seen = tries_seen(client, node.pk, instance, status, budget)
    return NodeChange(execution, node.pk, status, tries, fields, seen)
