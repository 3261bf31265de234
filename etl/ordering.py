"""Orders and partitions that a config asks for, as SQL."""

from collections.abc import Sequence

from pydantic import Field

from etl.columns import ColumnName
from etl.module import ModuleConfig
from etl.sql import quote


class SortKey(ModuleConfig):
    """A column to sort by."""

    column: ColumnName = Field(description="Column to sort by.")
    descending: bool = Field(default=False, description="Largest first.")


def ordering(keys: Sequence[SortKey], *, ties: Sequence[str] = (), reverse: bool = False) -> str:
    """Return the items of an ORDER BY, by `keys` and then by the columns `ties`.

    Empty values come last, also if the order is reversed. With all columns of a table in `ties`
    only rows that are the same in everything can change places.
    """
    named = {key.column.casefold() for key in keys}
    items = [(key.column, key.descending) for key in keys]
    items += [(name, False) for name in ties if name.casefold() not in named]
    return ", ".join(
        f"{quote(name)} {'DESC' if descending is not reverse else 'ASC'} NULLS LAST"
        for name, descending in items
    )


def named(keys: Sequence[SortKey]) -> list[str]:
    """Return the columns that keys name."""
    return [key.column for key in keys]


def partition(names: Sequence[str]) -> str:
    """Return the PARTITION BY of a window; without names nothing, for all rows are one."""
    return f"PARTITION BY {', '.join(quote(name) for name in names)}" if names else ""
