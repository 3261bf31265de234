"""The graph of a pipeline: nodes, and the edges that carry data between them."""

import json
import keyword
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from etl.config_errors import explained
from etl.errors import ConfigError
from etl.messages import join, say
from etl.problems import Problem
from etl.watermarks.config import Watermark

MAX_ID_LENGTH = 100
# Beyond what anyone reads on a screen, and what is looked at in seconds: some of what is asked of a
# graph takes time that grows with the square of its size.
MAX_NODES, MAX_EDGES = 1000, 10_000
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class GraphError(ConfigError):
    """A graph that cannot be read. `problems` lists everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(join(problem.message for problem in problems))
        self.problems = tuple(problems)


class Position(BaseModel):
    """Where an editor draws a node. Looks only: outside the hash of a revision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: float
    y: float


class Node(BaseModel):
    """One step of a graph: a module with its config. Becomes the Airflow task `id`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    module: str = Field(min_length=1)
    name: str = Field(default="", max_length=200)
    config: dict[str, Any] = Field(default_factory=dict)
    retries: int = Field(default=0, ge=0, le=100)
    # Seconds; None is the operator's own: 15 s, doubled with every retry, up to 5 minutes.
    retry_delay: float | None = Field(default=None, ge=0, le=86_400)
    retry_backoff: bool | None = None
    max_retry_delay: float | None = Field(default=None, gt=0, le=86_400)
    # Seconds for each try; None is without end.
    timeout: float | None = Field(default=None, gt=0, le=30 * 86_400)
    pool: str | None = Field(default=None, min_length=1)
    watermark: Watermark | None = None
    position: Position | None = None

    @field_validator("id")
    @classmethod
    def _is_identifier(cls, value: str) -> str:
        if not _ID.fullmatch(value) or len(value) > MAX_ID_LENGTH or keyword.iskeyword(value):
            raise ValueError(
                say(
                    "A node id is at most 100 ASCII letters, digits and underscores, starts "
                    "with a letter and is no Python keyword. Rename it"
                )
            )
        return value


class Edge(BaseModel):
    """Data flows from `source` to `target`, into `port` when the target has several.

    `output` names the one that is meant where the source has several.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    target: str
    port: str | None = None
    output: str | None = None

    @property
    def reference(self) -> str:
        """What flows: the id of the source, with its output's name behind a dot if it has one."""
        return f"{self.source}.{self.output}" if self.output else self.source


def split_reference(reference: str) -> tuple[str, str | None]:
    """Return (node id, name of its output) of an edge's reference; no id holds a dot."""
    source, _, output = reference.partition(".")
    return source, output or None


class Graph(BaseModel):
    """Nodes and edges. Structure only: see `etl.validation` for whether it makes sense."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()

    @cached_property
    def _by_id(self) -> Mapping[str, Node]:
        # Of several with the same id the first one counts.
        return {node.id: node for node in reversed(self.nodes)}

    @cached_property
    def _entering(self) -> Mapping[str, list[Edge]]:
        return _grouped(self.edges, lambda edge: edge.target)

    @cached_property
    def _leaving(self) -> Mapping[str, list[Edge]]:
        return _grouped(self.edges, lambda edge: edge.source)

    def node(self, node_id: str) -> Node:
        """Return the node with that id; raise KeyError if there is none."""
        return self._by_id[node_id]

    def inputs_of(self, node_id: str) -> dict[str, str]:
        """Return {port: reference of what feeds it}, in the order of the edges.

        A reference is a node id, or "id.output" for one of several outputs. An edge without a
        port enters a module's first port, or, where the module takes any number of inputs, the
        port named after its source, or after the output if it has one.
        """
        default = _default_port(self.node(node_id).module)
        return {
            edge.port or default or edge.output or edge.source: edge.reference
            for edge in self._entering.get(node_id, ())
        }

    def edges_around(self, node_id: str) -> list[Edge]:
        """Return the edges that enter a node, and then those that only leave it."""
        leaving = [edge for edge in self._leaving.get(node_id, ()) if edge.target != node_id]
        return [*self._entering.get(node_id, ()), *leaving]

    def loaders_after(self, node_id: str) -> list[str]:
        """Return the ids of the loaders that rows of a node can come to, sorted."""
        reached, found = [node_id], {node_id}
        while reached:
            for edge in self._leaving.get(reached.pop(), ()):
                if edge.target not in found:
                    found.add(edge.target)
                    reached.append(edge.target)
        return sorted(
            node.id for node in self.nodes if node.id in found and _kind(node.module) == "load"
        )

    def topological_order(self) -> list[str]:
        """Return all node ids, each after those that feed it; ties keep the graph's order.

        Raise GraphError naming the nodes of a cycle.
        """
        ids = [node.id for node in self.nodes]
        places = {node_id: place for place, node_id in enumerate(ids)}
        waits_for = {
            node_id: {edge.source for edge in self._entering.get(node_id, ())} for node_id in ids
        }
        # A heap, as it is in order.
        free = [places[node_id] for node_id in places if not waits_for[node_id]]
        order: list[str] = []
        while free:
            node_id = ids[heappop(free)]
            order.append(node_id)
            for target in {edge.target for edge in self._leaving.get(node_id, ())}:
                left = waits_for.get(target)
                if left is None:
                    continue
                left.discard(node_id)
                if not left:
                    heappush(free, places[target])
        if len(order) < len(ids):
            raise GraphError([cycle_problem(find_cycle(ids, self.edges))])
        return order


def _grouped(edges: Iterable[Edge], end: Callable[[Edge], str]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        found.setdefault(end(edge), []).append(edge)
    return found


def _default_port(module: str) -> str | None:
    # The registry imports the modules, which import this package's contracts.
    from etl.registry import UnknownModuleError, get_module

    try:
        cls = get_module(module)
    except UnknownModuleError:
        return "input"
    if cls.variadic:
        return None
    return cls.ports[0] if cls.ports else "input"


def watermark_of(node: Node, graph: Graph) -> dict[str, Any] | None:
    """Return a node's watermark as `etl.runner.run_node` takes it, None for a node without."""
    if node.watermark is None:
        return None
    return {**node.watermark.model_dump(mode="json"), "loaders": graph.loaders_after(node.id)}


