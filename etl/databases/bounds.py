"""Having a database leave out the rows that an extractor need not read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from etl.context import Bounds
from etl.dataset import Column
from etl.sql import literal

# Neither texts, which databases order in ways of their own, nor FLOAT, whose texts are rounded.
_COMPARED = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(.*\)|DOUBLE|DATE|TIMESTAMP.*")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


@dataclass(frozen=True)
class Condition:
    """What the column with a number, counted from 0, must be; NULL must be let through, too.

    `comparisons` are pairs of an operator and a value in text, `number` says whether it is one.
    """

    column: int
    comparisons: tuple[tuple[str, str], ...]
    number: bool

    def sql(self, name: str) -> str:
        """Return the SQL, for databases whose texts need no escaping beyond the quote."""
        parts = [
            f"{name} {operator} {value if self.number else literal(value)}"
            for operator, value in self.comparisons
        ]
        return f"(({' AND '.join(parts)}) OR {name} IS NULL)"


def condition_of(bounds: Bounds | None, columns: Sequence[Column]) -> Condition | None:
    """Return what a database can check of bounds; None where it has to give all rows."""
    if bounds is None or (bounds.low is None and bounds.high is None):
        return None
    names = [column.name.casefold() for column in columns]
    if bounds.column.casefold() not in names:
        return None
    place = names.index(bounds.column.casefold())
    kind = columns[place].type
    if not _COMPARED.fullmatch(kind):
        return None
    pairs = ((">=", bounds.low), ("<=", bounds.high))
    found = tuple((operator, _value(value, kind)) for operator, value in pairs if value is not None)
    values = [value for _, value in found]
    if None in values:
        return None
    number = all(_NUMBER.fullmatch(str(value)) for value in values)
    return Condition(place, tuple((o, str(v)) for o, v in found), number)


def _value(value: str, kind: str) -> str | None:
    """Return a value as its type writes it, or None if it is none: the runner then says so."""
    import duckdb

    with duckdb.connect(":memory:") as database:
        database.execute("SET TimeZone = 'UTC'")
        row = database.execute(f"SELECT CAST(TRY_CAST(? AS {kind}) AS VARCHAR)", [value]).fetchone()
    return row[0] if row else None
