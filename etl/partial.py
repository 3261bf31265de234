"""The part of an unfinished graph of which something can be said all the same."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from etl.errors import ConfigError
from etl.graph import Edge, Graph, Node, find_cycle, size_problems
from etl.problems import Problem
from etl.registry import get_module


@dataclass(frozen=True)
class PartialGraph:
    """The nodes and edges that can be read; of those in `unsure` nobody knows what they give."""

    graph: Graph
    unsure: frozenset[str]


def partial_graph(raw: object, problems: Iterable[Problem]) -> PartialGraph:
    """Return what can be read of a graph given as any JSON value that is not nested too deeply.

    `problems` are those that `etl.validation.validate_graph` found in it. Of a graph that is too
    large nothing is read. Never raises.
    """
    fields = raw if isinstance(raw, Mapping) and not size_problems(raw) else {}
    nodes, ambiguous = _nodes(fields.get("nodes"))
    edges: list[Edge] = _read(Edge, fields.get("edges"))
    unsure = {problem.node for problem in problems if _decides(problem)} | ambiguous
    # Whatever comes through an edge that leads from nowhere is missing.
    unsure |= {edge.target for edge in edges if edge.source not in nodes}
    edges = [edge for edge in edges if edge.source in nodes and edge.target in nodes]
    while cycle := find_cycle(nodes.keys(), edges):
        unsure |= set(cycle)
        edges = [edge for edge in edges if not {edge.source, edge.target} <= set(cycle)]
    graph = Graph(nodes=tuple(nodes.values()), edges=tuple(edges))
    unsure |= {node_id for node_id in nodes if not _is_connected(node_id, graph)}
    return PartialGraph(graph, frozenset(node_id for node_id in unsure if node_id in nodes))


def _nodes(raw: object) -> tuple[dict[str, Node], set[str]]:
    """Return the nodes that can be read by id, and the ids that several have."""
    found: list[Node] = _read(Node, raw)
    counts = Counter(node.id for node in found)
    return {node.id: node for node in found}, {name for name, n in counts.items() if n > 1}


def _read(kind: Any, raw: object) -> list[Any]:
    found = []
    for item in raw if isinstance(raw, list | tuple) else ():
        try:
            found.append(kind.model_validate(item))
        except ValidationError:
            continue
    return found


def _decides(problem: Problem) -> bool:
    """Whether a problem leaves open what its node gives: one of its module or config does."""
    return (problem.field or "").split(".")[0] in ("module", "config")


def _is_connected(node_id: str, graph: Graph) -> bool:
    """Whether a node has a module that is there, and exactly the inputs which that takes."""
    try:
        module = get_module(graph.node(node_id).module)
    except ConfigError:
        return False
    ports = graph.inputs_of(node_id).keys()
    return bool(ports) if module.variadic else ports == set(module.ports)
