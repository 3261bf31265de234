"""What a transformer gives for inputs of certain columns, found out without a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.context import RunContext
from etl.dataset import Column, Dataset
from etl.graph import Node
from etl.module import Result, Transformer

if TYPE_CHECKING:
    import duckdb

# Parquet has no 128-bit integers: see `etl.staging`.
_STAGED_TYPES = {"HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)"}


@dataclass(frozen=True, order=True)
class Origin:
    """A column of an extractor, from which values come."""

    node: str
    column: str


@dataclass(frozen=True)
class OutputSchema:
    """The columns of one output, and for each the columns of extractors that it comes from.

    A column that is missing in `origins` comes from where nobody knows; one with none is made
    of constants.
    """

    columns: tuple[Column, ...]
    origins: Mapping[str, frozenset[Origin]]


def transformed(
    node: Node,
    module: Transformer,
    known: Mapping[str, OutputSchema],
    folder: Path,
    *,
    traced: bool = True,
) -> dict[str, OutputSchema]:
    """Return what a transformer gives for inputs of these columns, by reference."""
    import duckdb

    from etl.duckdb_errors import translate
    from etl.engine import Engine
    from etl.inputs import Inputs

    context = RunContext(execution_id="check", node_id=node.id, staging=str(folder))
    datasets = {port: Dataset("", known[port].columns, 0, 0, ()) for port in known}
    tables = {port: list(known[port].columns) for port in known}
    if module.variadic and len(tables) == 1:
        tables.setdefault("input", next(iter(tables.values())))
    with Engine(tables=tables, folder=folder, memory_limit=context.memory_limit) as engine:
        try:
            output = module.execute(Inputs(datasets, engine), context)
            rows = output.output if isinstance(output, Result) else output
            several = rows if isinstance(rows, Mapping) else {"": rows}
            return {
                f"{node.id}.{name}".rstrip("."): _described(relation, tables, known, traced=traced)
                for name, relation in several.items()
                if isinstance(relation, duckdb.DuckDBPyRelation)
            }
        except duckdb.Error as exc:
            raise translate(exc, context.memory_limit) from exc


def _described(
    relation: "duckdb.DuckDBPyRelation",
    tables: Mapping[str, list[Column]],
    known: Mapping[str, OutputSchema],
    *,
    traced: bool,
) -> OutputSchema:
    from etl.lineage import sources_of

    types = [_STAGED_TYPES.get(str(kind), str(kind)) for kind in relation.types]
    columns = tuple(Column(*pair) for pair in zip(relation.columns, types, strict=True))
    if not traced:
        return OutputSchema(columns, {})
    sources = sources_of(relation.sql_query(), relation.columns, tables) or {}
    only = next(iter(known.values()))
    origins = {}
    for name, found in sources.items():
        before = [known.get(table, only).origins.get(column) for table, column in found]
        if all(origin is not None for origin in before):
            origins[name] = frozenset(o for origin in before for o in origin or ())
    return OutputSchema(columns, origins)
