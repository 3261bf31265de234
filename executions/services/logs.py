"""What the nodes of an execution wrote to their logs: as they are kept, or as Airflow has them."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from django.utils.translation import gettext as _

from airflow_bridge import factory
from airflow_bridge.client import LogEvent
from airflow_bridge.errors import AirflowError
from executions.errors import AirflowNotAnswering, LogGone, LogsRemoved, LogsUnreadable, UnknownNode
from executions.models import PipelineExecution, TaskExecution
from executions.services.log_masking import masked
from executions.services.log_sharing import SharedLogs
from executions.services.log_store import kept
from executions.services.log_wording import worded
from executions.statuses import DELETED_IN_AIRFLOW
from pipelines.errors import DomainError
from pipelines.messages import translated

_PART = 64 * 1024
_shared = SharedLogs()

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


@dataclass(frozen=True)
class LogFile:
    """A log as a file: its name, and its parts while they are read."""

    name: str
    chunks: Iterator[bytes]


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
    masked, and what is not of the node's own work is worded for readers. Raise `UnknownNode` for a
    node or try that does not exist, `LogGone` if Airflow dropped it, `LogsRemoved` if we did,
    `AirflowNotAnswering` if Airflow cannot be asked, `LogsUnreadable` if our copy cannot be read.
    """
    return [
        _page(execution, task, attempt, offset, limit, named=node is not None)
        for task in _chosen(execution, node, attempt)
    ]


def log_file(
    execution: PipelineExecution, node: str | None = None, attempt: int | None = None
) -> LogFile:
    """Return the whole log of a node's try (the latest by default), or of all nodes, as a file.

    Raise as `execution_logs` does. Where reading fails once it has begun, the file ends with why.
    """
    tasks = _chosen(execution, node, attempt)
    lines = _lines(execution, tasks, attempt, named=node is not None)
    # What can be told as an error is told before the file begins.
    first = next(lines, None)
    parts = ["execution", str(execution.pk), *([node] if node else [])]
    name = re.sub(
        r"[^A-Za-z0-9_.-]", "_", "-".join([*parts, *([f"try-{attempt}"] if attempt else [])])
    )
    return LogFile(
        f"{name}.log", _chunks(chain([] if first is None else [first], _to_the_end(lines)))
    )


def _lines(
    execution: PipelineExecution, tasks: list[TaskExecution], attempt: int | None, *, named: bool
) -> Iterator[str]:
    for task in tasks:
        shown = min(attempt or task.tries, task.tries)
        if not named:
            yield f"=== {task.node_id}, try {shown} ==="
        if shown < 1 or execution.triggered_at is None:
            continue
        events, is_kept = _events(execution, task, shown)
        first = next(events, None)
        if first is None:
            _require_some(execution, task, is_kept=is_kept, named=named)
            continue
        yield from map(_line, chain([first], events))


def _line(event: LogEvent) -> str:
    moment = event.timestamp.isoformat() if event.timestamp else ""
    return " ".join(filter(None, (moment, event.level.upper(), event.message)))


def _to_the_end(lines: Iterator[str]) -> Iterator[str]:
    try:
        yield from lines
    except (DomainError, OSError) as error:
        yield _("[The rest cannot be read: %(error)s]") % {"error": error}


def _chunks(lines: Iterator[str]) -> Iterator[bytes]:
    """Yield the lines in parts that are worth sending."""
    part = bytearray()
    for line in lines:
        part += f"{line}\n".encode("utf-8", "replace")
        if len(part) >= _PART:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def node_of(execution: PipelineExecution, node: str) -> TaskExecution:
    """Return a node of an execution; raise `UnknownNode`."""
    tasks = list(execution.tasks.all())
    for task in tasks:
        if task.node_id == node:
            return task
    known = ", ".join(task.node_id for task in tasks) or _("none")
    raise UnknownNode(
        _("The execution has no node '%(node)s'. Its nodes: %(known)s.")
        % {"node": node, "known": known}
    )


def _chosen(
    execution: PipelineExecution, node: str | None, attempt: int | None
) -> list[TaskExecution]:
    if node is None:
        return list(execution.tasks.all())
    chosen = [node_of(execution, node)]
    if attempt is not None and not 1 <= attempt <= max(chosen[0].tries, 1):
        raise UnknownNode(
            _(
                "Node '%(node)s' has no try %(attempt)s; it has had %(tries)s. Leave the "
                "try out for the latest."
            )
            % {"node": node, "attempt": attempt, "tries": chosen[0].tries}
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
    events, is_kept = _events(execution, task, shown)
    start, page, total = _cut(events, offset, limit)
    if not total:
        _require_some(execution, task, is_kept=is_kept, named=named)
    return NodeLog(task.node_id, shown, worded(page, execution, task, shown), start, total, is_kept)


def _events(
    execution: PipelineExecution, task: TaskExecution, attempt: int
) -> tuple[Iterator[LogEvent], bool]:
    """Return the log of a try, and whether it is our copy."""
    try:
        own = kept(execution, task.node_id, attempt) if attempt <= task.logs_kept else None
    except OSError as error:
        raise LogsUnreadable(task.node_id, str(error)) from error
    if own is not None:
        return own, True
    key = (execution.pk, task.node_id, attempt)
    return _shared.events(key, lambda: masked(_from_airflow(execution, task, attempt))), False


def _require_some(
    execution: PipelineExecution, task: TaskExecution, *, is_kept: bool, named: bool
) -> None:
    """Say why a log is empty, where that is known."""
    if not is_kept and named and execution.status_reason == DELETED_IN_AIRFLOW:
        # Among the logs of all nodes, those that are there are to be seen.
        raise LogGone(task.node_id)
    if execution.logs_removed_at is not None:
        raise LogsRemoved(task.node_id, f"{execution.logs_removed_at:%Y-%m-%d}")


def _from_airflow(
    execution: PipelineExecution, task: TaskExecution, attempt: int
) -> Iterator[LogEvent]:
    try:
        yield from factory.get_airflow_client().logs(
            execution.airflow_dag_id, execution.airflow_dag_run_id, task.node_id, attempt
        )
    except AirflowError as error:
        raise AirflowNotAnswering(translated(str(error))) from error


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
