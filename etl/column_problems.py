"""Columns that nodes name and that are not there, in the words of someone who draws a graph."""

import difflib
from collections.abc import Iterator, Mapping

from etl.dataset import Column
from etl.errors import MissingColumnError
from etl.graph import Node, split_reference
from etl.output_schemas import OutputSchema
from etl.problems import Problem
from etl.templates import strings

_SHOWN_COLUMNS = 20


def watermark_problems(node: Node, columns: tuple[Column, ...]) -> Iterator[Problem]:
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


def missing_column(
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
