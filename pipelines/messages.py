"""Messages of the data plane and of stored reasons: kept in English, shown in any language."""

import json
from typing import Any

from django.db import models

from etl.messages import Message, read_message, translate, wording
from pipelines.catalogues import texts_of

DOMAIN = "messages"

_BEGIN = '{"message": '


def translated(message: str) -> str:
    """Return a message in the language of whoever is answered now; other strings as they are."""
    return translate(message, texts_of(DOMAIN))


class MessageField(models.TextField):  # type: ignore[type-arg]
    """A sentence in English that keeps what it is made of, so that it can be shown translated.

    A column of text: a sentence without values as it is, another as the JSON object
    `{"message", "wording"}`. Conditions compare with the whole message, or with "".
    """

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Return a `Message` where there is the wording of one."""
        return value if value is None else _read(value)

    def get_prep_value(self, value: Any) -> Any:
        """Write a `Message` with its wording."""
        value = super().get_prep_value(value)
        if not isinstance(value, Message) or value == value.text:
            return value
        return json.dumps({"message": value, "wording": wording(value)})


def _read(stored: str) -> str:
    if not stored.startswith(_BEGIN):
        # A sentence without values is its own text; one from elsewhere has no translation.
        return Message(_literal(stored), {}) if stored else stored
    try:
        found = json.loads(stored)
    except ValueError:
        return stored
    if not isinstance(found, dict) or not isinstance(found.get("message"), str):
        return stored
    return read_message(found["message"], found.get("wording"))


def _literal(sentence: str) -> str:
    return sentence.replace("{", "{{").replace("}", "}}")
