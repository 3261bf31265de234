"""Where the columns of an execution's outputs came from."""

from etl.dataset import Column
from etl.graph import parse_graph
from executions.models import PipelineExecution, TaskExecution
from pipelines.services import OutputColumns, lineage


def execution_lineage(execution: PipelineExecution) -> list[OutputColumns]:
    """Return the columns of every output of the revision that ran; [] if that is not known.

    The extractors' columns are those that they gave in this run.
    """
    if execution.revision is None:
        return []
    seen = {task.node_id: columns for task in execution.tasks.all() if (columns := _columns(task))}
    snapshot = execution.revision.snapshot
    params = {**snapshot["default_params"], **execution.params}
    return lineage(parse_graph(snapshot["config"]), params, seen)


def _columns(task: TaskExecution) -> tuple[Column, ...]:
    """Return the columns of a node's output, in their order; empty where they are not known."""
    output = task.output or {}
    schema = output.get("schema")
    if not isinstance(schema, dict):
        return ()
    # The database keeps no order of an object's names.
    return tuple(Column(name, schema[name]) for name in output.get("columns") or schema)
