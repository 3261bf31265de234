"""What the nodes of an execution wrote to their logs: as they are kept, or as Airflow has them."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from airflow_bridge import factory
from airflow_bridge.client import LogEvent
from airflow_bridge.errors import AirflowError
from executions.errors import AirflowNotAnswering, LogGone, LogsRemoved, LogsUnreadable, UnknownNode
from executions.models import PipelineExecution, TaskExecution
from executions.services.log_masking import masked
from executions.services.log_store import kept
from executions.statuses import DELETED_IN_AIRFLOW

PAGE = 1000
"""So many events are given at once, unless more are asked for."""


@dataclass(frozen=True)
class NodeLog:
    """A page of the log of one try of a node; no events if it has not begun.

    `offset` is the place of the first event, `total` how many there are (so far). `is_kept` says
    that the log is LogiData's own copy, which does not change any more.
    """

    node_id: str
    attempt: int
    events: tuple[LogEvent, ...] = ()
    offset: int = 0
    total: int = 0
    is_kept: bool = False

    @property
    def first(self) -> int:
        """The number of the first event of the page, counted from 1."""
        return self.offset + 1

    @property
    def end(self) -> int:
        """The place behind the last event of the page."""
        return self.offset + len(self.events)

    @property
    def next(self) -> int | None:
        """The offset of the next page; None at the end."""
        return self.end if self.end < self.total else None

    @property
    def previous(self) -> int | None:
        """The offset of the page before; None at the beginning."""
        return max(self.offset - PAGE, 0) if self.offset else None


def execution_logs(
    execution: PipelineExecution,
    node: str | None = None,
    attempt: int | None = None,
    *,
    offset: int = 0,
    limit: int = PAGE,
) -> list[NodeLog]:
    """Return a page of the log of a node's try (the latest by default), or of all nodes.

    A negative `offset` counts from the end. Nodes that have not begun have no events. Secrets are
    masked. Raise `UnknownNode` for a node or try that does not exist, `LogGone` if Airflow dropped
    it, `LogsRemoved` if we did, `AirflowNotAnswering` if Airflow cannot be asked, `LogsUnreadable`
    if our copy cannot be read.
    """
    return [
        _page(execution, task, attempt, offset, limit, named=node is not None)
        for task in _chosen(execution, node, attempt)
    ]


def _chosen(
    execution: PipelineExecution, node: str | None, attempt: int | None
) -> list[TaskExecution]:
    tasks = list(execution.tasks.all())
    if node is None:
        return tasks
    chosen = [task for task in tasks if task.node_id == node]
    if not chosen:
        known = ", ".join(task.node_id for task in tasks) or "none"
        raise UnknownNode(f"The execution has no node '{node}'. Its nodes: {known}.")
    if attempt is not None and not 1 <= attempt <= max(chosen[0].tries, 1):
        raise UnknownNode(
            f"Node '{node}' has no try {attempt}; it has had {chosen[0].tries}. "
            "Leave the try out for the latest."
        )
    return chosen


def _page(
    execution: PipelineExecution,
    task: TaskExecution,
    attempt: int | None,
    offset: int,
    limit: int,
    *,
    named: bool,
) -> NodeLog:
    shown = min(attempt or task.tries, task.tries)
    if shown < 1 or execution.triggered_at is None:
        return NodeLog(task.node_id, 0)
    try:
        own = kept(execution, task.node_id, shown) if shown <= task.logs_kept else None
    except OSError as error:
        raise LogsUnreadable(task.node_id, str(error)) from error
    events = own if own is not None else masked(_from_airflow(execution, task, shown))
    start, page, total = _cut(events, offset, limit)
    if not total and own is None and named and execution.status_reason == DELETED_IN_AIRFLOW:
        # Among the logs of all nodes, those that are there are to be seen.
        raise LogGone(task.node_id)
    if not total and execution.logs_removed_at is not None:
        raise LogsRemoved(task.node_id, f"{execution.logs_removed_at:%Y-%m-%d}")
    return NodeLog(task.node_id, shown, page, start, total, own is not None)


def _from_airflow(
    execution: PipelineExecution, task: TaskExecution, attempt: int
) -> Iterator[LogEvent]:
    try:
        yield from factory.get_airflow_client().logs(
            execution.airflow_dag_id, execution.airflow_dag_run_id, task.node_id, attempt
        )
    except AirflowError as error:
        raise AirflowNotAnswering(str(error)) from error


def _cut(
    events: Iterable[LogEvent], offset: int, limit: int
) -> tuple[int, tuple[LogEvent, ...], int]:
    """Return (place of the first, the events of the page, how many there are in all).

    However long the log, no more than the page is held, or, from the end, what is behind it.
    """
    page: deque[LogEvent] = deque(maxlen=-offset if offset < 0 else None)
    total = 0
    for event in events:
        if offset < 0 or offset <= total < offset + limit:
            page.append(event)
        total += 1
    start = max(total + offset, 0) if offset < 0 else min(offset, total)
    return start, tuple(page)[:limit], total