def _kind(module: str) -> str | None:
    from etl.registry import UnknownModuleError, get_module

    try:
        return get_module(module).kind
    except UnknownModuleError:
        return None


def find_cycle(ids: Collection[str], edges: Collection[Edge]) -> list[str]:
    """Return the nodes of one cycle, each feeding the next, or [] if there is none."""
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(ids, ()))
    for edge in edges:
        if edge.source in ids and edge.target in ids:
            sorter.add(edge.target, edge.source)
    try:
        sorter.prepare()
    except CycleError as exc:
        # graphlib repeats the first node at the end.
        return list(exc.args[1][:-1])
    return []


def size_problems(raw: Mapping[Any, object]) -> list[Problem]:
    """Return the problems of a graph, given as a JSON object, that is too large to be read."""
    return [
        Problem(
            None,
            field,
            say(
                "The graph has {count:,} {what}, more than {most:,}. Make several pipelines of it.",
                count=len(found),
                what=what,
                most=most,
            ),
        )
        for field, what, most in (
            ("nodes", say("nodes"), MAX_NODES),
            ("edges", say("edges"), MAX_EDGES),
        )
        if isinstance(found := raw.get(field), list | tuple) and len(found) > most
    ]


def cycle_problem(cycle: Sequence[str]) -> Problem:
    """Return the problem that names the nodes of `cycle`."""
    names = " → ".join([*cycle, *cycle[:1]])
    return Problem(
        node=cycle[0] if cycle else None,
        field="edges",
        message=say(
            "The nodes {names} feed each other in a cycle. Remove one of these edges.", names=names
        ),
    )


def parse_graph(raw: object) -> Graph:
    """Return the graph that a JSON value holds; raise GraphError if its structure is wrong."""
    if isinstance(raw, Graph):
        return raw
    if isinstance(raw, Mapping) and (too_large := size_problems(raw)):
        raise GraphError(too_large)
    try:
        return Graph.model_validate(raw)
    except ValidationError as exc:
        raise GraphError(
            [
                Problem(None, field or None, say("In the graph: {problem}", problem=text))
                for field, text in explained(exc)
            ]
        ) from None


def canonical(graph: Graph | Mapping[str, object]) -> dict[str, Any]:
    """Return what a graph does, without how it looks, in one order.

    Two graphs that run the same give the same value: positions are left out, defaults are
    filled in, nodes and edges are sorted. Raise GraphError if `graph` is no graph.
    """
    dump = parse_graph(graph).model_dump(mode="json", exclude={"nodes": {"__all__": {"position"}}})
    dump["nodes"].sort(key=lambda node: node["id"])
    dump["edges"].sort(key=lambda e: (e["source"], e["target"], e["port"] or "", e["output"] or ""))
    return dump


def canonical_json(value: object) -> str:
    """Return `value` as compact JSON with sorted keys: the text that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
