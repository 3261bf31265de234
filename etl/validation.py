"""Everything that is wrong with a graph, at once."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from etl.config_errors import explained
from etl.errors import ConfigError
from etl.graph import Edge, Graph, Node, cycle_problem, find_cycle, size_problems
from etl.messages import say
from etl.module import CONNECTION_FORMAT, Module
from etl.ports import output_problems, port_problems
from etl.problems import Problem
from etl.registry import get_module
from etl.templates import is_template, strings, template_problems
from etl.watermarks.checking import watermark_problems

__all__ = ["Problem", "config_errors", "validate_graph"]

# A value nested deeper than this is no config anyone wrote, and would exhaust the stack.
_MAX_DEPTH = 50


def validate_graph(
    raw: object,
    *,
    connections: Collection[str] | None,
    pools: Collection[str] | None = None,
    ends: Collection[str] = (),
) -> list[Problem]:
    """Return every problem of a graph given as any JSON value; [] if it can run.

    `connections` and `pools` are the ids that exist; None means that they cannot be known
    now, and nothing is claimed about them. `ends` are the nodes whose output nobody needs to use,
    in a part of a graph. Never raises.
    """
    if isinstance(raw, Graph):
        raw = raw.model_dump(mode="json")
    if not isinstance(raw, Mapping):
        return [
            Problem(
                None,
                None,
                say("The graph must be a JSON object with 'nodes' and 'edges'. Write one."),
            )
        ]
    if _too_deep(raw):
        return [
            Problem(
                None,
                None,
                say(
                    "The graph is nested deeper than {max_depth} levels. Flatten it.",
                    max_depth=_MAX_DEPTH,
                ),
            )
        ]
    if too_large := size_problems(raw):
        return too_large
    problems = _unknown_keys(raw)
    nodes = _read_nodes(raw.get("nodes"), problems)
    edges = _read_edges(raw.get("edges", []), raw.get("nodes"), problems)
    problems += _duplicates(nodes)
    graph = Graph(nodes=tuple(nodes), edges=tuple(edges))
    for node in nodes:
        problems += _templates(node)
        problems += _pool(node, pools)
        module = _module(node, problems)
        if module is not None:
            problems += _config(node, module, connections)
            around = graph.edges_around(node.id)
            problems += port_problems(node, module, around, is_end=node.id in ends)
            problems += output_problems(node, module.outputs(node.config), around)
            problems += _inputs(node, module, around)
    problems += watermark_problems(nodes, edges)
    cycle = find_cycle({node.id for node in nodes}, edges)
    if cycle:
        problems.append(cycle_problem(cycle))
    return problems


def _too_deep(value: object, depth: int = 0) -> bool:
    if depth > _MAX_DEPTH:
        return True
    if isinstance(value, Mapping):
        return any(_too_deep(item, depth + 1) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_too_deep(item, depth + 1) for item in value)
    return False


def _unknown_keys(raw: Mapping[Any, object]) -> list[Problem]:
    return [
        Problem(None, str(key), say("The graph has no field '{key}'. Remove it.", key=key))
        for key in raw
        if key not in ("nodes", "edges")
    ]


def _read_nodes(raw: object, problems: list[Problem]) -> list[Node]:
    if not isinstance(raw, list | tuple) or not raw:
        problems.append(Problem(None, "nodes", say("The graph has no nodes. Add at least one.")))
        return []
    nodes = []
    for index, item in enumerate(raw):
        try:
            nodes.append(Node.model_validate(item))
        except ValidationError as exc:
            node_id = _claimed_id(item)
            who = (
                say("Node '{node}'", node=node_id)
                if node_id
                else say("Node number {number}", number=index + 1)
            )
            for field, text in explained(exc):
                where = f"nodes.{index}.{field}".rstrip(".") if node_id is None else field
                problems.append(
                    Problem(node_id, where or None, say("{who}: {problem}", who=who, problem=text))
                )
    return nodes


def _claimed_id(item: object) -> str | None:
    claimed = item.get("id") if isinstance(item, Mapping) else None
    return claimed if isinstance(claimed, str) and claimed else None


def _read_edges(raw: object, nodes: object, problems: list[Problem]) -> list[Edge]:
    if not isinstance(raw, list | tuple):
        problems.append(Problem(None, "edges", say("The edges must be a list. Write one.")))
        return []
    # Ids of faulty nodes count: their edges are not the problem.
    known = {_claimed_id(item) for item in nodes} if isinstance(nodes, list | tuple) else set()
    edges: list[Edge] = []
    for index, item in enumerate(raw):
        try:
            edge = Edge.model_validate(item)
        except ValidationError as exc:
            problems += [
                Problem(
                    None,
                    f"edges.{index}.{field}".rstrip("."),
                    say("Edge {number}: {problem}", number=index + 1, problem=text),
                )
                for field, text in explained(exc)
            ]
            continue
        ends = {"source": edge.source, "target": edge.target}
        unknown = [(end, node_id) for end, node_id in ends.items() if node_id not in known]
        for end, node_id in unknown:
            problems.append(
                Problem(
                    None,
                    f"edges.{index}.{end}",
                    say(
                        "Edge {number}: its {end} '{node}' is no node of the graph. Correct "
                        "it, or remove the edge.",
                        number=index + 1,
                        end=end,
                        node=node_id,
                    ),
                )
            )
        if not unknown:
            edges.append(edge)
    return edges


def _duplicates(nodes: list[Node]) -> list[Problem]:
    counts = Counter(node.id for node in nodes)
    return [
        Problem(
            node_id,
            "id",
            say(
                "Node '{node}': {count} nodes have this id. Rename all but one.",
                node=node_id,
                count=count,
            ),
        )
        for node_id, count in counts.items()
        if count > 1
    ]


def _module(node: Node, problems: list[Problem]) -> type[Module] | None:
    try:
        return get_module(node.module)
    except ConfigError as exc:
        problems.append(
            Problem(
                node.id,
                "module",
                say("Node '{node}': {problem}", node=node.id, problem=exc.message),
            )
        )
    return None


def _templates(node: Node) -> list[Problem]:
    return [
        Problem(
            node.id,
            field,
            say("Node '{node}': {field}: {problem}", node=node.id, field=field, problem=text),
        )
        for path, value in strings(node.config, ("config",))
        if is_template(value)
        for field in [".".join(map(str, path))]
        for text in template_problems(value)
    ]


def _pool(node: Node, pools: Collection[str] | None) -> list[Problem]:
    if node.pool is None or pools is None or node.pool in pools:
        return []
    return [
        Problem(
            node.id,
            "pool",
            say(
                "Node '{node}': pool '{pool}' is not defined in Airflow. Create it under "
                "Pools, or pick another.",
                node=node.id,
                pool=node.pool,
            ),
        )
    ]


def config_errors(
    module: type[Module], config: Mapping[str, Any], *, rendered: bool = False
) -> list[tuple[str, str]]:
    """Return (dotted field below config, sentence) for every error of a module's config.

    Values that hold a template are left out, for their type is known only once rendered. In a
    config that is `rendered` there are none: what looks like one is a param's value.
    """
    templated = [path for path, text in strings(config) if is_template(text) and not rendered]
    try:
        module.Config.model_validate(config)
    except ValidationError as exc:
        return [
            found
            for error, found in zip(exc.errors(), explained(exc), strict=True)
            if not any(_within(path, error["loc"]) for path in templated)
        ]
    return []


def _within(path: tuple[str | int, ...], location: tuple[str | int, ...]) -> bool:
    return location[: len(path)] == path


def _config(
    node: Node, module: type[Module], connections: Collection[str] | None
) -> Iterator[Problem]:
    errors = config_errors(module, node.config)
    for field, text in errors:
        yield Problem(
            node.id,
            f"config.{field}".rstrip("."),
            say("Node '{node}': {problem}", node=node.id, problem=text),
        )
    if connections is None:
        return
    wrong = {field for field, _ in errors}
    for field in connection_fields(module.Config):
        value = node.config.get(field)
        if field in wrong or not isinstance(value, str) or is_template(value):
            continue
        if value not in connections:
            yield Problem(
                node.id,
                f"config.{field}",
                say(
                    "Node '{node}': connection '{value}' is not defined in Airflow. Create it "
                    "under Connections, or pick another.",
                    node=node.id,
                    value=value,
                ),
            )


def connection_fields(config: type[BaseModel]) -> list[str]:
    """Return the names of the fields of a module's config that hold connection ids."""
    names = []
    for name, info in config.model_fields.items():
        extra = info.json_schema_extra
        if isinstance(extra, dict) and extra.get("format") == CONNECTION_FORMAT:
            names.append(info.alias or name)
    return names


def _inputs(node: Node, module: type[Module], edges: list[Edge]) -> Iterator[Problem]:
    if any(is_template(text) for _, text in strings(node.config)):
        return
    try:
        config = module.Config.model_validate(node.config)
    except ValidationError:
        return
    graph = Graph(nodes=(node,), edges=tuple(edges))
    for field, text in module.problems(config, graph.inputs_of(node.id)):
        yield Problem(
            node.id, f"config.{field}", say("Node '{node}': {problem}", node=node.id, problem=text)
        )
