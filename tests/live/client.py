"""What the live tests do to a running stack: as a user over the API, as a fault from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import requests
from psycopg.rows import dict_row

from stack.airflow import PYTHON_VARIABLE, Airflow
from stack.catalogue import airflow_api
from stack.layout import PROJECT, Layout
from stack.ports import Ports
from stack.programs import Stack
from stack.secrets import Secrets
from stack.supervision import Supervisor

START_SECONDS = 400
FINAL = ("success", "failed", "cancelled", "unknown")
Json = dict[str, Any]
T = TypeVar("T")


def eventually(attempt: Callable[[], T], seconds: float) -> T:
    """Return what `attempt` gives as soon as that counts as true."""
    deadline = time.monotonic() + seconds
    while not (result := attempt()):
        assert time.monotonic() < deadline, f"not so after {seconds} s: {result!r}"
        time.sleep(0.2)
    return result


@contextmanager
def running_stack(var: Path, airflow_python: Path | None = None) -> Iterator[LiveStack]:
    """Start a whole stack with its state in `var`, on free ports; stop it in the end.

    Its Airflow is that of this environment, or the one of another interpreter's.
    """
    ports = Ports.choose_free()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LOGIDATA_", "AIRFLOW"))
    } | {
        "LOGIDATA_VAR": str(var),
        "LOGIDATA_PORT": str(ports.web),
        "AIRFLOW_WEBSERVER_PORT": str(ports.airflow),
    }
    if airflow_python is not None:
        environment[PYTHON_VARIABLE] = str(airflow_python)
    try:
        _stack_command("up", "--no-example", environment=environment)
        yield LiveStack(var, environment)
    finally:
        _stack_command("down", environment=environment)


def _stack_command(*arguments: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stack", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    # A live test whose service is missing fails; it does not skip.
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass
class LiveStack:
    """A running stack and the ways to use it."""

    var: Path
    environment: dict[str, str]

    @cached_property
    def stack(self) -> Stack:
        layout = Layout(
            PROJECT, self.var, self.var / "dags", (self.data, PROJECT / "examples" / "data")
        )
        ports = Ports.load(layout.ports)
        assert ports is not None
        secrets = Secrets.load_or_create(layout.secrets)
        return Stack(layout, ports, secrets, Airflow.load(layout.airflow))

    @property
    def data(self) -> Path:
        return self.var / "data"

    @cached_property
    def env(self) -> dict[str, str]:
        lines = (self.var / "logidata.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @cached_property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.stack)

    @cached_property
    def session(self) -> requests.Session:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.env['LOGIDATA_TOKEN']}"
        return session

    def request(self, method: str, path: str, body: object = None) -> requests.Response:
        return self.session.request(
            method, f"{self.env['LOGIDATA_URL']}/api/v1/{path}", json=body, timeout=60
        )

    def call(self, method: str, path: str, body: object = None) -> Any:
        answer = self.request(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def create(
        self, nodes: list[Json], edges: Sequence[tuple[str, str] | Json], **fields: Any
    ) -> Json:
        """Create a pipeline with a name of its own and return it as the API shows it."""
        as_json = [
            edge if isinstance(edge, dict) else {"source": edge[0], "target": edge[1]}
            for edge in edges
        ]
        body = {
            "name": f"live {uuid.uuid4().hex[:12]}",
            "config": {"nodes": nodes, "edges": as_json},
        }
        created: Json = self.call("POST", "pipelines", body | fields)
        return created

    def execute(self, pipeline: Json, params: Json | None = None) -> str:
        """Start an execution and return its id."""
        body = {"params": params or {}, "trigger_type": "manual"}
        started = self.call("POST", f"pipelines/{pipeline['id']}/execute", body)
        assert started["status"] == "pending"
        return str(started["execution_id"])

    def execution(self, execution_id: str) -> Json:
        found: Json = self.call("GET", f"executions/{execution_id}")
        return found

    def wait(
        self,
        execution_id: str,
        until: Callable[[Json], bool] = lambda execution: execution["status"] in FINAL,
        seconds: float = 90,
    ) -> Json:
        """Return the execution once `until` holds for it."""
        deadline = time.monotonic() + seconds
        while not until(execution := self.execution(execution_id)):
            assert time.monotonic() < deadline, f"still not so after {seconds} s: {execution}"
            time.sleep(0.2)
        return execution

    def run(self, pipeline: Json, params: Json | None = None) -> Json:
        """Execute and return the ended execution."""
        return self.wait(self.execute(pipeline, params))

    def warehouse(self, statement: str, parameters: list[object] | None = None) -> list[Json]:
        with psycopg.connect(self.env["WAREHOUSE_URL"], row_factory=dict_row) as connection:
            cursor = connection.execute(statement, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    @cached_property
    def airflow(self) -> requests.Session:
        """A session that is logged in to Airflow itself."""
        session = requests.Session()
        if self.stack.airflow.major == 2:
            session.auth = (self.env["AIRFLOW_USERNAME"], self.env["AIRFLOW_PASSWORD"])
            return session
        login = {
            "username": self.env["AIRFLOW_USERNAME"],
            "password": self.env["AIRFLOW_PASSWORD"],
        }
        answer = session.post(f"{self.env['AIRFLOW_API_URL']}/auth/token", json=login, timeout=30)
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return session

    def airflow_call(self, method: str, path: str, body: object = None) -> requests.Response:
        root = "api/v1" if self.stack.airflow.major == 2 else "api/v2"
        return self.airflow.request(
            method, f"{self.env['AIRFLOW_API_URL']}/{root}/{path}", json=body, timeout=30
        )

    def start_in_airflow(self, dag_id: str, conf: Json | None = None) -> str:
        """Start a DAG run as a person does in Airflow, and return its id."""
        body: Json = {"conf": conf or {}}
        if self.stack.airflow.major > 2:
            body["logical_date"] = None
        answer = self.airflow_call("POST", f"dags/{dag_id}/dagRuns", body)
        assert answer.ok, answer.text
        return str(answer.json()["dag_run_id"])

    def airflow_answers(self) -> bool:
        try:
            return self.airflow_call("GET", "version").ok
        except requests.ConnectionError:
            return False

    def define_connection(self, connection_id: str, **fields: Any) -> None:
        """Define a PostgreSQL connection in Airflow; what is not given is the warehouse's."""
        ports, secrets = self.stack.ports, self.stack.secrets
        body = {
            "connection_id": connection_id,
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": ports.postgres,
            "login": "warehouse",
            "password": secrets.warehouse,
            "schema": "warehouse",
        } | fields
        answer = self.airflow_call("POST", "connections", body)
        assert answer.ok, answer.text

    @contextmanager
    def without_airflow(self) -> Iterator[None]:
        """Have Airflow's REST API away for as long as the block lasts."""
        with self.without(airflow_api(self.stack).name):
            yield

    @contextmanager
    def without(self, *programs: str) -> Iterator[None]:
        """Stop programs of the stack for as long as the block lasts."""
        for program in programs:
            self.supervisor.stop_program(program)
        try:
            yield
        finally:
            for program in programs:
                self.supervisor.start_program(program)
