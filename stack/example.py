"""The example of `make up`: loaded and executed through the API, as a user's script would."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import psycopg
import requests

from etl.report import NodeRow, node_table, records_table
from stack.errors import StackError
from stack.programs import Stack
from stack.starting import read_env_file

EXAMPLE = "examples/pipelines/deliveries.json"
PATIENCE_SECONDS = 180


def show(stack: Stack) -> None:
    """Print the example's rows in the warehouse, executing it first where they are missing.

    Raises:
        StackError: it did not end in success, or the rows are not there.
    """
    body = json.loads((stack.layout.project / EXAMPLE).read_text())
    target = next(
        node["config"] for node in body["config"]["nodes"] if node["module"] == "load.postgres"
    )
    rows = _first_rows(stack, target["table"])
    if not rows:
        print(f"\nExecuting the example pipeline, {EXAMPLE}")
        execution = _execute(_Api(stack), body)
        _print_execution(execution)
        if execution["status"] != "success":
            raise StackError(
                f"The example ended as {execution['status']}: "
                f"{execution['error_message'] or execution['status_reason']} "
                f"Open {stack.web_url}/admin/ to see its logs."
            )
        rows = _first_rows(stack, target["table"])
    if not rows:
        raise StackError(
            f"The example ended well, but the warehouse's table {target['table']!r} is empty."
        )
    print(f"\nThe first rows of {target['table']} in the warehouse:")
    print(records_table(rows))


class _Api:
    """LogiData's API with the token for scripts."""

    def __init__(self, stack: Stack) -> None:
        self._base = f"{stack.web_url}/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = (
            f"Bearer {read_env_file(stack.layout)['LOGIDATA_TOKEN']}"
        )

    def call(self, method: str, path: str, body: object = None) -> Any:
        answer = self._session.request(method, f"{self._base}/{path}", json=body, timeout=30)
        if not answer.ok:
            raise StackError(
                f"{method} {answer.url} answers {answer.status_code}: {answer.text[:2000]}"
            )
        return answer.json()


def _execute(api: _Api, body: dict[str, Any]) -> dict[str, Any]:
    found = api.call("GET", f"pipelines?name={quote(body['name'])}")["results"]
    pipeline = found[0] if found else api.call("POST", "pipelines", body)
    started = api.call(
        "POST", f"pipelines/{pipeline['id']}/execute", {"params": {}, "trigger_type": "manual"}
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        execution: dict[str, Any] = api.call("GET", f"executions/{started['execution_id']}")
        if execution["status"] not in ("pending", "running"):
            return execution
        time.sleep(0.3)
    raise StackError(
        f"The example is still {execution['status']} after {PATIENCE_SECONDS} s: "
        f"{execution['status_reason'] or 'no reason given'}. See `make logs`."
    )


def _print_execution(execution: dict[str, Any]) -> None:
    seconds = execution["duration_seconds"]
    print(execution["status"] + ("" if seconds is None else f" in {seconds:.1f} s"))
    print(node_table(_node_row(task) for task in execution["tasks"]))


def _node_row(task: dict[str, Any]) -> NodeRow:
    return NodeRow(
        node=task["node_id"],
        module=task["module"],
        status=task["status"],
        tries=task["tries"],
        rows_in=task["rows_in"],
        rows_out=task["rows_out"],
        seconds=task["duration_seconds"],
        message=task["error"],
    )


def _first_rows(stack: Stack, table: str) -> list[dict[str, Any]]:
    with psycopg.connect(stack.warehouse_url, row_factory=psycopg.rows.dict_row) as connection:
        if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == {
            "to_regclass": None
        }:
            return []
        statement = psycopg.sql.SQL("SELECT * FROM {} LIMIT 5").format(
            psycopg.sql.Identifier(table)
        )
        return connection.execute(statement).fetchall()
