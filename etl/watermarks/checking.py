"""Whether the watermarks of a graph can do what they promise."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from etl.graph import Edge, Graph, Node
from etl.module import Loader, Module
from etl.problems import Problem
from etl.registry import UnknownModuleError, get_module
from etl.templates import is_template


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
                f"'{node.module}' takes its rows from other nodes, so it has no watermark. Give "
                "it to the extractor that reads them.",
            )
            continue
        loaders = [by_id[loader] for loader in graph.loaders_after(node.id)]
        if not loaders:
            yield _problem(
                node,
                "no loader takes its rows, so its watermark would never move. Add a loader, or "
                "remove the watermark.",
            )
        for loader in loaders:
            cls = _module(loader)
            if isinstance(cls, type) and issubclass(cls, Loader) and _writes_anew(cls, loader):
                yield _problem(
                    node,
                    f"with a watermark it gives only new rows, but '{loader.id}' makes the rows "
                    "of an execution the only ones in its target. Give that a mode that keeps the "
                    "others (append or upsert), a path of its own for each execution, such as one "
                    "with {{ ts_nodash }}, or remove the watermark.",
                )


def _module(node: Node) -> type[Module] | None:
    try:
        return get_module(node.module)
    except UnknownModuleError:
        return None


def _writes_anew(cls: type[Loader], node: Node) -> bool:
    return not cls.adds(node.config) and not _is_templated(node.config)


def _is_templated(config: Mapping[str, Any]) -> bool:
    path = config.get("path")
    return isinstance(path, str) and is_template(path)


def _problem(node: Node, text: str) -> Problem:
    return Problem(node.id, "watermark", f"Node '{node.id}': {text}")
