"""The watermark of a node, as a graph gives it."""

import math
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from etl.messages import say

_DURATION = re.compile(r"(\d{1,6}) *(second|minute|hour|day|week)s?", re.IGNORECASE)


def _check_lag(value: int | float | str) -> int | float | str:
    if isinstance(value, str):
        if not _DURATION.fullmatch(value.strip()):
            raise ValueError(
                say(
                    "'{value}' is no lag. Write a time such as '2 hours' or '3 days' for a "
                    "column of dates or times, and a number for one of numbers",
                    value=value,
                )
            )
    elif value < 0 or not math.isfinite(value):
        raise ValueError(say("A lag cannot be negative. Write 0 for none"))
    return value


def _check_initial(value: int | float | str | None) -> int | float | str | None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(say("{value} is no value to begin at. Write a number", value=value))
    return value


class Watermark(BaseModel):
    """How an extractor reads only what is new since the last load that was committed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str = Field(
        min_length=1,
        description="Column of the output whose values grow: a number, date, time or text. Each "
        "row must have one.",
        examples=["updated_at"],
    )
    initial: Annotated[int | float | str | None, AfterValidator(_check_initial)] = Field(
        default=None,
        description="Value from which the first execution reads, that value included. Without it, "
        "it reads everything.",
        examples=["2024-01-01"],
    )
    lag: Annotated[int | float | str, AfterValidator(_check_lag)] = Field(
        default=0,
        description="How far behind the position each execution looks again for rows that came "
        "late: a number, or a time such as '2 hours'. Rows that were read before and have not "
        "changed are not read twice.",
        examples=[0, 100, "2 hours"],
    )


def interval(lag: int | float | str) -> str | None:
    """Return a lag in time as text that SQL reads as an interval; None for one in numbers."""
    match = _DURATION.fullmatch(lag.strip()) if isinstance(lag, str) else None
    return f"{match[1]} {match[2].lower()}" if match else None
