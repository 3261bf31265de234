"""Following column names and types through a graph before it runs.

Nothing is claimed where something is not known: a column that is missing is reported only if
every input of its node tells its columns.
"""

import difflib
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from etl.context import RunContext
from etl.dataset import Column, Dataset
from etl.errors import ConfigError, DataError, ETLError, MissingColumnError
from etl.graph import Graph, Node, split_reference
from etl.module import Extractor, Loader, Module, ModuleConfig, Result, Transformer
from etl.problems import Problem
from etl.registry import get_module
from etl.remembering import Memory
from etl.template_context import template_context
from etl.templates import is_template, outside_templates, render, strings

if TYPE_CHECKING:
    import duckdb

_SHOWN_COLUMNS = 20
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


@dataclass(frozen=True)
class GraphSchemas:
    """What is known of each output, by its reference ("node" or "node.output"), and what is wrong.

    An output that is not in `outputs` is unknown.
    """

    outputs: Mapping[str, OutputSchema]
    problems: tuple[Problem, ...]


# What transformers gave before, for configs and columns that come again.
SchemaMemory = Memory[Mapping[str, OutputSchema]]

# Gives the columns of an extractor, None where they cannot be known.
Peek = Callable[[Node, Extractor], "tuple[Column, ...] | None"]


def peek_with(context: Callable[[str], RunContext]) -> Peek:
    """Return a peek that asks the extractor itself, in the context made for its node."""

    def peek(node: Node, module: Extractor) -> tuple[Column, ...] | None:
        try:
            return module.peek(context(node.id))
        except ETLError:
            # A file may come later, and a server come back: nothing is wrong with the graph.
            return None

    return peek


def follow_columns(
    graph: Graph,
    *,
    params: Mapping[str, object],
    peek: Peek,
    skip: Collection[str] = (),
    memory: SchemaMemory | None = None,
) -> GraphSchemas:
    """Return the columns of every output that can be known, and every problem with them.

    The graph must have passed `etl.validation.validate_graph`, but for the nodes that `skip`
    names: nothing is claimed about what they give, nor about a node whose module is gone.
    `params` are those known now; what is claimed holds for any values of them. With a `memory`
    what it holds is not asked for again, and no origins are looked for, which takes longer than all
    the rest.
    """
    return _Walk(graph, params, peek, frozenset(skip), memory).run()


@dataclass
class _Walk:
    graph: Graph
    params: Mapping[str, object]
    peek: Peek
    skip: frozenset[str] = frozenset()
    memory: SchemaMemory | None = None
    outputs: dict[str, OutputSchema] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def run(self) -> GraphSchemas:
        with tempfile.TemporaryDirectory(prefix="logidata-") as folder:
            for node_id in self.graph.topological_order():
                if node_id not in self.skip:
                    self._visit(self.graph.node(node_id), Path(folder))
        return GraphSchemas(self.outputs, tuple(self.problems))

    def _visit(self, node: Node, folder: Path) -> None:
        cls = _installed(node.module)
        if cls is None or not _names_are_fixed(cls, node.config):
            return
        module = self._configured(cls, node)
        if isinstance(module, Extractor):
            columns = self.peek(node, module)
            if columns is not None:
                self.problems += _watermark(node, columns)
                origins = {c.name: frozenset([Origin(node.id, c.name)]) for c in columns}
                self.outputs[node.id] = OutputSchema(columns, origins)
            return
        inputs = self.graph.inputs_of(node.id)
        known = {port: self.outputs[ref] for port, ref in inputs.items() if ref in self.outputs}
        if module is None or len(known) < len(inputs):
            return
        try:
            if isinstance(module, Loader):
                _check_loader(module, known)
            elif isinstance(module, Transformer) and module.pure:
                self.outputs |= self._transformed(node, module, known, folder)
        except MissingColumnError as error:
            if any(error.column in text for text in outside_templates(node.config)):
                self.problems.append(_missing(node, error, inputs, known))
        except DataError:
            # It has looked at its input, and found no rows.
            return
        except ETLError as error:
            if not any(is_template(text) for _, text in strings(node.config)):
                where = error.field or "config"
                self.problems.append(Problem(node.id, where, f"Node '{node.id}': {error.message}"))

    def _transformed(
        self, node: Node, module: Transformer, known: Mapping[str, OutputSchema], folder: Path
    ) -> Mapping[str, OutputSchema]:
        if self.memory is None:
            return _transformed(node, module, known, folder)
        tables = tuple((port, schema.columns) for port, schema in known.items())
        key = (node.id, node.module, module.config.model_dump_json(), tables)
        return self.memory.recall(
            key, lambda: _transformed(node, module, known, folder, traced=False)
        )

    def _configured(self, cls: type[Module], node: Node) -> Module | None:
        now = datetime.now(UTC)
        context = template_context(_AnyParams(self.params), now=now, run_id="check")
        try:
            return cls(cls.Config.model_validate(render(node.config, context)))
        except (ConfigError, ValidationError):
            return None


