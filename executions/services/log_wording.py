"""Logs as readers are shown them: what happened beside the node's own work, in calm words.

What is stored, and given as a file, stays as it was written.
"""

import re
from dataclasses import replace

from django.utils.translation import gettext as _

from airflow_bridge.client import LogEvent
from executions.models import PipelineExecution, TaskExecution
from executions.statuses import FINAL_NODE_STATUSES, NodeStatus

# Airflow asks the log server of the worker for the log of a node that runs, even where it has
# read the file itself, and where no log server runs.
_NOT_SERVED = re.compile(r"\W*Could not read served logs: ")
# How the operator ends when its process is told to stop; a traceback stands before it.
_STOPPED = re.compile(r"Node '[^']*' was stopped while it worked\.")
_KILLED = "Task killed!"


def worded(
    events: tuple[LogEvent, ...], execution: PipelineExecution, task: TaskExecution, attempt: int
) -> tuple[LogEvent, ...]:
    """Return the events of a try, one for each, as a reader is shown them."""
    was_cancelled = _was_cancelled(execution, task, attempt)
    return tuple(_worded(event, execution, was_cancelled=was_cancelled) for event in events)


def _worded(event: LogEvent, execution: PipelineExecution, *, was_cancelled: bool) -> LogEvent:
    if event.timestamp is None and _NOT_SERVED.match(event.message):
        text = _("Airflow did not reach the worker's log server, and shows what the log file has.")
        return replace(event, level="info", message=text)
    if was_cancelled and _STOPPED.search(event.message):
        return replace(event, level="info", message=_stopped(execution))
    if was_cancelled and event.message == _KILLED:
        return replace(event, level="info", message=_("Airflow has ended the node's process."))
    return event


def _stopped(execution: PipelineExecution) -> str:
    by = execution.cancel_requested_by
    if by is None:
        return _("The node was stopped, for its execution was cancelled.")
    return _("The node was stopped, for %(user)s cancelled its execution.") % {
        "user": by.get_username()
    }


def _was_cancelled(execution: PipelineExecution, task: TaskExecution, attempt: int) -> bool:
    """Return whether the try was cancelled, or will be known to be: its log comes first."""
    if attempt == task.tries:
        is_ending = task.status not in FINAL_NODE_STATUSES
        return task.status == NodeStatus.CANCELLED or (
            is_ending and execution.cancel_requested_at is not None
        )
    return any(
        one["number"] == attempt and one["status"] == NodeStatus.CANCELLED for one in task.run_tries
    )
