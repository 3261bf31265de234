"""Airflow 2.8 to 2.11: REST API v1, logged in with user and password."""

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from requests.auth import AuthBase

from airflow_bridge import readings
from airflow_bridge.client import Dag, LogEvent
from airflow_bridge.errors import AirflowUnavailable
from airflow_bridge.rest import JSON, BasicAuth, RestSession, parse_time
from airflow_bridge.rest_client import RestClient, log_path

_LOG_PARTS = 100

_LINE = re.compile(
    r"\[(?P<time>\d{4}-\d\d-\d\dT[\d:.]+[+-]\d{4})\] \{[^}]*\} (?P<level>[A-Z]+) - (?P<text>.*)"
)
# Where Airflow read the log: places on its machines, which tell a reader nothing.
_SOURCE = re.compile(r"\*\*\* (Found .*:|Found logs served from host .*|  \* (/|[a-z\d]+://).*)\Z")


class AirflowV1(RestClient):
    """The AirflowClient for Airflow 2.

    The server must take basic auth: `[api] auth_backends` names
    `airflow.api.auth.backend.basic_auth`.
    """

    root = "/api/v1"
    health_path = "/health"
    stale_dags_too = {"only_active": "false"}
    xcom_query = {}

    def __init__(self, session: RestSession, username: str, password: str) -> None:
        super().__init__(session)
        self._auth = BasicAuth(username, password)

    def auth(self) -> AuthBase:
        """See RestClient.auth."""
        return self._auth

    def get_dag(self, dag_id: str) -> Dag:
        """See AirflowClient.get_dag.

        Airflow 2's scheduler keeps a DAG for some seconds before it looks for a newer one, and
        would leave out a new task of a run for good. So does the web server that answers, which
        tells when it has read the DAG: what it has had for as long, the scheduler has, too.
        """
        raw = self._details(dag_id)
        kept = timedelta(seconds=self.session.server.dag_fetch_interval)
        read_at = parse_time(raw.get("last_parsed"))
        now_there = datetime.now(UTC) + self.clock_ahead()
        settled = read_at is None or now_there > read_at + kept
        return replace(readings.dag(raw), is_settled=settled)

    def _details(self, dag_id: str) -> JSON:
        try:
            details: JSON = self._of_dag("GET", dag_id, "/details")
        except AirflowUnavailable as error:
            if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            # So it ends for a DAG that Airflow is just registering, which is not found here.
            self._of_dag("GET", dag_id)
            details = self._of_dag("GET", dag_id, "/details")
        return details

    def trigger_fields(self) -> JSON:
        """See RestClient.trigger_fields; Airflow 2 sets the logical date itself."""
        return {}

    def prefix_filter(self, dag_id_prefix: str) -> JSON:
        """See RestClient.prefix_filter; Airflow 2 has none, and refuses what it does not know."""
        return {}

    def logs(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> Iterator[LogEvent]:
        """See AirflowClient.logs; Airflow 2 gives it in few, long parts."""
        path = log_path(dag_id, run_id, task_id, try_number)
        query: dict[str, Any] = {}
        for _ in range(_LOG_PARTS):
            answer = self._found("GET", path, query=query)
            part = _part(answer["content"]) if answer else []
            yield from part
            # A task that still runs always offers a next part: an empty one is the end for now.
            if not part or not answer or not answer.get("continuation_token"):
                return
            query = {"token": answer["continuation_token"]}

    def xcom_value(self, value: Any) -> Any:
        """See RestClient.xcom_value; the value comes as the Python text of itself."""
        return _python_value(value)


def _part(content: Any) -> list[LogEvent]:
    """Return the events of a part of a log.

    The content is the Python text of a list of (host, log) pairs, or the log itself.
    """
    parsed = _python_value(content)
    if isinstance(parsed, list):
        return _events(
            "\n".join(str(part[1]) for part in parsed if isinstance(part, tuple) and part[1:])
        )
    return _events(str(content))


class _NotFinite(ast.NodeTransformer):
    """Makes numbers of the names by which Python writes those that have no literal."""

    _NUMBERS = {"nan": math.nan, "inf": math.inf}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._NUMBERS:
            return node
        return ast.copy_location(ast.Constant(self._NUMBERS[node.id]), node)


def _python_value(text: Any) -> Any:
    """Return what the Python literal says, or the text itself where it is none."""
    if not isinstance(text, str):
        return text
    try:
        return ast.literal_eval(_NotFinite().visit(ast.parse(text, mode="eval")))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _events(text: str) -> list[LogEvent]:
    events: list[LogEvent] = []
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            moment = datetime.strptime(match["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
            events.append(LogEvent(moment, match["level"].lower(), match["text"]))
        elif events and events[-1].timestamp is not None:
            # The further lines of a message, a traceback as a rule.
            last = events[-1]
            events[-1] = LogEvent(last.timestamp, last.level, f"{last.message}\n{line}")
        elif line.strip() and not _SOURCE.match(line):
            events.append(LogEvent(None, "", line))
    return events