def _installed(key: str) -> type[Module] | None:
    """Return a module; None for one that an old revision has and that is installed no more."""
    try:
        return get_module(key)
    except ConfigError:
        return None


class _AnyParams(dict[str, object]):
    """Params of which those without a value have one: a text that SQL reads as a number."""

    def __missing__(self, name: str) -> str:
        return "0"


@lru_cache(maxsize=500)
def _schema_of(config: type[ModuleConfig]) -> Mapping[str, Any]:
    return config.model_json_schema()


def _names_are_fixed(cls: type[Module], config: Mapping[str, Any]) -> bool:
    """Whether no param can change the names of columns: expressions give values, no names."""
    schema = _schema_of(cls.Config)
    return all(
        _format_at(schema, schema, path) == "sql-expression"
        for path, text in strings(config)
        if is_template(text)
    )


def _format_at(
    root: Mapping[str, Any], schema: Mapping[str, Any], path: tuple[str | int, ...]
) -> str | None:
    """Return the `format` that a JSON Schema gives the value at a path within its instance."""
    if "$ref" in schema:
        return _format_at(root, root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], path)
    options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if options:
        found = {_format_at(root, option, path) for option in options}
        return next((name for name in found if name), None)
    if not path:
        text = schema.get("format")
        return str(text) if text else None
    step, rest = path[0], path[1:]
    below = (
        schema.get("items")
        if isinstance(step, int)
        else schema.get("properties", {}).get(step, schema.get("additionalProperties"))
    )
    return _format_at(root, below, rest) if isinstance(below, Mapping) else None


def _check_loader(module: Loader, known: Mapping[str, OutputSchema]) -> None:
    """Raise MissingColumnError if the config names a column that the input does not have."""
    (schema,) = known.values()
    names = {column.name.casefold() for column in schema.columns}
    json_schema = _schema_of(module.Config)
    for path, text in strings(module.config.model_dump(mode="json")):
        if _format_at(json_schema, json_schema, path) == "column" and text.casefold() not in names:
            raise MissingColumnError("", column=text, field=f"config.{path[0]}")


def _transformed(
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


def _watermark(node: Node, columns: tuple[Column, ...]) -> Iterator[Problem]:
    """Yield the problem of a watermark on a column that its extractor does not give."""
    names = [column.name for column in columns]
    wanted = node.watermark.column if node.watermark else None
    if wanted is not None and wanted.casefold() not in {name.casefold() for name in names}:
        gives = _gives(node.id, OutputSchema(columns, {}))
        yield Problem(
            node.id,
            "watermark.column",
            f"Node '{node.id}': there is no column '{wanted}' for its watermark; {gives}."
            f"{_did_you_mean(wanted, names)}",
        )


def _missing(
    node: Node,
    error: MissingColumnError,
    inputs: Mapping[str, str],
    known: Mapping[str, OutputSchema],
) -> Problem:
    given = "; ".join(_gives(reference, known[port]) for port, reference in inputs.items())
    names = [column.name for schema in known.values() for column in schema.columns]
    hint = _did_you_mean(error.column, names)
    return Problem(
        node.id,
        error.field or _field_of(node, error.column),
        f"Node '{node.id}': there is no column '{error.column}'; {given}.{hint}",
    )


def _did_you_mean(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else " Correct the name."


def _gives(reference: str, schema: OutputSchema) -> str:
    names = sorted(column.name for column in schema.columns)
    more = f" and {len(names) - _SHOWN_COLUMNS} more" if len(names) > _SHOWN_COLUMNS else ""
    source, output = split_reference(reference)
    which = f"{source} (output {output})" if output else source
    return f"{which} gives {', '.join(names[:_SHOWN_COLUMNS])}{more}"


def _field_of(node: Node, column: str) -> str:
    """Return the config field whose text names the column."""
    fields: Iterator[str] = (
        ".".join(map(str, ("config", *path)))
        for path, text in strings(node.config)
        if column in text
    )
    return next(fields, "config")
