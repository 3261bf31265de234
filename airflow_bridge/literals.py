"""JSON values as Python source. The only way by which a user's text enters a DAG file."""

import math
from collections.abc import Mapping

from airflow_bridge.errors import DagFileError
from etl.messages import say

_LINE = 96
_STEP = 4
# Python's own parser gives up at 200 nested brackets, with a message that helps nobody.
_DEEPEST = 100


def python_literal(value: object, *, where: str, indent: int = 0) -> str:
    """Return `value` as a Python literal that `ast.literal_eval` reads back exactly.

    Takes what JSON has (None, bool, int, finite float, str, list, dict with str keys; a tuple is
    written as a list); keys are sorted. Long collections are broken over lines, those after the
    first indented for a line that starts at column `indent`. Raises DagFileError, naming `where`
    the value stands, for anything else.
    """
    flat = _flat(value, where, 0)
    if len(flat) + indent <= _LINE:
        return flat
    return _broken(value, where, indent, flat)


def _flat(value: object, where: str, depth: int) -> str:
    if depth > _DEEPEST:
        raise DagFileError(
            say(
                "{where}: nested more than {deepest} levels deep. Flatten it.",
                where=where,
                deepest=_DEEPEST,
            )
        )
    if value is None or type(value) in (bool, int, str):
        return repr(value)
    if type(value) is float:
        if not math.isfinite(value):
            raise DagFileError(
                say(
                    "{where}: {value} is no JSON number. Leave it out, or use null.",
                    where=where,
                    value=repr(value),
                )
            )
        return repr(value)
    if isinstance(value, Mapping):
        pairs = (f"{key!r}: {_flat(item, where, depth + 1)}" for key, item in _sorted(value, where))
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flat(item, where, depth + 1) for item in value) + "]"
    raise DagFileError(
        say(
            "{where}: {type} is no JSON type. Use text instead.",
            where=where,
            type=type(value).__name__,
        )
    )


def _broken(value: object, where: str, indent: int, flat: str) -> str:
    inner = indent + _STEP
    if isinstance(value, Mapping) and value:
        lines = [
            f"{key!r}: {python_literal(item, where=where, indent=inner)}"
            for key, item in _sorted(value, where)
        ]
        opening, closing = "{", "}"
    elif isinstance(value, list | tuple) and value:
        lines = [python_literal(item, where=where, indent=inner) for item in value]
        opening, closing = "[", "]"
    else:
        return flat
    body = "".join(f"{' ' * inner}{line},\n" for line in lines)
    return f"{opening}\n{body}{' ' * indent}{closing}"


def _sorted(mapping: Mapping[object, object], where: str) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for key, item in mapping.items():
        if type(key) is not str:
            raise DagFileError(
                say(
                    "{where}: the key {key} is not text. Put it in quotes.",
                    where=where,
                    key=repr(key),
                )
            )
        pairs.append((key, item))
    return sorted(pairs, key=lambda pair: pair[0])
