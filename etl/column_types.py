"""What the types of columns allow: to be put together, and to hold a value of a config."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, TypeAlias

from etl.dataset import Column
from etl.errors import ConfigError
from etl.messages import join, say
from etl.sql import literal

if TYPE_CHECKING:
    from etl.inputs import Inputs

# A value that a config gives for a column.
Constant: TypeAlias = bool | int | float | str

SMALL_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "BOOLEAN"}
SMALL_INTEGERS |= {"UTINYINT", "USMALLINT", "UINTEGER"}
INTEGERS = (SMALL_INTEGERS - {"BOOLEAN"}) | {"UBIGINT", "HUGEINT", "UHUGEINT"}
FLOATS = {"FLOAT", "DOUBLE"}
# Types without a zone only: with one, a value means a point in time, and without, a local one.
_TIMES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"}
_DECIMAL = re.compile(r"DECIMAL\(\d+,\s*(\d+)\)")


def column_of(columns: Iterable[Column], name: str) -> Column:
    """Return the column of that name, whatever its case; raise KeyError if there is none."""
    for column in columns:
        if column.name.casefold() == name.casefold():
            return column
    raise KeyError(name)


def scale_of(kind: str) -> int | None:
    """Return how many decimals an exact numeric type holds; None for every other type."""
    if kind in INTEGERS:
        return 0
    match = _DECIMAL.fullmatch(kind)
    return int(match[1]) if match else None


def is_number(kind: str) -> bool:
    """Return whether a type holds numbers."""
    return kind in FLOATS or scale_of(kind) is not None


def is_time(kind: str) -> bool:
    """Return whether a type holds dates, or points in time."""
    return kind in _TIMES or kind in {"TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}


def require_one_type(kinds: Mapping[str, str], what: str, *, field: str | None = None) -> None:
    """Raise ConfigError if values of these types, by where they are, cannot be put together.

    They can if no value changes: whole numbers with decimals, but not with floats, which would
    round them; nothing with text, since numbers would silently become text.
    """
    if len({_family(kind) for kind in kinds.values()}) > 1:
        listed = join(
            (say("{type} in {where}", type=kind, where=where) for where, kind in kinds.items()),
            ", ",
        )
        raise ConfigError(
            say(
                "{what} has types that do not go together: {listed}. Give it one type in an "
                "earlier node, with transform.cast.",
                what=what,
                listed=listed,
            ),
            field=f"config.{field}" if field else None,
        )


def _family(kind: str) -> str:
    if scale_of(kind) is not None:
        return "exact number"
    if kind in FLOATS:
        return "float"
    if kind in _TIMES:
        return "time without zone"
    return "text" if kind.startswith("ENUM(") or kind == "VARCHAR" else kind


def constant(inputs: "Inputs", value: Constant, column: Column, *, field: str) -> str:
    """Return a value as SQL of a column's type; raise ConfigError if it does not fit exactly."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    cast = f"CAST({literal(text)} AS {column.type})"
    fits = inputs.query(f"SELECT TRY_{cast} IS NOT NULL").fetchone()
    if fits is None or not fits[0] or _rounds(text, scale_of(column.type)):
        raise ConfigError(
            say(
                "'{value}' is no {type}, which is the type of column '{name}'. Correct the value.",
                value=text,
                type=column.type,
                name=column.name,
            ),
            field=f"config.{field}",
        )
    return cast


def _rounds(text: str, scale: int | None) -> bool:
    if scale is None:
        return False
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    _, digits, exponent = number.as_tuple()
    if not number or not isinstance(exponent, int):
        return False
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return -(exponent + zeros) > scale
