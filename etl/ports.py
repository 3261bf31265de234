"""Whether the edges around a node fit what its module takes and gives."""

from collections import Counter
from collections.abc import Iterator

from etl.graph import Edge, Node
from etl.messages import Message, say
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
            said = say(
                "the edge from it to '{target}' names none of its outputs. Set 'output' to one of "
                "{outputs}.",
                target=edge.target,
                outputs=listed,
            )
        elif not outputs:
            said = say(
                "the edge from it to '{target}' names the output '{output}', but it has only one. "
                "Remove 'output'.",
                target=edge.target,
                output=edge.output,
            )
        elif edge.output not in outputs:
            said = say(
                "the edge from it to '{target}' names the output '{output}', which does not exist. "
                "Pick one of {outputs}.",
                target=edge.target,
                output=edge.output,
                outputs=listed,
            )
        else:
            continue
        yield _problem(node, said)


def _problem(node: Node, problem: Message) -> Problem:
    return Problem(node.id, "edges", say("Node '{node}': {problem}", node=node.id, problem=problem))


def port_problems(
    node: Node, module: type[Module], edges: list[Edge], *, is_end: bool = False
) -> Iterator[Problem]:
    """Yield what is wrong with the edges that enter and leave one node.

    Nobody needs to use the output of a node that `is_end`.
    """
    incoming = [edge for edge in edges if edge.target == node.id]
    outgoing = [edge for edge in edges if edge.source == node.id]
    if module.kind == "load" and outgoing:
        yield _problem(
            node,
            say(
                "it loads, so nothing can follow it, but '{target}' does. Take "
                "the input of that node from an earlier one.",
                target=outgoing[0].target,
            ),
        )
    if module.kind != "load" and not outgoing and not is_end:
        yield _problem(
            node,
            say("no node uses its output. Connect it, or remove it."),
        )
    if not module.ports and not module.variadic:
        if incoming:
            yield _problem(
                node,
                say(
                    "it extracts, so it takes no input, but '{source}' feeds it. Remove that edge.",
                    source=incoming[0].source,
                ),
            )
    elif module.variadic:
        yield from _variadic_ports(node, incoming)
    else:
        yield from _named_ports(node, module.ports, incoming)


def _variadic_ports(node: Node, incoming: list[Edge]) -> Iterator[Problem]:
    if not incoming:
        yield _problem(node, say("it has no input. Connect a node to it."))
    names = Counter((edge.port or edge.output or edge.source).casefold() for edge in incoming)
    for name, count in names.items():
        if count > 1:
            yield _problem(
                node,
                say(
                    "{count} of its inputs are named '{name}'. Name their ports apart.",
                    count=count,
                    name=name,
                ),
            )


def _named_ports(node: Node, ports: tuple[str, ...], incoming: list[Edge]) -> Iterator[Problem]:
    listed = ", ".join(f"'{port}'" for port in ports)
    used: Counter[str] = Counter()
    for edge in incoming:
        if edge.port is None and len(ports) > 1:
            yield _problem(
                node,
                say(
                    "the edge from '{source}' names no port. Set it to one of {listed}.",
                    source=edge.source,
                    listed=listed,
                ),
            )
        elif edge.port is not None and edge.port not in ports:
            yield _problem(
                node,
                say(
                    "the edge from '{source}' names the port '{port}', which does not exist. "
                    "Set it to one of {listed}.",
                    source=edge.source,
                    port=edge.port,
                    listed=listed,
                )
                if len(ports) > 1
                else say(
                    "the edge from '{source}' names the port '{port}', which does not exist. "
                    "Set it to {listed}.",
                    source=edge.source,
                    port=edge.port,
                    listed=listed,
                ),
            )
        else:
            used[edge.port or ports[0]] += 1
    unnamed = any(edge.port is None and len(ports) > 1 for edge in incoming)
    for port in ports:
        if used[port] > 1:
            yield _problem(
                node,
                say(
                    "{used} edges enter the port '{port}', which takes one. Join them "
                    "first, or remove all but one.",
                    used=used[port],
                    port=port,
                ),
            )
        elif used[port] == 0 and not unnamed:
            if len(ports) == 1:
                yield _problem(node, say("it has no input. Connect a node to it."))
            else:
                missing = say("its port '{port}' has no input. Connect a node to it.", port=port)
                yield _problem(node, missing)
