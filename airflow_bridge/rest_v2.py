"""Airflow 3: REST API v2, logged in with a token."""

import base64
import binascii
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from requests.auth import AuthBase

from airflow_bridge.client import LogEvent
from airflow_bridge.errors import AirflowRefused
from airflow_bridge.patience import seconds_left
from airflow_bridge.rest import JSON, Reply, RestSession, parse_time
from airflow_bridge.rest_client import RestClient, log_path
from etl.messages import say

# Before a log Airflow says where it read it: places on its machines, which tell a reader nothing.
# What it could not read stands there, too, and is shown.
_SOURCES = "::group::Log message source"
_PLACE = re.compile(r"\s*(/|[a-z][a-z0-9+.-]*://)")

_SHORTEST = 60.0
_EARLY = 0.1
"""The part of a token's life that is left when it is replaced."""


class BearerAuth(AuthBase):
    """A token with every request."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass(frozen=True)
class _Token:
    auth: BearerAuth
    renew_at: float


class AirflowV2(RestClient):
    """The AirflowClient for Airflow 3."""

    root = "/api/v2"
    health_path = "/monitor/health"
    stale_dags_too = {"exclude_stale": "false"}
    xcom_query = {"deserialize": "true", "stringify": "false"}

    def __init__(self, session: RestSession, username: str, password: str) -> None:
        super().__init__(session)
        self._login = {"username": username, "password": password}
        self._token: _Token | None = None
        self._lock = threading.Lock()

    def auth(self) -> AuthBase:
        """See RestClient.auth; logs in where there is no token or its time is nearly over."""
        token = self._valid_token()
        if token is not None:
            return token.auth
        # One login for all threads; who is in a hurry does not wait for another's slow one.
        if not self._lock.acquire(timeout=seconds_left(self.session.server.read_timeout)):
            raise self.session.late("a login")
        try:
            token = self._valid_token()
            if token is None:
                token = self._token = self._log_in()
            return token.auth
        finally:
            self._lock.release()

    def renew_auth(self) -> bool:
        """See RestClient.renew_auth: Airflow may have been started anew, with another key."""
        self._token = None
        return True

    def _valid_token(self) -> _Token | None:
        token = self._token
        return token if token is not None and time.monotonic() < token.renew_at else None

    def _log_in(self) -> _Token:
        try:
            answer = self.session.call("POST", "/auth/token", body=self._login)
        except Reply as reply:
            # What is no plain sentence may repeat the login that was sent.
            why = reply.reason or f"it answered {reply.status}"
            raise AirflowRefused(
                say(
                    "Airflow at {url} did not accept the login: {why}. Check "
                    "AIRFLOW_USERNAME and AIRFLOW_PASSWORD.",
                    url=self.session.server.url,
                    why=why,
                )
            ) from reply
        token = str(answer["access_token"])
        lifetime = _lifetime(token)
        return _Token(BearerAuth(token), time.monotonic() + lifetime * (1 - _EARLY))

    def trigger_fields(self) -> JSON:
        """See RestClient.trigger_fields.

        Airflow takes a run without a logical date, but `{{ ds }}` and the like are undefined then.
        """
        return {"logical_date": datetime.now(UTC).isoformat()}

    def prefix_filter(self, dag_id_prefix: str) -> JSON:
        """See RestClient.prefix_filter; an Airflow that does not know it yet ignores it."""
        return {"dag_id_prefix_pattern": dag_id_prefix}

    def logs(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> Iterator[LogEvent]:
        """See AirflowClient.logs; the log is read line by line, however long it is."""
        among_sources = False
        for line in self._lines(log_path(dag_id, run_id, task_id, try_number)):
            event = _event(_json(line))
            if event.message.startswith(("::group::", "::endgroup::")):
                among_sources = event.message.startswith(_SOURCES)
            elif not (among_sources and _PLACE.match(event.message)):
                yield event

    def xcom_value(self, value: Any) -> Any:
        """See RestClient.xcom_value."""
        return value


def _lifetime(token: str) -> float:
    """Return for how many seconds from now Airflow accepts the token.

    By the difference of its own times, for the clocks of two machines may differ.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return max(float(claims["exp"]) - float(claims["iat"]), 0.0)
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return _SHORTEST


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line


def _event(raw: Any) -> LogEvent:
    if not isinstance(raw, Mapping):
        return LogEvent(None, "", str(raw))
    message = str(raw.get("event", ""))
    details = [_exception(item) for item in raw.get("error_detail") or ()]
    return LogEvent(
        timestamp=parse_time(raw.get("timestamp")),
        level=str(raw.get("level") or "").lower(),
        message="\n".join([message, *details]),
    )


def _exception(detail: Any) -> str:
    if not isinstance(detail, Mapping):
        return str(detail)
    frames = [
        f'  File "{frame.get("filename")}", line {frame.get("lineno")}, in {frame.get("name")}'
        for frame in detail.get("frames") or ()
        if isinstance(frame, Mapping)
    ]
    return "\n".join([*frames, f"{detail.get('exc_type')}: {detail.get('exc_value')}"])
