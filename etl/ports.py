"""Whether the edges around a node fit what its module takes and gives."""

from collections import Counter
from collections.abc import Iterator

from etl.graph import Edge, Node
from etl.module import Module
from etl.problems import Problem


def output_problems(node: Node, outputs: tuple[str, ...], edges: list[Edge]) -> Iterator[Problem]:
    """Yield what is wrong with the outputs that the edges from one node name.

    `outputs` are the names that its config gives them; none where it has the one output.
    """
    listed = ", ".join(f"'{name}'" for name in outputs)
    for edge in edges:
        if edge.source != node.id or (edge.output is None and not outputs):
            continue
        if edge.output is None:
            said = f"names none of its outputs. Set 'output' to one of {listed}."
        elif not outputs:
            said = f"names the output '{edge.output}', but it has only one. Remove 'output'."
        elif edge.output not in outputs:
            said = f"names the output '{edge.output}', which does not exist. Pick one of {listed}."
        else:
            continue
        yield Problem(
            node.id, "edges", f"Node '{node.id}': the edge from it to '{edge.target}' {said}"
        )


def port_problems(
    node: Node, module: type[Module], edges: list[Edge], *, is_end: bool = False
) -> Iterator[Problem]:
    """Yield what is wrong with the edges that enter and leave one node.

    Nobody needs to use the output of a node that `is_end`.
    """
    incoming = [edge for edge in edges if edge.target == node.id]
    outgoing = [edge for edge in edges if edge.source == node.id]
    who = f"Node '{node.id}'"
    if module.kind == "load" and outgoing:
        yield Problem(
            node.id,
            "edges",
            f"{who}: it loads, so nothing can follow it, but '{outgoing[0].target}' does. "
            "Take the input of that node from an earlier one.",
        )
    if module.kind != "load" and not outgoing and not is_end:
        yield Problem(
            node.id, "edges", f"{who}: no node uses its output. Connect it, or remove it."
        )
    if not module.ports and not module.variadic:
        if incoming:
            yield Problem(
                node.id,
                "edges",
                f"{who}: it extracts, so it takes no input, but '{incoming[0].source}' feeds it. "
                "Remove that edge.",
            )
    elif module.variadic:
        yield from _variadic_ports(who, node, incoming)
    else:
        yield from _named_ports(who, node, module.ports, incoming)


def _variadic_ports(who: str, node: Node, incoming: list[Edge]) -> Iterator[Problem]:
    if not incoming:
        yield Problem(node.id, "edges", f"{who}: it has no input. Connect a node to it.")
    names = Counter((edge.port or edge.output or edge.source).casefold() for edge in incoming)
    for name, count in names.items():
        if count > 1:
            yield Problem(
                node.id,
                "edges",
                f"{who}: {count} of its inputs are named '{name}'. Name their ports apart.",
            )


def _named_ports(
    who: str, node: Node, ports: tuple[str, ...], incoming: list[Edge]
) -> Iterator[Problem]:
    listed = ", ".join(f"'{port}'" for port in ports)
    used: Counter[str] = Counter()
    for edge in incoming:
        if edge.port is None and len(ports) > 1:
            yield Problem(
                node.id,
                "edges",
                f"{who}: the edge from '{edge.source}' names no port. Set it to one of {listed}.",
            )
        elif edge.port is not None and edge.port not in ports:
            yield Problem(
                node.id,
                "edges",
                f"{who}: the edge from '{edge.source}' names the port '{edge.port}', which does "
                f"not exist. Set it to {'one of ' if len(ports) > 1 else ''}{listed}.",
            )
        else:
            used[edge.port or ports[0]] += 1
    unnamed = any(edge.port is None and len(ports) > 1 for edge in incoming)
    for port in ports:
        if used[port] > 1:
            yield Problem(
                node.id,
                "edges",
                f"{who}: {used[port]} edges enter the port '{port}', which takes one. "
                "Join them first, or remove all but one.",
            )
        elif used[port] == 0 and not unnamed:
            missing = "it has no input" if len(ports) == 1 else f"its port '{port}' has no input"
            yield Problem(node.id, "edges", f"{who}: {missing}. Connect a node to it.")
