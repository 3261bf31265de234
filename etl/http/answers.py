"""Answers of services, and what an operator can do about those that are none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from etl.connections import Connection
from etl.errors import ConfigError, DataError, ETLError, TransientError
from etl.messages import Message, say


@dataclass(frozen=True)
class Answer:
    """What a service answered. `url` is where from, as people may see it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    links: Mapping[str, Any]


def busy(answer: Answer, who: Message, said: str) -> TransientError:
    """Return that a service is busy or broken, which `who` is and which says so much."""
    return TransientError(
        say(
            "{who} answered {status} to {url}{said}. It may be busy or broken: execute again "
            "later.",
            who=who,
            status=answer.status,
            url=answer.url,
            said=say(": {excerpt}", excerpt=said) if said else "",
        )
    )


def unreachable(exc: Exception, who: Message, place: str) -> ETLError:
    """Return why a service gave no answer; the place is its URL without secrets."""
    # The text of the exception is never shown: it holds the URL with its secrets.
    if isinstance(exc, requests.exceptions.SSLError):
        return ConfigError(
            say(
                "{who} has no certificate that can be trusted, at {place}. Correct its "
                "certificate, or name its authority's file in the extra `verify` of the "
                "connection.",
                who=who,
                place=place,
            )
        )
    if isinstance(exc, requests.exceptions.Timeout):
        return TransientError(
            say(
                "{who} did not answer in time at {place}. Check that it runs, raise "
                "read_timeout, or execute again later.",
                who=who,
                place=place,
            )
        )
    if isinstance(exc, ValueError):
        return ConfigError(
            say("no request can be sent to {place}. Correct the address.", place=place)
        )
    if not isinstance(exc, requests.RequestException | HTTPError):
        return ConfigError(
            say(
                "{who} cannot be asked: the file in the extra `verify` of its connection "
                "is not there. Correct it under Connections.",
                who=who,
            ),
            field="config.connection",
        )
    return TransientError(
        say(
            "{who} cannot be reached, or broke off, at {place} ({kind}). Check its "
            "host and port, and that it runs; then execute again.",
            who=who,
            place=place,
            kind=type(exc).__name__,
        )
    )


def refused(answer: Answer, said: str, connection: Connection | None) -> ETLError:
    """Return what an operator can do about an answer that is no success."""
    because = say(": {excerpt}", excerpt=said) if said else ""
    if answer.status in (401, 403):
        if connection is None:
            return ConfigError(
                say(
                    "{url} needs a login (status {status}). Define a connection of type http "
                    "in Airflow, and name it instead of the url.",
                    url=answer.url,
                    status=answer.status,
                ),
                field="config.url",
            )
        return ConfigError(
            say(
                "the service refused connection '{connection}' with status {status} at "
                "{url}{because}. Correct its login and password under Connections, or "
                "how they are sent under auth.",
                connection=connection.id,
                status=answer.status,
                url=answer.url,
                because=because,
            ),
            field="config.connection",
        )
    if answer.status in (404, 410):
        return ConfigError(
            say(
                "{url} does not exist (status {status}). Correct the path.",
                url=answer.url,
                status=answer.status,
            ),
            field="config.path",
        )
    if answer.status < 400:
        return DataError(
            say(
                "{url} answered with status {status}, which brings no data{because}. "
                "Correct the address or the method.",
                url=answer.url,
                status=answer.status,
                because=because,
            )
        )
    return ConfigError(
        say(
            "{url} refused the request with status {status}{because}. Correct the request.",
            url=answer.url,
            status=answer.status,
            because=because,
        )
    )
