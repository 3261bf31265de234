"""The graph that an execution runs, as it was when it began."""

from typing import Any

from etl.graph import Graph, parse_graph
from executions.models import PipelineExecution

Graphic = dict[str, Any]


def execution_graph(execution: PipelineExecution) -> Graphic:
    """Return the nodes and edges of the revision that an execution runs.

    `position` is where the editor draws a node now; null for all, unless it draws each of them.
    Without a known revision there are the nodes that ran, and no edges.
    """
    if execution.revision is None:
        nodes = execution.tasks.values("node_id", "node_name", "module")
        return {
            "nodes": [_node(node["node_id"], node["node_name"], node["module"]) for node in nodes],
            "edges": [],
        }
    graph = parse_graph(execution.revision.snapshot["config"])
    drawn = _drawn(execution, graph)
    by_id = {node.id: node for node in graph.nodes}
    return {
        "nodes": [
            _node(node_id, by_id[node_id].name, by_id[node_id].module, drawn.get(node_id))
            for node_id in graph.topological_order()
        ],
        "edges": [edge.model_dump() for edge in graph.edges],
    }


def _node(
    node_id: str, name: str, module: str, position: dict[str, float] | None = None
) -> Graphic:
    return {"id": node_id, "name": name or node_id, "module": module, "position": position}


def _drawn(execution: PipelineExecution, graph: Graph) -> dict[str, dict[str, float]]:
    """Return the places of the nodes: looks are no part of a revision, but of the pipeline."""
    if execution.pipeline is None:
        return {}
    places = {
        node.id: node.position.model_dump()
        for node in parse_graph(execution.pipeline.config).nodes
        if node.position is not None
    }
    return places if all(node.id in places for node in graph.nodes) else {}
