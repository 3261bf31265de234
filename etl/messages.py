"""Sentences that can be said in another language, for they know what they are made of.

The data plane says everything in English and knows no catalogue. Whoever shows it to people in
their language (`pipelines.messages`) has the text, by which it is translated, and the values.
"""

import math
import re
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any, LiteralString, Self, TypedDict

Value = str | int | float

# What `str.format` could do beyond these would cost memory, or read attributes.
_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_SPEC = re.compile(r",?(\.\d)?[dfg%]?")
_DEEPEST = 10


class Wording(TypedDict):
    """A message at the JSON boundary: values that are messages themselves are `Wording` again."""

    text: str
    values: dict[str, Any]


class Message(str):
    """An English sentence that keeps its `text`, with {fields}, and the `values` put into it.

    To all who do not ask, it is a string. What is made of it by `+` or a slice is no message any
    more: put messages into others as values.
    """

    text: str
    values: Mapping[str, Value]

    def __new__(cls, text: str, values: Mapping[str, Value]) -> Self:
        """Return the text with the values; raise KeyError if it names one that is not given."""
        message = super().__new__(cls, text.format_map(values))
        message.text = text
        message.values = values
        return message

    def __reduce__(self) -> tuple[type[Self], tuple[str, Mapping[str, Value]]]:
        """Give what `__new__` takes, for copies and other processes."""
        return type(self), (self.text, self.values)


def say(text: LiteralString, /, **values: object) -> Message:
    """Return a message. The text is what translations know it by: write it out at the call.

    Its fields are `{name}`, and for numbers `{name:,}` or `{name:.1f}`; other braces are doubled.
    """
    return Message(
        text, {k: v if isinstance(v, str | int | float) else str(v) for k, v in values.items()}
    )


def join(messages: Iterable[str], separator: str = " ") -> Message:
    """Return messages one after the other, as one."""
    values = {f"m{number}": message for number, message in enumerate(messages)}
    gap = separator.replace("{", "{{").replace("}", "}}")
    return Message(gap.join(f"{{{name}}}" for name in values), values)


def translate(message: str, gettext: Callable[[str], str]) -> str:
    """Return a message in the language of `gettext`; a string that is none stays as it is."""
    if not isinstance(message, Message):
        return message
    values = {
        name: translate(value, gettext) if isinstance(value, str) else value
        for name, value in message.values.items()
    }
    # Of an empty text gettext would give the head of its catalogue.
    return (gettext(message.text) if message.text else "").format_map(values)


def map_values(message: str, change: Callable[[str], str]) -> str:
    """Return a message whose every value is changed, such as to hide what is secret.

    Nothing that `change` finds in the whole sentence stays in it, though it is in no value.
    """
    if not isinstance(message, Message):
        return change(message)
    values = {
        name: map_values(value, change) if isinstance(value, str) else value
        for name, value in message.values.items()
    }
    changed, whole = Message(message.text, values), change(str(message))
    return changed if change(str(changed)) == changed == whole else whole


def wording(message: str) -> Wording | None:
    """Return what a message is made of, as JSON; None for a string that is no message.

    None, too, for what JSON cannot hold: a number that is not finite.
    """
    if not isinstance(message, Message) or not all(map(_is_json, message.values.values())):
        return None
    return {
        "text": message.text,
        "values": {
            name: (wording(value) or str(value)) if isinstance(value, str) else value
            for name, value in message.values.items()
        },
    }


def read_message(sentence: str, made_of: object) -> str:
    """Return a sentence as the message that `wording` told of; as it is, if the two differ.

    Whoever wrote the wording may have meant harm: nothing longer than the sentence is made of it.
    """
    try:
        message = _read(made_of, len(sentence), _DEEPEST)
    except (ArithmeticError, LookupError, ValueError):
        return sentence
    return message if message == sentence else sentence


def _read(made_of: object, longest: int, depth: int) -> Message:
    if not isinstance(made_of, dict) or depth == 0:
        raise ValueError("no wording")
    text, given = made_of.get("text"), made_of.get("values")
    if not isinstance(text, str) or not isinstance(given, dict):
        raise ValueError("no wording")
    values: dict[str, Value] = {}
    length = 0
    for literal, field, spec, conversion in string.Formatter().parse(text):
        length += len(literal)
        if field is not None:
            if not _FIELD.fullmatch(field) or not _SPEC.fullmatch(spec or "") or conversion:
                raise ValueError("no field of a message")
            if field not in values:
                values[field] = _read_value(given[field], longest, depth)
            length += len(format(values[field], spec or ""))
        if length > longest:
            raise ValueError("longer than the sentence")
    return Message(text, values)


def _read_value(value: object, longest: int, depth: int) -> Value:
    if isinstance(value, dict):
        return _read(value, longest, depth - 1)
    if not isinstance(value, str | int | float) or not _is_json(value):
        raise ValueError("no value of a message")
    return value


def _is_json(value: Value) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
