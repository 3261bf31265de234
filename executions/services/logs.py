"""What the nodes of an execution wrote to their logs, read from Airflow when asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_bridge import factory
from airflow_bridge.client import LogEvent
from airflow_bridge.errors import AirflowError, RunNotFound
from executions.errors import AirflowNotAnswering, LogGone, UnknownNode
from executions.models import PipelineExecution, TaskExecution


@dataclass(frozen=True)
class NodeLog:
    """The log of one try of a node; no events if it has not begun."""

    node_id: str
    attempt: int
    events: tuple[LogEvent, ...]


def execution_logs(
    execution: PipelineExecution, node: str | None = None, attempt: int | None = None
) -> list[NodeLog]:
    """Return the log of a node's try (the latest by default), or of all nodes without `node`.

    Nodes that have not begun have no events. Raise `UnknownNode` for a node or try that does not
    exist, `LogGone` if Airflow dropped it, `AirflowNotAnswering` if Airflow cannot be asked.
    """
    return list(_logs(execution, _chosen(execution, node, attempt), attempt))


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


def _logs(
    execution: PipelineExecution, tasks: list[TaskExecution], attempt: int | None
) -> Iterator[NodeLog]:
    for task in tasks:
        shown = min(attempt or task.tries, task.tries)
        if shown < 1 or execution.triggered_at is None:
            yield NodeLog(task.node_id, 0, ())
            continue
        try:
            events = factory.get_airflow_client().logs(
                execution.airflow_dag_id, execution.airflow_dag_run_id, task.node_id, shown
            )
        except RunNotFound as error:
            raise LogGone(task.node_id) from error
        except AirflowError as error:
            raise AirflowNotAnswering(str(error)) from error
        yield NodeLog(task.node_id, shown, tuple(events))
