"""Following column names and types through a graph before it runs.

Nothing is claimed where something is not known: a column that is missing is reported only if
every input of its node tells its columns.
"""

import math
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from etl.column_problems import missing_column, watermark_problems
from etl.context import RunContext
from etl.dataset import Column
from etl.errors import ConfigError, DataError, ETLError, MissingColumnError
from etl.graph import Graph, Node, canonical_json
from etl.messages import say
from etl.module import Extractor, Loader, Module, ModuleConfig, Transformer
from etl.output_schemas import Origin, OutputSchema, transformed
from etl.problems import Problem
from etl.registry import get_module
from etl.remembering import Memory
from etl.sql_cost import is_cheap
from etl.template_context import template_context
from etl.templates import is_template, only_picks, outside_templates, render, strings


@dataclass(frozen=True)
class GraphSchemas:
    """What is known of each output, by its reference ("node" or "node.output"), and what is wrong.

    An output that is not in `outputs` is unknown. It is not `complete` where the time was up.
    """

    outputs: Mapping[str, OutputSchema]
    problems: tuple[Problem, ...]
    complete: bool = True


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
    seconds: float = math.inf,
) -> GraphSchemas:
    """Return the columns of every output that can be known, and every problem with them.

    The graph must have passed `etl.validation.validate_graph`, but for the nodes that `skip`
    names: nothing is claimed about what they give, nor about a node whose module is gone.
    `params` are those known now; what is claimed holds for any values of them. With a `memory`
    what it holds is not asked for again, and no origins are looked for, which takes longer than all
    the rest. After so many `seconds` only what it holds is followed: asked again, it holds more.
    """
    until = time.monotonic() + seconds
    return _Walk(graph, params, peek, frozenset(skip), memory, until).run()


_LONG_PARAM = 1000


class _TimeUpError(Exception):
    """No further transformer is run."""


@dataclass
class _Walk:
    graph: Graph
    params: Mapping[str, object]
    peek: Peek
    skip: frozenset[str] = frozenset()
    memory: SchemaMemory | None = None
    until: float = math.inf
    complete: bool = True
    outputs: dict[str, OutputSchema] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._params = _AnyParams(self.params)

    def run(self) -> GraphSchemas:
        with tempfile.TemporaryDirectory(prefix="logidata-") as folder:
            for node_id in self.graph.topological_order():
                if node_id not in self.skip:
                    self._visit(self.graph.node(node_id), Path(folder))
        return GraphSchemas(self.outputs, tuple(self.problems), self.complete)

    def _visit(self, node: Node, folder: Path) -> None:
        cls = _installed(node.module)
        if cls is None or not _names_are_fixed(cls, node.config):
            return
        module = self._configured(cls, node)
        if isinstance(module, Extractor):
            columns = self.peek(node, module)
            if columns is not None:
                self.problems += watermark_problems(node, columns)
                origins = {c.name: frozenset([Origin(node.id, c.name)]) for c in columns}
                self.outputs[node.id] = OutputSchema(columns, origins)
            return
        inputs = self.graph.inputs_of(node.id)
        known = {port: self.outputs[ref] for port, ref in inputs.items() if ref in self.outputs}
        if module is None or len(known) < len(inputs):
            return
        try:
            self._follow(node, module, known, folder)
        except MissingColumnError as error:
            if any(error.column in text for text in outside_templates(node.config)):
                self.problems.append(missing_column(node, error, inputs, known))
        except DataError:
            # It has looked at its input, and found no rows.
            return
        except ETLError as error:
            if not any(is_template(text) for _, text in strings(node.config)):
                where = error.field or "config"
                self.problems.append(
                    Problem(
                        node.id,
                        where,
                        say("Node '{node}': {problem}", node=node.id, problem=error.message),
                    )
                )

    def _follow(
        self, node: Node, module: Module, known: Mapping[str, OutputSchema], folder: Path
    ) -> None:
        try:
            if isinstance(module, Loader):
                _check_loader(module, known)
            elif isinstance(module, Transformer) and module.pure:
                self.outputs |= self._transformed(node, module, known, folder)
        except _TimeUpError:
            self.complete = False

    def _transformed(
        self, node: Node, module: Transformer, known: Mapping[str, OutputSchema], folder: Path
    ) -> Mapping[str, OutputSchema]:
        if self.memory is None:
            return transformed(node, module, known, folder) if _is_cheap(module) else {}
        tables = tuple((port, schema.columns) for port, schema in known.items())
        key = (node.id, node.module, module.config.fingerprint(), tables)

        def run() -> Mapping[str, OutputSchema]:
            if time.monotonic() > self.until:
                raise _TimeUpError
            if not _is_cheap(module):
                return {}
            return transformed(node, module, known, folder, traced=False)

        return self.memory.recall(key, run)

    def _configured(self, cls: type[Module], node: Node) -> Module | None:
        now = datetime.now(UTC)
        context = template_context(self._params, now=now, run_id="check")
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
    """Params of which those without a value have one: a text that SQL reads as a number.

    So have those of a long value: a template may repeat it any number of times.
    """

    def __init__(self, params: Mapping[str, object]) -> None:
        super().__init__((k, v) for k, v in params.items() if len(canonical_json(v)) < _LONG_PARAM)

    def __missing__(self, name: str) -> str:
        return "0"


@lru_cache(maxsize=500)
def _schema_of(config: type[ModuleConfig]) -> Mapping[str, Any]:
    return config.model_json_schema()


def _names_are_fixed(cls: type[Module], config: Mapping[str, Any]) -> bool:
    """Whether no param can change the names of columns: expressions give values, no names.

    And whether it can be rendered here, where somebody waits.
    """
    schema = _schema_of(cls.Config)
    return all(
        _format_at(schema, schema, path) == "sql-expression" and only_picks(text)
        for path, text in strings(config)
        if is_template(text)
    )


def _is_cheap(module: Module) -> bool:
    """Whether DuckDB can be asked what a module gives without computing much."""
    schema = _schema_of(module.Config)
    found = (
        (text, _format_at(schema, schema, path))
        for path, text in strings(module.config.model_dump(mode="json"))
    )
    return all(
        is_cheap(text, expression=kind == "sql-expression")
        for text, kind in found
        if kind in ("sql", "sql-expression")
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
