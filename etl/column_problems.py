"""Columns that nodes name and that are not there, in the words of someone who draws a graph."""

import difflib
from collections.abc import Iterator, Mapping

from etl.dataset import Column
from etl.errors import MissingColumnError
from etl.graph import Node, split_reference
from etl.messages import Message, join, say
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
            say(
                "Node '{node}': there is no column '{column}' for its watermark; {gives}. {hint}",
                node=node.id,
                column=wanted,
                gives=gives,
                hint=_did_you_mean(wanted, names),
            ),
        )


def missing_column(
    node: Node,
    error: MissingColumnError,
    inputs: Mapping[str, str],
    known: Mapping[str, OutputSchema],
) -> Problem:
    gives = join((_gives(reference, known[port]) for port, reference in inputs.items()), "; ")
    names = [column.name for schema in known.values() for column in schema.columns]
    hint = _did_you_mean(error.column, names)
    return Problem(
        node.id,
        error.field or _field_of(node, error.column),
        say(
            "Node '{node}': there is no column '{column}'; {gives}. {hint}",
            node=node.id,
            column=error.column,
            gives=gives,
            hint=hint,
        ),
    )


def _did_you_mean(name: str, names: list[str]) -> Message:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return say("Did you mean '{near}'?", near=near[0]) if near else say("Correct the name.")


def _gives(reference: str, schema: OutputSchema) -> Message:
    names = sorted(column.name for column in schema.columns)
    listed = ", ".join(names[:_SHOWN_COLUMNS])
    source, output = split_reference(reference)
    which = say("{source} (output {output})", source=source, output=output) if output else source
    if len(names) <= _SHOWN_COLUMNS:
        return say("{which} gives {columns}", which=which, columns=listed)
    return say(
        "{which} gives {columns} and {count} more",
        which=which,
        columns=listed,
        count=len(names) - _SHOWN_COLUMNS,
    )


def _field_of(node: Node, column: str) -> str:
    """Return the config field whose text names the column."""
    fields: Iterator[str] = (
        ".".join(map(str, ("config", *path)))
        for path, text in strings(node.config)
        if column in text
    )
    return next(fields, "config")
