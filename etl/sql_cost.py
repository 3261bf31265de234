"""Whether it costs anything to ask DuckDB for the columns of SQL.

It runs none of it then, but computes constants: for a LIMIT, a pattern, an argument in FROM.
"""

from collections.abc import Mapping
from typing import Any

from etl.sql import dicts, parse

# They make long values of short ones.
_MAKERS = frozenset(
    {"array_resize", "bar", "bit_string", "bitstring", "format", "generate_series", "list_resize"}
    | {"lpad", "printf", "range", "regexp_replace", "repeat", "replace", "rpad", "to_base"}
)
_MOST_CALLS = 50
_LARGEST_NUMBER, _LONGEST_TEXT = 10_000, 1000


def is_cheap(text: str, *, expression: bool) -> bool:
    """Return whether checked SQL, a query or one expression, holds no constant that is large."""
    items = list(dicts(parse(f"SELECT (\n{text}\n)" if expression else text)))
    calls = [item for item in items if item.get("function_name", "").lower() in _MAKERS]
    if len(calls) > _MOST_CALLS or (calls and any(i.get("class") == "LAMBDA" for i in items)):
        return False
    # What stands in FROM gives its rows only when it is run.
    in_from = {id(item["function"]) for item in items if item.get("type") == "TABLE_FUNCTION"}
    return all(id(call) in in_from or _is_small(call) for call in calls)


def _is_small(call: Mapping[str, Any]) -> bool:
    """Whether a call depends on a row, or is made of small constants alone."""
    parts = [item for item in dicts(call) if "class" in item and item is not call]
    if any(part["class"] == "COLUMN_REF" for part in parts):
        return True
    return all(part["class"] == "CONSTANT" and _is_small_constant(part) for part in parts)


def _is_small_constant(constant: Mapping[str, Any]) -> bool:
    value = constant["value"].get("value")
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT
    return value is None or (isinstance(value, int | float) and abs(value) <= _LARGEST_NUMBER)
