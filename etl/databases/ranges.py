"""Cutting the values of a column into ranges that can be read at the same time."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from etl.errors import ConfigError
from etl.messages import say


@dataclass(frozen=True)
class Range:
    """Values from `low` on, below `high`; None is no bound, and the first range has no `low`."""

    low: object | None
    high: object | None


def ranges(least: Any, most: Any, count: int, name: str) -> list[Range]:
    """Return at most `count` ranges, which together hold every value there can be.

    Return none if there is nothing to divide; raise ConfigError for a type without distances.
    """
    if least is None or most is None or least == most:
        return []
    if isinstance(least, bool) or not isinstance(least, int | float | Decimal | date | datetime):
        raise ConfigError(
            say(
                "column '{column}' cannot be cut into ranges. Name one of numbers, dates or times.",
                column=name,
            ),
            field="config.partition_column",
        )
    width = most - least
    if isinstance(least, float | Decimal) and not Decimal(width).is_finite():
        return []
    inner = sorted(
        {
            least + (width * step // count if isinstance(least, int) else width * step / count)
            for step in range(1, count)
        }
        - {least}
    )
    edges = [None, *inner, None]
    return [Range(low, high) for low, high in pairwise(edges)] if inner else []
