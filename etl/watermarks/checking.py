"""Whether the watermarks of a graph can do what they promise."""

import re
from collections.abc import Iterator, Sequence

from etl.graph import Edge, Graph, Node
from etl.messages import say
from etl.module import Loader, Module
from etl.problems import Problem
from etl.registry import UnknownModuleError, get_module

# Names that differ from one execution to the next; a day does not.
_RUN = re.compile(r"^[^}]*\b(run_id|ts|ts_nodash)\b")


def watermark_problems(nodes: Sequence[Node], edges: Sequence[Edge]) -> Iterator[Problem]:
    """Yield what is wrong with the watermarks of nodes whose ids differ."""
    graph = Graph(nodes=tuple(nodes), edges=tuple(edges))
    by_id = {node.id: node for node in nodes}
    for node in nodes:
        module = _module(node)
        if node.watermark is None or module is None:
            continue
        if module.kind != "extract":
            yield _problem(
                node,
                say(
                    "'{module}' takes its rows from other nodes, so it has no watermark. "
                    "Give it to the extractor that reads them.",
                    module=node.module,
                ),
            )
            continue
        loaders = [by_id[loader] for loader in graph.loaders_after(node.id)]
        if not loaders:
            yield _problem(
                node,
                say(
                    "no loader takes its rows, so its watermark would never move. Add a "
                    "loader, or remove the watermark."
                ),
            )
        for loader in loaders:
            cls = _module(loader)
            if isinstance(cls, type) and issubclass(cls, Loader) and _writes_anew(cls, loader):
                yield _problem(
                    node,
                    say(
                        "with a watermark it gives only new rows, but '{loader}' makes the rows of "
                        "an execution the only ones in its target. Give that a mode that keeps "
                        "the others (append or upsert), a path of its own for each execution, "
                        "with {{{{ run_id }}}} in it, or remove the watermark.",
                        loader=loader.id,
                    ),
                )
    yield from _doubled(graph)


def _doubled(graph: Graph) -> Iterator[Problem]:
    """Yield the loaders that would add rows again when one of several windows is read again."""
    sources: dict[str, list[str]] = {}
    for node in graph.nodes:
        module = _module(node)
        if node.watermark is not None and module is not None and module.kind == "extract":
            for loader in graph.loaders_after(node.id):
                sources.setdefault(loader, []).append(node.id)
    for loader, nodes in sources.items():
        cls, node = _module(graph.node(loader)), graph.node(loader)
        if len(nodes) > 1 and cls and issubclass(cls, Loader) and cls.doubles(node.config):
            names = ", ".join(f"'{name}'" for name in nodes)
            yield _problem(
                node,
                say(
                    "rows of {names} come to it, each by a watermark of its own, and it adds "
                    "rows: after a failed execution some would come twice. Give it mode "
                    "upsert, or each extractor a loader of its own.",
                    names=names,
                ),
            )


def _module(node: Node) -> type[Module] | None:
    try:
        return get_module(node.module)
    except UnknownModuleError:
        return None


def _writes_anew(cls: type[Loader], node: Node) -> bool:
    return not cls.adds(node.config) and not _differs_by_run(node.config.get("path"))


def _differs_by_run(path: object) -> bool:
    return isinstance(path, str) and any(_RUN.search(part) for part in path.split("{{")[1:])


def _problem(node: Node, text: str) -> Problem:
    return Problem(
        node.id, "watermark", say("Node '{node}': {problem}", node=node.id, problem=text)
    )
