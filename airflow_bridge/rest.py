"""HTTP to Airflow: sessions, timeouts, repeats, and what each kind of failure means."""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from airflow_bridge.errors import AirflowError, AirflowRefused, AirflowUnavailable
from airflow_bridge.patience import seconds_left
from etl.messages import Message, say

Method = Literal["GET", "POST", "PATCH", "DELETE"]
JSON = dict[str, Any]

# Seconds before the second and the third attempt: who waits for us hears within a second.
_PAUSES = (0.1, 0.4)
_SHORTEST = 0.001
_LINES = "application/x-ndjson"
_CHUNK = 64 * 1024
_BUSY = frozenset({429, 500, 502, 503, 504})
_TRY_AGAIN = frozenset({502, 503, 504})
# The header that tells a server's time counts whole seconds: the middle of them is the best guess.
_HALF_A_SECOND = timedelta(seconds=0.5)
_SAME_TIME = timedelta(seconds=2)


@dataclass(frozen=True)
class Server:
    """Where Airflow is and how long to wait for it, in seconds.

    `url` is the address without `/api/...`; a path before that (a proxy's) stays.
    `dag_fetch_interval` is Airflow 2's `[core] min_serialized_dag_fetch_interval`.
    """

    url: str
    connect_timeout: float = 3
    read_timeout: float = 30
    dag_fetch_interval: float = 10


class Reply(AirflowError):
    """An answer of Airflow that is no success; `status` is the HTTP status code.

    `reason` is the answer's own text, empty where it is none: other answers may repeat what was
    sent.
    """

    def __init__(self, status: int, detail: str, request: str, reason: str = "") -> None:
        super().__init__(
            say(
                "Airflow answered {status} to {request}: {detail}",
                status=status,
                request=request,
                detail=detail,
            )
        )
        self.status = status
        self.detail = detail
        self.reason = reason


