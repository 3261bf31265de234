"""Sending requests to one service: paced, repeated while it is busy, bounded in time and size."""

import logging
import time
from collections.abc import Mapping

import requests
from urllib3.exceptions import HTTPError

from etl.connections import Connection
from etl.errors import ConfigError, DataError, ETLError, TransientError
from etl.http.addresses import base_url, joined, origin, resolved, shown, without_parameters
from etl.http.answers import Answer, busy, refused, unreachable
from etl.http.credentials import Credentials, credentials
from etl.http.pacing import Pace, backoff, retry_after
from etl.http.settings import HTTPConfig, Scalar
from etl.messages import Message, say

_BUSY = {408, 425, 429}
_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_REDIRECTS = 5
_CHUNK_BYTES = 65_536
_EXCERPT = 200


class _Session(requests.Session):
    """A session that never looks at where a redirect leads, not even to prepare for it."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return that there is none: the client follows redirects itself, with more care."""


class Client:
    """A session with one service. `address` is where the config leads; it holds no secret."""

    def __init__(
        self, config: HTTPConfig, connection: Connection | None, logger: logging.Logger
    ) -> None:
        self._config = config
        self._connection = connection
        self._logger = logger
        self._pace = Pace(config.requests_per_second)
        # One for the service itself, one for where it leads: cookies do not go along.
        self._sessions = {True: _Session(), False: _Session()}
        self._credentials = (
            credentials(connection, config.auth, config.auth_name) if connection else Credentials()
        )
        base = base_url(connection) if connection else config.url or ""
        self.address = joined(base, config.path)
        self.origin = origin(self.address)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions.values():
            session.close()

    @property
    def who(self) -> Message:
        """What to call the service in a sentence."""
        if self._connection:
            return say("the service of connection '{connection}'", connection=self._connection.id)
        return say("the service at {url}", url=self.shown(self.address))

    def shown(self, url: str) -> str:
        """Return a URL of the service as people may see it."""
        return self._credentials.hide(shown(url, self._credentials.query.keys()))

    def excerpt(self, body: bytes) -> str:
        """Return the beginning of an answer on one line, without secrets."""
        # Hidden before it is cut, or the rest of a secret would stay.
        text = self._credentials.hide(body[:4000].decode("utf-8", "replace"))
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return line[:_EXCERPT] + ("…" if len(line) > _EXCERPT else "")

    def send(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Scalar] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer, whatever its status, once the service is not too busy for one.

        Raise TransientError if it stays busy or away, ConfigError if it can never be reached.
        """
        attempt = 0
        while True:
            self._pace.wait()
            wait: float | None = None
            try:
                answer = self._follow(method, url, query or {}, body, headers or {})
            # What requests raises, what it lets through, a file for `verify` that is not there.
            except (OSError, HTTPError) as exc:
                failure = unreachable(exc, self.who, self.shown(url))
                if not failure.retryable:
                    raise failure from None
            else:
                if answer.status not in _BUSY and answer.status < 500:
                    return answer
                failure = busy(answer, self.who, self.excerpt(answer.body))
                wait = retry_after(answer.headers.get("Retry-After"))
            self._wait_after(failure, attempt, wait)
            attempt += 1

    def _wait_after(self, failure: ETLError, attempt: int, asked: float | None) -> None:
        """Wait until the next try; raise `failure` if there is to be none now."""
        if attempt >= self._config.retries:
            raise failure from None
        if asked is not None and asked > self._config.max_wait:
            raise TransientError(
                say(
                    "{who} asks to be left alone for {asked:.0f} s, which is more than "
                    "max_wait ({max_wait:g} s). Execute again later, or raise max_wait.",
                    who=self.who,
                    asked=asked,
                    max_wait=self._config.max_wait,
                ),
                field="config.max_wait",
            ) from None
        seconds = backoff(attempt, self._config.max_wait) if asked is None else asked
        self._logger.warning("%s Trying again in %.1f s.", failure.message, seconds)
        time.sleep(seconds)

    def _follow(
        self,
        method: str,
        url: str,
        query: Mapping[str, Scalar],
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        for _ in range(_MAX_REDIRECTS + 1):
            answer, location = self._exchange(method, url, query, body, headers)
            if location is None:
                return answer
            if origin(location) == ("", "", 0):
                raise ConfigError(
                    say(
                        "{who} leads on to an address that is not of http or https. Correct the "
                        "address.",
                        who=self.who,
                    )
                )
            if method != "GET" and (
                answer.status not in (307, 308) or origin(location) != self.origin
            ):
                # Otherwise rows would go to a server that nobody named, or arrive as a GET.
                raise ConfigError(
                    say(
                        "{who} has moved: a {method} to {url} is led on to {target}. Name the new "
                        "address instead.",
                        who=self.who,
                        method=method,
                        url=answer.url,
                        target=self.shown(location),
                    )
                )
            # The location's own query counts from here on.
            url, query = location, {}
        raise ConfigError(
            say(
                "{who} led on more than {max_redirects} times, from {url} at last. "
                "Correct the address, or the service.",
                who=self.who,
                max_redirects=_MAX_REDIRECTS,
                url=self.shown(url),
            )
        )

    def _exchange(
        self,
        method: str,
        url: str,
        query: Mapping[str, Scalar],
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> tuple[Answer, str | None]:
        """Send one request; return the answer, and the URL that it leads on to, if any."""
        own = origin(url) == self.origin
        session = self._sessions[own]
        secret = self._credentials if own else Credentials()
        target = without_parameters(url, self._credentials.query.keys())
        request = requests.Request(
            method,
            target,
            params={**{name: _text(value) for name, value in query.items()}, **secret.query},
            data=body,
            headers={
                "User-Agent": "logidata",
                "Accept": "application/json",
                **(self._config.headers if own else {}),
                **headers,
                **secret.headers,
            },
            # Otherwise requests would look for a login in the .netrc of whoever runs this.
            auth=lambda prepared: prepared,
        )
        prepared = session.prepare_request(request)
        settings = session.merge_environment_settings(
            prepared.url or target, {}, True, self._credentials.verify, None
        )
        timeout = (self._config.connect_timeout, self._config.read_timeout)
        response = session.send(prepared, allow_redirects=False, timeout=timeout, **settings)
        with response:
            answer = Answer(
                response.status_code,
                response.headers,
                self._read(response),
                self.shown(response.url),
                response.links,
            )
        location = response.headers.get("Location")
        if answer.status in _REDIRECTS and location:
            return answer, resolved(response.url, location)
        return answer, None

    def _read(self, response: requests.Response) -> bytes:
        limit = self._config.max_response_mb * 1_000_000
        body = bytearray()
        # Decompressed on the way, so that a small answer cannot become a huge one.
        for chunk in response.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > limit:
                raise DataError(
                    say(
                        "the answer of {url} is larger than {max_response_mb} MB. Ask for "
                        "smaller pages, or raise max_response_mb.",
                        url=self.shown(response.url),
                        max_response_mb=self._config.max_response_mb,
                    ),
                    field="config.max_response_mb",
                )
        return bytes(body)

    def refusal(self, answer: Answer) -> ETLError:
        """Return what an operator can do about an answer that is no success."""
        return refused(answer, self.excerpt(answer.body), self._connection)


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
