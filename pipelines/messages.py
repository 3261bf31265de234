"""Messages of the data plane and of stored reasons: kept in English, shown in any language."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import models

from etl.messages import Message, map_values, read_message, translate, wording
from etl.problems import Problem
from pipelines.catalogues import texts_of

DOMAIN = "messages"

# How what is stored as JSON begins.
_BEGIN = '{"message": "'


def translated(message: str) -> str:
    """Return a message in the language of whoever is answered now; other strings as they are."""
    # Which language it is takes time to find out, and most strings of a state are none.
    return translate(message, texts_of(DOMAIN)) if isinstance(message, Message) else message


def in_words(problem: Problem) -> Problem:
    """Return a problem whose message is translated."""
    return replace(problem, message=translated(problem.message))


def as_json(message: str) -> Any:
    """Return a message as JSON that `from_json` reads: the sentence, with its wording if needed."""
    # A sentence without values is its own text.
    if not isinstance(message, Message) or message == message.text:
        return str(message)
    return {"message": str(message), "wording": wording(message)}


def from_json(value: object) -> str:
    """Return the message that was written with `as_json`, or in the same way by an ETL result."""
    if isinstance(value, Mapping):
        return read_message(str(value.get("message", "")), value.get("wording"))
    return _own_text(str(value))


def _own_text(sentence: str) -> Message:
    return Message(sentence.replace("{", "{{").replace("}", "}}"), {})


if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class MessageField(_TextField):
    """A sentence in English that keeps what it is made of, so that it can be shown translated.

    A column of text: a sentence without values as it is, another, and a text that begins like
    that, as the JSON object `{"message", "wording"}`. Conditions compare with the whole message,
    or with "".
    """

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Return a `Message` where there is the wording of one."""
        if not value or not value.startswith(_BEGIN):
            return value and _own_text(value)
        try:
            return from_json(json.loads(value))
        except (ValueError, RecursionError):
            return value

    def get_prep_value(self, value: Any) -> Any:
        """Write a `Message` with its wording, and what looks like one without."""
        value = super().get_prep_value(value)
        if not isinstance(value, str):
            return value
        value = map_values(value, _storable)
        written = as_json(value) if isinstance(value, Message) else value
        if isinstance(written, str) and written.startswith(_BEGIN):
            written = {"message": written, "wording": None}
        return json.dumps(written) if isinstance(written, Mapping) else written


def _storable(text: str) -> str:
    # PostgreSQL takes neither NUL nor a half of a pair, and pages cannot show the latter.
    return text.replace("\0", "?").encode("utf-8", "replace").decode()
