"""Columns as a config names them, held against those that an input has."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from etl.errors import ConfigError, MissingColumnError
from etl.messages import say

# A column of an input; an editor offers those that there are.
ColumnName = Annotated[
    str, Field(min_length=1, max_length=200, json_schema_extra={"format": "column"})
]
# A column that a module makes, or that only its source has.
NewColumnName = Annotated[
    str, Field(min_length=1, max_length=200, json_schema_extra={"format": "new-column"})
]


def unique_names(names: Iterable[str]) -> None:
    """Raise ValueError if a name comes twice; case does not count, as in SQL."""
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise ValueError(say("Column '{name}' is named twice. Remove one", name=name))
        seen.add(name.casefold())


def require_columns(
    wanted: Iterable[str], existing: Sequence[str], *, field: str, port: str | None = None
) -> None:
    """Raise ConfigError naming each of `wanted` that is not among the `existing` columns.

    `port` says where they should be, if not in "the input".
    """
    known = {name.casefold() for name in existing}
    missing = [name for name in wanted if name.casefold() not in known]
    if missing:
        raise MissingColumnError(
            say(
                "column {names} does not exist in {port}, which has: {existing}. Correct "
                "the name, or bring the column along in an earlier node.",
                names=", ".join(repr(name) for name in missing),
                port=port or say("the input"),
                existing=", ".join(existing),
            ),
            column=missing[0],
            field=f"config.{field}",
        )


def require_new(names: Iterable[str], existing: Sequence[str], *, field: str) -> None:
    """Raise ConfigError if a column that a module adds has the name of one that is there."""
    known = {name.casefold() for name in existing}
    taken = [name for name in names if name.casefold() in known]
    if taken:
        raise ConfigError(
            say(
                "column {names} is there already. Give the new one another name.",
                names=", ".join(repr(name) for name in taken),
            ),
            field=f"config.{field}",
        )


def header_names(cells: Iterable[str]) -> list[str]:
    """Return the columns that a header names: an empty cell by its place, a repeated one once more.

    No two are the same; case does not count, as in SQL.
    """
    names: list[str] = []
    taken: set[str] = set()
    for number, text in enumerate(cells):
        base = name = text.strip() or f"column{number}"
        again = 0
        while name.casefold() in taken:
            again += 1
            name = f"{base}_{again}"
        taken.add(name.casefold())
        names.append(name)
    return names


def unused_name(base: str, existing: Iterable[str]) -> str:
    """Return a column name that begins with `base` and is not among the `existing`."""
    known = {name.casefold() for name in existing}
    name = base
    while name.casefold() in known:
        name += "_"
    return name
