"""Where the columns of an execution's outputs came from."""

from etl.dataset import Column
from etl.graph import parse_graph
from executions.models import PipelineExecution
from pipelines.services import OutputColumns, lineage


def execution_lineage(execution: PipelineExecution) -> list[OutputColumns]:
    """Return the columns of every output of the revision that ran; [] if that is not known.

    The extractors' columns are those that they gave in this run.
    """
    if execution.revision is None:
        return []
    seen = {
        task.node_id: tuple(Column(name, kind) for name, kind in schema.items())
        for task in execution.tasks.all()
        if isinstance(schema := (task.output or {}).get("schema"), dict)
    }
    snapshot = execution.revision.snapshot
    params = {**snapshot["default_params"], **execution.params}
    return lineage(parse_graph(snapshot["config"]), params, seen)
