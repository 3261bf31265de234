"""Whether the rows of an execution add up across its nodes, and how many of them were rejected."""

import uuid
from collections.abc import Collection, Mapping

from django.db import transaction
from django.db.models import Sum

from etl.graph import Graph, parse_graph, split_reference
from etl.messages import Message, join, say
from executions.models import PipelineExecution, TaskExecution
from executions.statuses import NodeStatus

_NEXT = say(
    "Do not rely on what was loaded: execute the pipeline again, and report it if it comes back."
)


@transaction.atomic
def count_rejected(execution_ids: Collection[uuid.UUID]) -> None:
    """Bring the executions' sums of rejected rows up to what their nodes say."""
    # Whoever writes a node counts after it, one after the other: the last sees all of them.
    locked = PipelineExecution.objects.select_for_update(no_key=True).order_by("pk")
    known = dict(locked.filter(pk__in=execution_ids).values_list("pk", "rows_rejected"))
    nodes = TaskExecution.objects.filter(execution__in=known).order_by()
    for pk, rows in nodes.values_list("execution").annotate(rows=Sum("rows_rejected")):
        if known[pk] != (rows or 0):
            PipelineExecution.objects.filter(pk=pk).update(rows_rejected=rows or 0)


def open_account(execution: PipelineExecution) -> str:
    """Return what does not add up in an execution whose nodes have ended; empty if all does.

    A node must have taken in what those before it gave, and have let go what it took in. Numbers
    that are not known (a node that did nothing, a task that is none of ours) claim nothing.
    """
    tasks = {
        task.node_id: task for task in execution.tasks.all() if task.status == NodeStatus.SUCCESS
    }
    problems = [text for task in tasks.values() if (text := _own(task))]
    if execution.revision is not None:
        graph = parse_graph(execution.revision.snapshot["config"])
        known = {node.id for node in graph.nodes}
        for node_id, task in tasks.items():
            if node_id in known:
                given = _fed(execution, graph, node_id, tasks)
                problems += [text for text in [_between(task, given)] if text]
    return join([*problems, _NEXT]) if problems else ""


def _own(task: TaskExecution) -> str:
    came, made = task.rows_in, task.rows_added
    go, rejected, removed = task.rows_out, task.rows_rejected, task.rows_removed
    if came is None or made is None or go is None or rejected is None or removed is None:
        return ""
    missing = came + made - go - rejected - removed
    if not missing:
        return ""
    return say(
        "Node '{node}': its rows do not add up: {came} came in and {made} were made, but {go} go "
        "on, {rejected} were rejected and {removed} dropped on purpose, so {so}.",
        node=task.node_id,
        came=came,
        made=made,
        go=go,
        rejected=rejected,
        removed=removed,
        so=_off_by(missing),
    )


def _fed(
    execution: PipelineExecution, graph: Graph, node_id: str, tasks: Mapping[str, TaskExecution]
) -> list[tuple[str, int | None]]:
    """Return what feeds a node, and how many rows each gave; None where that is not known."""
    plan = execution.replay_plan or {}
    if plan and node_id == plan["replay"].get("node"):
        return [("the rejected rows", plan.get("rows"))]
    # A list: two ports may be fed by the same output, which then counts twice.
    return [
        (reference, _given(tasks, reference))
        for reference in graph.inputs_of(node_id).values()
        if split_reference(reference)[0] not in plan.get("idle", ())
    ]


def _between(task: TaskExecution, given: list[tuple[str, int | None]]) -> str:
    took = task.rows_in
    known = [rows for _, rows in given if rows is not None]
    if took is None or not given or len(known) < len(given) or sum(known) == took:
        return ""
    sources = ", ".join(f"'{reference}' {rows}" for reference, rows in given)
    missing = sum(known) - took
    return say(
        "Node '{node}': it took in {took} rows, but what feeds it gave {given} ({sources}), so "
        "{so}.",
        node=task.node_id,
        took=took,
        given=sum(known),
        sources=sources,
        so=_off_by(missing),
    )


def _off_by(missing: int) -> Message:
    if missing > 0:
        return say("{rows} are missing", rows=missing)
    return say("{rows} are too many", rows=-missing)


def _given(tasks: Mapping[str, TaskExecution], reference: str) -> int | None:
    """Return how many rows a node gave at the output that a reference names."""
    source, output = split_reference(reference)
    task = tasks.get(source)
    if task is None or output is None:
        return task.rows_out if task is not None else None
    shape = task.named_outputs.get(output, {}).get("shape")
    return shape[0] if isinstance(shape, list) and shape and isinstance(shape[0], int) else None
