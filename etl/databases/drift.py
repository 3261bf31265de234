"""Columns that the input has and the table, or the folder, has not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from etl.databases.config import OnDrift
from etl.dataset import Column
from etl.errors import DataError
from etl.messages import Message, say

Kind = Literal["table", "folder"]


@dataclass(frozen=True)
class Drift:
    """What becomes of the input's columns: `loaded` go into the target, `added` are new there."""

    loaded: tuple[Column, ...]
    added: tuple[Column, ...] = ()
    ignored: tuple[Column, ...] = ()

    @property
    def notice(self) -> str | None:
        """What changed, for people; None if nothing did."""
        if self.added:
            return f"added {_named(self.added)}"
        return f"left out {_named(self.ignored)}" if self.ignored else None


def drift_of(
    table: str,
    columns: Sequence[Column],
    existing: Sequence[str],
    policy: OnDrift,
    *,
    needed: Sequence[str] = (),
    fold: Callable[[str], str] = str,
    kind: Kind = "table",
    field: str = "config.table",
) -> Drift:
    """Return what is to be done; raise DataError if the policy does not allow the difference.

    `needed` are columns that the load cannot do without; `fold` gives equal texts for names that
    are one to the database. `kind` is what the target is called, and `field` what names it.
    """
    known = {fold(name) for name in existing}
    extra = tuple(column for column in columns if fold(column.name) not in known)
    if not extra:
        return Drift(tuple(columns))
    if policy == "add_columns":
        return Drift(tuple(columns), added=extra)
    loaded = tuple(column for column in columns if fold(column.name) in known)
    lost = [column.name for column in extra if column.name in needed]
    if policy == "ignore" and loaded and not lost:
        return Drift(loaded, ignored=extra)
    raise DataError(_lacking(table, kind, extra, existing), field=field)


def _lacking(table: str, kind: Kind, extra: Sequence[Column], existing: Sequence[str]) -> Message:
    names, given = ", ".join(repr(column.name) for column in extra), ", ".join(existing)
    if kind == "folder":
        return say(
            "folder {folder} has no column {columns}; it has {existing}. Add the column to the "
            "folder (on_drift can do that), or rename or leave it out with transform.select.",
            folder=table,
            columns=names,
            existing=given,
        )
    return say(
        "table {table} has no column {columns}; it has {existing}. Add the column to the table "
        "(on_drift can do that), or rename or leave it out with transform.select.",
        table=table,
        columns=names,
        existing=given,
    )


def _named(columns: Sequence[Column]) -> str:
    names = ", ".join(f"'{column.name}'" for column in columns)
    return f"column{'s' if len(columns) > 1 else ''} {names}"
