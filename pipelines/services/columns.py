"""Which columns each node of a graph gives, and where they come from, before it runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from etl.dataset import Column
from etl.graph import Graph, Node, split_reference
from etl.output_schemas import Origin
from etl.problems import Problem
from etl.schemas import GraphSchemas, SchemaMemory, follow_columns
from pipelines.messages import in_words
from pipelines.services.peeking import Sources

# Seconds that somebody who saves, or looks, waits for all sources together, and in which is
# computed what nodes give.
_WAIT = 6.0
_FOLLOW = 15.0

# What nodes were found to give, for those who draw and those who save.
remembered = SchemaMemory(size=5000)


@dataclass(frozen=True)
class ColumnOrigin:
    """A column of an output. `sources` are columns of extractors; None where they are unknown."""

    name: str
    type: str
    sources: tuple[Origin, ...] | None


@dataclass(frozen=True)
class OutputColumns:
    """The columns of one output; `output` is its name where the node has several.

    `columns` is None where they are not known.
    """

    node: str
    output: str | None
    columns: tuple[ColumnOrigin, ...] | None


def column_problems(graph: Graph, params: Mapping[str, object]) -> list[Problem]:
    """Return what is wrong with the columns that nodes name, as far as columns are known."""
    sources = Sources(_WAIT, anew=True)
    found = follow_columns(
        graph, params=params, peek=sources.peek, memory=remembered, seconds=_FOLLOW
    )
    return [in_words(problem) for problem in found.problems]


def lineage(
    graph: Graph,
    params: Mapping[str, object],
    seen: Mapping[str, tuple[Column, ...]] | None = None,
) -> list[OutputColumns]:
    """Return the columns of every output, in the graph's order.

    `seen` are the columns that extractors gave in a run, by node; without it the extractors are
    asked.
    """
    if seen is None:
        found = follow_columns(graph, params=params, peek=Sources(_WAIT).peek, seconds=_FOLLOW)
    else:
        found = follow_columns(graph, params=params, peek=lambda node, _: seen.get(node.id))
    return [
        _output(reference, found)
        for node_id in graph.topological_order()
        for reference in _references(graph.node(node_id), found)
    ]


def _references(node: Node, found: GraphSchemas) -> list[str]:
    """Return the references of a node's outputs; a loader has none."""
    named = [name for name in found.outputs if split_reference(name)[0] == node.id]
    return named or ([] if node.module.startswith("load.") else [node.id])


def _output(reference: str, found: GraphSchemas) -> OutputColumns:
    node, output = split_reference(reference)
    schema = found.outputs.get(reference)
    if schema is None:
        return OutputColumns(node, output, None)
    columns = tuple(
        ColumnOrigin(
            column.name,
            column.type,
            tuple(sorted(schema.origins[column.name])) if column.name in schema.origins else None,
        )
        for column in schema.columns
    )
    return OutputColumns(node, output, columns)
