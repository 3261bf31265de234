"""Secrets in logs, made unreadable: Airflow masks those of its connections, and this the rest."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

from airflow_bridge.client import LogEvent

MASK = "***"

# Both begin where little else does: tried at every letter of a long word, they would take time that
# grows with the square of its length.
# user:password@host in an address.
_IN_ADDRESS = re.compile(r"(://[^\s:/@]*:)[^\s@/]+(?=@)")
# password=..., "api_key": "...", Authorization: Bearer ...
_NAMED = re.compile(
    r"""(?ix) ((?<![\w-]) [\w-]* (?: password | passwd | pwd | passphrase | secret | token
        | (?: api | access | account | private )[_-]?key | authorization )
        \\*["']? \s* [:=] \s* (?: bearer\s+ | basic\s+ )? )
        ( b?"(?: [^"\\] | \\. )*" | b?'(?: [^'\\] | \\. )*' | \\+"[^"]*" | [^\s"',;&)}\]]+ )"""
)
# Shorter ones would be found in words.
_SHORTEST = 6


def masked(events: Iterable[LogEvent]) -> Iterator[LogEvent]:
    """Yield the events with what looks like a secret, or is one of LogiData's own, as `***`."""
    for event in events:
        text = mask(event.message)
        yield event if text == event.message else replace(event, message=text)


def mask(text: str) -> str:
    """Return the text with secrets as `***`."""
    for secret in _own_secrets():
        text = text.replace(secret, MASK)
    text = _IN_ADDRESS.sub(rf"\g<1>{MASK}", text)
    return _NAMED.sub(rf"\g<1>{MASK}", text)


@cache
def _own_secrets() -> tuple[str, ...]:
    database = settings.DATABASES["default"]
    found = {
        str(value)
        for value in (
            settings.SECRET_KEY,
            settings.AIRFLOW_PASSWORD,
            settings.LOGIDATA_EVENTS_SECRET,
            database.get("PASSWORD"),
            urlsplit(settings.REDIS_URL).password,
        )
        if value and len(str(value)) >= _SHORTEST
    }
    # The longest first: one may be a part of another.
    return tuple(sorted(found, key=len, reverse=True))
