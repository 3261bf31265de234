"""What kind of values a watermark's column has, and whether what is set fits them."""

import math
import re
from typing import TYPE_CHECKING

from etl.errors import ConfigError
from etl.inputs import Inputs
from etl.messages import say
from etl.sql import literal
from etl.watermarks.config import Watermark, interval

if TYPE_CHECKING:
    import duckdb

_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(.*\)|FLOAT|DOUBLE")
_TIME = re.compile(r"DATE|TIMESTAMP.*")
# More than any column of whole numbers spans.
_FAR = 10**20


def is_time(kind: str) -> bool:
    """Whether a type is one of dates or times."""
    return _TIME.fullmatch(kind) is not None


def type_in(relation: "duckdb.DuckDBPyRelation", watermark: Watermark) -> str:
    """Return the type of a watermark's column; raise ConfigError if it tells nothing of age."""
    wanted = watermark.column.casefold()
    for name, kind in zip(relation.columns, map(str, relation.types), strict=True):
        if name.casefold() == wanted:
            if _NUMBER.fullmatch(kind) or is_time(kind) or kind == "VARCHAR":
                return kind
            raise ConfigError(
                say(
                    "the column '{name}' of its watermark is a {kind}, in which nothing "
                    "tells what is new. Name a column of numbers, dates, times or texts.",
                    name=name,
                    kind=kind,
                ),
                field="watermark.column",
            )
    raise ConfigError(
        say(
            "there is no column '{column}' for its watermark; the output has "
            "{columns}. Correct the name.",
            column=watermark.column,
            columns=", ".join(sorted(relation.columns)),
        ),
        field="watermark.column",
    )


def check_order(watermark: Watermark, before: str, now: str) -> None:
    """Raise ConfigError if values of the two types are in different orders.

    A single faulty date makes a column of a CSV file one of texts, and the newest of them.
    """
    if _order(before) != _order(now):
        raise ConfigError(
            say(
                "the column '{column}' of its watermark was a {type} when it was last "
                "read, and is a {now} now, in another order. Correct the source or "
                "give the column its type; or set the watermark to a value from which to "
                "go on in the new order.",
                column=watermark.column,
                type=before,
                now=now,
            ),
            field="watermark.column",
        )


def check_start(
    watermark: Watermark, start: str, kind: str, inputs: Inputs, *, initial: bool
) -> None:
    """Raise ConfigError if the value to begin at, initial or not, is none of the column's type."""
    row = inputs.query(f"SELECT TRY_CAST({literal(start)} AS {kind}) IS NULL").fetchone()
    if row and row[0]:
        told = {"start": start, "type": kind, "column": watermark.column}
        if initial:
            raise ConfigError(
                say(
                    "the initial value '{start}' of its watermark is no {type}, as the column "
                    "'{column}' is. Correct it.",
                    **told,
                ),
                field="watermark.initial",
            )
        raise ConfigError(
            say(
                "the position '{start}' of its watermark is no {type}, as the column "
                "'{column}' is. Set the watermark to one from which to go on.",
                **told,
            ),
            field="watermark",
        )


def behind(watermark: Watermark, value: str | None, kind: str) -> str:
    """Return the SQL of a value with the lag taken off."""
    lag, plain = watermark.lag, f"CAST({literal(str(value))} AS {kind})"
    if not lag:
        return plain
    time = interval(lag)
    if (time is not None) != is_time(kind) or kind == "VARCHAR":
        fits = say("a time such as '2 hours'") if is_time(kind) else say("a number")
        raise ConfigError(
            say(
                "the lag {lag} of its watermark does not fit the column '{column}', "
                "which is a {kind}. Write {fits}.",
                lag=lag,
                column=watermark.column,
                kind=kind,
                fits=say("no lag") if kind == "VARCHAR" else fits,
            ),
            field="watermark.lag",
        )
    if time:
        return f"({plain} - INTERVAL '{time}')"
    if _WHOLE.fullmatch(kind):
        # In their own type the small ones, and those without a sign, would overflow.
        return f"(CAST({plain} AS HUGEINT) - {min(math.floor(float(lag)), _FAR)})"
    return f"({plain} - {lag})"


def _order(kind: str) -> str:
    if is_time(kind):
        return "time"
    return "number" if _NUMBER.fullmatch(kind) else "text"
