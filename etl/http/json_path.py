"""The way to a value in JSON: names and indexes, such as `data.items` or `['a.b'][0].next`."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from etl.messages import say

_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]'"\s$]+)"""
    r"""|\[(?P<index>-?\d{1,9})\]"""
    r"""|\['(?P<single>[^']+)'\]"""
    r"""|\["(?P<double>[^"]+)"\]"""
)

MISSING = object()


def parse(path: str) -> tuple[str | int, ...]:
    """Return the steps of a path; raise ValueError if it is none. "" and "$" lead nowhere."""
    text = path.strip().removeprefix("$")
    if path.strip().startswith("$") and text and text[0] not in ".[":
        raise ValueError(_malformed(path))
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (match["name"] and (text[position] == ".") != _needs_dot(path, steps)):
            raise ValueError(_malformed(path))
        index = match["index"]
        steps.append(int(index) if index else match["name"] or match["single"] or match["double"])
        position = match.end()
    return tuple(steps)


def _needs_dot(path: str, steps: list[str | int]) -> bool:
    return bool(steps) or path.strip().startswith("$")


def _malformed(path: str) -> str:
    return say(
        "'{path}' is no path into JSON. Write names and indexes, such as "
        "data.items or ['odd name'][0].next",
        path=path,
    )


def find(value: Any, steps: tuple[str | int, ...]) -> Any:
    """Return what lies at the end of the steps, or MISSING if there is nothing."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or not -len(value) <= step < len(value):
                return MISSING
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return MISSING
    return value


def _check(path: str) -> str:
    parse(path)
    return path


JSONPath = Annotated[str, Field(max_length=500), AfterValidator(_check)]
