"""Functions that make one value of many, as SQL."""

from typing import Literal, TypeAlias

from etl.column_types import SMALL_INTEGERS
from etl.sql import quote

# The functions that need nothing but a column.
Function: TypeAlias = Literal[
    "count", "count_distinct", "sum", "avg", "min", "max", "median", "stddev", "variance"
]

_SQL: dict[str, str] = {
    "count": "count({})",
    "count_distinct": "count(DISTINCT {})",
    "sum": "sum({})",
    "avg": "avg({})",
    "min": "min({})",
    "max": "max({})",
    "median": "median({})",
    "stddev": "stddev_samp({})",
    "variance": "var_samp({})",
}


def aggregate(function: str, column: str | None, kind: str | None, *, clause: str = "") -> str:
    """Return the SQL that aggregates a column of the type `kind`; without a column, all rows.

    `clause` is the SQL of a FILTER or OVER that follows the function.
    """
    value = _SQL[function].format("*" if column is None else quote(column))
    value = f"{value} {clause}".rstrip()
    if function == "sum" and kind in SMALL_INTEGERS:
        # DuckDB sums integers in 128 bits, which few databases can store.
        return f"CAST({value} AS BIGINT)"
    return value
