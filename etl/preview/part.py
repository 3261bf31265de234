"""The part of a graph that a preview runs: what the rows of one node are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl.errors import ConfigError
from etl.graph import Graph, GraphError, parse_graph, split_reference
from etl.messages import say
from etl.problems import Problem
from etl.registry import UnknownModuleError, get_module
from etl.validation import validate_graph


@dataclass(frozen=True)
class Part:
    """What is to run for a preview of `node`: extractors and transformers only.

    `shown` names, by the name that it is shown under, the reference of each output to look at:
    the node's own, or for a loader, which never runs, what arrives at it.
    """

    node: str
    graph: Graph
    shown: Mapping[str, str]


# The name of the only output of a node.
OUTPUT = ""


def part_of(raw: object, node_id: str) -> Part:
    """Return what a preview of a node runs; raise GraphError naming every problem in that part.

    What is wrong elsewhere in the graph, or missing, does not matter.
    """
    nodes, edges = _items(raw, "nodes"), _items(raw, "edges")
    asked = next((node for node in nodes if node.get("id") == node_id), None)
    if asked is None:
        message = say("The graph has no node '{node}'. Pick one of its nodes.", node=node_id)
        raise _problem(None, "node", message)
    needed = _upstream(node_id, edges)
    ends = {node_id}
    loads = _kind(asked) == "load"
    if loads:
        needed.discard(node_id)
        ends = {str(edge.get("source")) for edge in edges if edge.get("target") == node_id}
        if not ends:
            unfed = say("nothing arrives at it yet. Connect a node to it.")
            message = say("Node '{node}': {problem}", node=node_id, problem=unfed)
            raise _problem(node_id, "edges", message)
    cut = {
        "nodes": [_bare(node) for node in nodes if node.get("id") in needed],
        "edges": [
            edge for edge in edges if edge.get("source") in needed and edge.get("target") in needed
        ],
    }
    problems = validate_graph(cut, connections=None, ends=ends)
    if problems:
        raise GraphError(problems)
    graph = parse_graph(cut)
    if loads:
        return Part(node_id, graph, _arriving(node_id, edges))
    names = get_module(graph.node(node_id).module).outputs(graph.node(node_id).config)
    return Part(node_id, graph, {name: f"{node_id}.{name}" for name in names} or {OUTPUT: node_id})


def _items(raw: object, key: str) -> list[dict[str, Any]]:
    value = raw.get(key, []) if isinstance(raw, Mapping) else None
    if not isinstance(value, list | tuple) or not all(isinstance(v, Mapping) for v in value):
        message = say("The graph's {key} must be a list of objects. Write one.", key=key)
        raise _problem(None, key, message)
    return [dict(item) for item in value]


def _problem(node: str | None, field: str, message: str) -> GraphError:
    return GraphError([Problem(node, field, message)])


def _kind(node: Mapping[str, Any]) -> str | None:
    try:
        return get_module(str(node.get("module"))).kind
    except (UnknownModuleError, ConfigError):
        return None


def _bare(node: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a preview has no use for: it reads from the beginning, once, and here."""
    unused = ("watermark", "pool", "position", "name", "retries")
    return {key: value for key, value in node.items() if key not in unused}


def _upstream(node_id: str, edges: list[dict[str, Any]]) -> set[object]:
    found: set[object] = {node_id}
    reached: list[object] = [node_id]
    while reached:
        target = reached.pop()
        for edge in edges:
            source = edge.get("source")
            if edge.get("target") == target and isinstance(source, str) and source not in found:
                found.add(source)
                reached.append(source)
    return found


def _arriving(node_id: str, edges: list[dict[str, Any]]) -> dict[str, str]:
    incoming = [edge for edge in edges if edge.get("target") == node_id]
    return {
        str(edge.get("port") or "input"): ".".join(
            str(part) for part in (edge["source"], edge.get("output")) if part
        )
        for edge in incoming
    }


def sources_of(part: Part, node_id: str) -> dict[str, tuple[str, str | None]]:
    """Return {port: (node, output)} of what feeds a node."""
    inputs = part.graph.inputs_of(node_id)
    return {port: split_reference(reference) for port, reference in inputs.items()}
