"""Whether every row that a node took in is accounted for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.columns import unused_name
from etl.errors import DataError, TransientError
from etl.messages import say
from etl.sql import INPUT, quote

if TYPE_CHECKING:
    from etl.dataset import Dataset
    from etl.inputs import Inputs
    from etl.module import Account, Count


@dataclass(frozen=True)
class RowAccount:
    """Where a node's rows went: `rows_in + added == rows_out + rejected + removed`."""

    rows_in: int
    rows_out: int
    rejected: int
    removed: int
    added: int

    def close(self) -> None:
        """Raise DataError if rows are missing, or are more than they can be."""
        missing = self.rows_in + self.added - self.rows_out - self.rejected - self.removed
        if missing:
            raise DataError(
                say(
                    "its rows do not add up: {rows_in} came in and {added} were made, but "
                    "{rows_out} go on, {rejected} were rejected and {removed} dropped on "
                    "purpose, so {so}. Nothing of this node was kept; execute "
                    "again, and report it if it comes back.",
                    rows_in=self.rows_in,
                    added=self.added,
                    rows_out=self.rows_out,
                    rejected=self.rejected,
                    removed=self.removed,
                    so=say("{rows} are missing", rows=missing)
                    if missing > 0
                    else say("{rows} are too many", rows=-missing),
                )
            )


def check_load(rows_in: int, rows_out: int, rejected: int) -> None:
    """Raise DataError if a load's rows do not add up. For loaders, right before they commit."""
    RowAccount(rows_in, rows_out, rejected, 0, 0).close()


def repeated(inputs: "Inputs", names: Sequence[str], *, source: str = INPUT) -> "Count":
    """Return how many rows are dropped of `source`, a table in SQL, if one of each group is kept.

    Rows with equal values in the columns `names` are a group.
    """
    rows = quote(unused_name("rows", names))
    groups = (
        f"(SELECT count(*) AS {rows} FROM {source} "  # noqa: S608
        f"GROUP BY {', '.join(quote(name) for name in names)} HAVING count(*) > 1)"
    )
    return inputs.select([f"coalesce(sum({rows} - 1), 0)"], source=groups)


def counted(count: "Count | None") -> int | None:
    """Return the number behind a count, asking the relation or function if it is one."""
    if count is None or isinstance(count, int):
        return count
    if callable(count):
        return count()
    row = count.fetchone()
    return int(row[0]) if row else 0


def account_of(
    kind: "Account",
    *,
    rows_in: int,
    rows_out: int,
    rejected: int,
    removed: int | None,
    added: int | None,
) -> RowAccount:
    """Return the account of a node that says of itself what it removed and added.

    A module that keeps every row has removed and added none, whatever it gives out. What one that
    removes or makes rows does not say is taken to be what the numbers leave.
    """
    difference = rows_in - rows_out - rejected
    if kind == "removes" and removed is None:
        removed = max(difference, 0)
    if kind == "makes":
        if removed is None and added is None:
            removed, added = max(difference, 0), max(-difference, 0)
        elif removed is None:
            removed = difference + (added or 0)
        elif added is None:
            added = removed - difference
    return RowAccount(rows_in, rows_out, rejected, removed or 0, added or 0)


def check_inputs(datasets: "Mapping[str, Dataset]", inputs: "Inputs") -> None:
    """Raise TransientError if a staged input no longer has the rows that it was committed with."""
    for port, dataset in datasets.items():
        found = counted(inputs.relation(port).aggregate("count(*)"))
        if found != dataset.rows:
            raise TransientError(
                say(
                    "its input at {uri} has {found} rows instead of the {rows} that were "
                    "staged. Execute the pipeline again from the node that makes it.",
                    uri=dataset.uri,
                    found=found,
                    rows=dataset.rows,
                )
            )