class RestSession:
    """Calls to one Airflow server, safe to share between threads and over a fork.

    `clock_ahead` is by how much the server's clock was ahead of ours in its last answer, negative
    for one behind; zero for less than two seconds, and before the first answer.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.clock_ahead = timedelta()
        self._local = threading.local()

    def call(
        self,
        method: Method,
        path: str,
        *,
        auth: AuthBase | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> Any:
        """Return the JSON that Airflow answers, or None for an answer without content.

        Repeats, unless `once`, where the server could not be reached or is starting. Raises
        Reply for an answer of 4xx, AirflowUnavailable for one of 5xx or none in time (the
        server's timeouts, and the caller's `patience.within`).
        """
        pauses = iter(() if once else _PAUSES)
        while True:
            if not seconds_left(self.server.read_timeout):
                raise self.late(f"{method} {path}")
            try:
                response = self._send(method, path, auth, query, body)
            except requests.Timeout as error:
                raise self.late(f"{method} {path}") from error
            except requests.RequestException as error:
                if self._pause(pauses):
                    continue
                raise self._unavailable(
                    say("Airflow at {url} cannot be reached.", url=self.server.url)
                ) from error
            if response.status_code in _TRY_AGAIN and self._pause(pauses):
                continue
            return self._read(response, f"{method} {path}")

    def lines(self, path: str, *, auth: AuthBase | None = None) -> Iterator[str]:
        """Return the lines of a GET's answer (newline-delimited JSON), read while they come.

        Not repeated. Raises like `call`, at once or, where the answer breaks off, while reading.
        """
        request = f"GET {path}"
        try:
            response = self._send("GET", path, auth, None, None, accept=_LINES, stream=True)
            if not response.ok:
                self._read(response, request)
        except requests.Timeout as error:
            raise self.late(request) from error
        except requests.RequestException as error:
            raise self._unavailable(
                say("Airflow at {url} cannot be reached.", url=self.server.url)
            ) from error
        return self._rest_of(response, request)

    def _rest_of(self, response: requests.Response, request: str) -> Iterator[str]:
        with response:
            try:
                for line in response.iter_lines(chunk_size=_CHUNK):
                    yield line.decode("utf-8", "replace")
            except requests.Timeout as error:
                raise self.late(request) from error
            except requests.RequestException as error:
                raise self._unavailable(
                    say(
                        "Airflow at {url} broke off its answer to {request}.",
                        url=self.server.url,
                        request=request,
                    )
                ) from error

    def _send(
        self,
        method: Method,
        path: str,
        auth: AuthBase | None,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        *,
        accept: str = "application/json",
        stream: bool = False,
    ) -> requests.Response:
        sent = datetime.now(UTC)
        response = self._session().request(
            method,
            f"{self.server.url}{path}",
            params=query,
            json=body,
            auth=auth or _no_auth,
            timeout=(
                # 0 would be refused.
                max(seconds_left(self.server.connect_timeout), _SHORTEST),
                max(seconds_left(self.server.read_timeout), _SHORTEST),
            ),
            headers={"Accept": accept},
            stream=stream,
            # A login page is no answer.
            allow_redirects=False,
        )
        self._compare_clocks(response, sent)
        return response

    def _compare_clocks(self, response: requests.Response, sent: datetime) -> None:
        try:
            told = parsedate_to_datetime(response.headers["Date"])
            ahead = told + _HALF_A_SECOND - (sent + response.elapsed)
        except (KeyError, ValueError, TypeError):
            # No such header, or one that is no time with a zone.
            return
        self.clock_ahead = ahead if abs(ahead) >= _SAME_TIME else timedelta()

    def _session(self) -> requests.Session:
        # A connection must serve one thread of one process only.
        local = self._local
        if getattr(local, "pid", None) != os.getpid():
            local.session, local.pid = requests.Session(), os.getpid()
        session: requests.Session = local.session
        return session

    @staticmethod
    def _pause(pauses: Iterator[float]) -> bool:
        pause = next(pauses, None)
        if pause is None:
            return False
        time.sleep(seconds_left(pause))
        return True

    def _read(self, response: requests.Response, request: str) -> Any:
        if response.status_code in _BUSY:
            status = response.status_code
            raise self._unavailable(
                say(
                    "Airflow at {url} answered {status} to {request}.",
                    url=self.server.url,
                    status=status,
                    request=request,
                ),
                status,
            )
        if response.status_code >= requests.codes.multiple_choices:
            said = _said(response)
            reason = said if isinstance(said, str) else ""
            raise Reply(response.status_code, _as_text(said), request, reason)
        if response.status_code == requests.codes.no_content or not response.content:
            return None
        try:
            return response.json()
        except requests.JSONDecodeError as error:
            raise AirflowRefused(
                say(
                    "{url} answered {request} with something that is not JSON. Check that "
                    "AIRFLOW_API_URL is the address of Airflow's API.",
                    url=self.server.url,
                    request=request,
                )
            ) from error

    def late(self, request: str) -> AirflowUnavailable:
        """Return the error of a request that took too long."""
        return self._unavailable(
            say(
                "Airflow at {url} did not answer in time to {request}.",
                url=self.server.url,
                request=request,
            )
        )

    def _unavailable(self, what: Message, status: int | None = None) -> AirflowUnavailable:
        return AirflowUnavailable(
            say(
                "{what} Check that it runs and that AIRFLOW_API_URL is right; LogiData goes on by "
                "itself when it answers.",
                what=what,
            ),
            status=status,
        )


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no login: without an auth of our own, requests would take one from ~/.netrc."""
    return request


def _said(response: requests.Response) -> Any:
    """Return what the answer says of why: a text as a rule, else what there is of JSON."""
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return response.reason or "no reason given"
    if not isinstance(answer, dict):
        return answer
    detail = answer.get("detail") or answer.get("title") or answer.get("error") or answer
    if isinstance(detail, dict):
        return detail.get("statement") or detail.get("reason") or detail
    return detail


def _as_text(said: Any) -> str:
    """Return what was said without the input that it may repeat, passwords included."""
    if isinstance(said, list):
        return str([_without_input(one) for one in said])
    return str(_without_input(said))


def _without_input(said: Any) -> Any:
    return {k: v for k, v in said.items() if k != "input"} if isinstance(said, dict) else said


def segment(text: str) -> str:
    """Return the text as one segment of a path; run ids hold `:` and `+`."""
    return quote(text, safe="")


def parse_time(text: Any) -> datetime | None:
    """Return an aware time from Airflow's ISO text, or None where there is none."""
    if not text:
        return None
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class BasicAuth(requests.auth.HTTPBasicAuth):
    """User and password with every request; letters beyond ASCII are sent as UTF-8."""

    def __init__(self, username: str, password: str) -> None:
        super().__init__(username.encode(), password.encode())
