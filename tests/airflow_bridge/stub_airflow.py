"""Airflow 2's and Airflow 3's REST APIs over recorded answers, with a little state of their own.

They refuse what the real ones refuse: a missing login, unknown fields and parameters.
"""

import base64
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.airflow_bridge import recorded
from tests.airflow_bridge.stub_server import Answer, Asked

USERNAME, PASSWORD = "admin", "sécret:1"

Handler = Callable[[Asked, list[str]], Answer]


class StubAirflow(ABC):
    """Call it with a request. Tests change what it holds."""

    root: str
    dag: dict[str, Any]
    run: dict[str, Any]
    task: dict[str, Any]
    extra_run_parameters: frozenset[str] = frozenset()
    page = 100

    def __init__(self) -> None:
        self.dags = [self.dag]
        self.runs = {(recorded.DAG, recorded.RUN): self.run}
        self.tasks = [self.task]
        self.import_errors: list[dict[str, Any]] = []
        self.connections = ["warehouse"]
        self.xcoms: dict[tuple[str, str], Any] = {("read_orders", "return_value"): recorded.RESULT}
        self.logs: list[dict[str, Any]] = []
        self.tries: list[dict[str, Any]] = []
        run, task = r"/dags/([^/]+)/dagRuns/([^/]+)", r"/taskInstances/([^/]+)"
        self.routes: list[tuple[str, str, Handler]] = [
            ("GET", "/dags", lambda a, _: self._listing(a, "dags", self.dags, {"tags"})),
            ("GET", r"/dags/([^/]+)/details", lambda _, p: self._dag(p[0])),
            ("PATCH", r"/dags/([^/]+)", self._patch_dag),
            ("DELETE", r"/dags/([^/]+)", self._delete_dag),
            ("POST", r"/dags/([^/]+)/clearTaskInstances", self._clear),
            ("GET", "/dags/~/dagRuns", self._list_runs),
            ("POST", "/dags/~/dagRuns/~/taskInstances/list", self._list_tasks),
            ("POST", r"/dags/([^/]+)/dagRuns", self._trigger),
            ("GET", run, lambda _, p: self._run(p[0], p[1])),
            ("PATCH", run, self._patch_run),
            ("GET", run + task + r"/logs/(\d+)", self._log),
            ("GET", run + task + r"/xcomEntries/([^/]+)", self._xcom),
            ("GET", run + task + "/tries", self._list_tries),
            ("GET", "/importErrors", self._list_errors),
            ("GET", "/connections", self._list_connections),
            ("GET", "/pools", self._list_pools),
        ]

    def __call__(self, asked: Asked) -> Answer:
        """Answer as Airflow does."""
        if open_answer := self._without_login(asked):
            return open_answer
        if refusal := self._refuse_login(asked):
            return refusal
        for method, pattern, handle in self.routes:
            match = re.fullmatch(re.escape(self.root) + pattern, asked.path)
            if match and method == asked.method:
                return handle(asked, [unquote(part) for part in match.groups()])
        return Answer({"error": "API route not found"}, 404)

    @abstractmethod
    def refusal(self, status: int, text: str) -> Answer: ...

    @abstractmethod
    def _without_login(self, asked: Asked) -> Answer | None: ...

    @abstractmethod
    def _refuse_login(self, asked: Asked) -> Answer | None: ...

    def _listing(
        self,
        asked: Asked,
        key: str,
        items: list[Any],
        known: set[str] | frozenset[str] = frozenset(),
    ) -> Answer:
        allowed = {"limit", "offset"} | set(known) | self.extra_run_parameters
        if unknown := set(asked.query) - allowed:
            return self.refusal(400, f"Extra query parameter(s) {unknown} not in spec")
        start = int(asked.query["offset"])
        page = items[start : start + min(int(asked.query["limit"]), self.page)]
        return Answer({key: page, "total_entries": len(items)})

    def _dag(self, dag_id: str) -> Answer:
        for dag in self.dags:
            if dag["dag_id"] == dag_id:
                return Answer(dag)
        return self.refusal(404, f"The DAG with dag_id: {dag_id} was not found")

    def _patch_dag(self, asked: Asked, parts: list[str]) -> Answer:
        found = self._dag(parts[0])
        if found.status == 200:
            found.body.update(asked.body)
        return found

    def _delete_dag(self, asked: Asked, parts: list[str]) -> Answer:
        found = self._dag(parts[0])
        if found.status != 200:
            return found
        self.dags.remove(found.body)
        return Answer(status=204)

    def _clear(self, asked: Asked, parts: list[str]) -> Answer:
        return Answer({"task_instances": self.tasks})

    def _run(self, dag_id: str, run_id: str) -> Answer:
        run = self.runs.get((dag_id, run_id))
        return Answer(run) if run else self.refusal(404, f"The DagRun {run_id} was not found")

    def _patch_run(self, asked: Asked, parts: list[str]) -> Answer:
        found = self._run(parts[0], parts[1])
        if found.status == 200:
            found.body.update(asked.body)
        return found

    def _trigger(self, asked: Asked, parts: list[str]) -> Answer:
        (dag_id,) = parts
        run_id = asked.body["dag_run_id"]
        found = self._dag(dag_id)
        if found.status != 200:
            return found
        if found.body["has_import_errors"]:
            return self.refusal(
                400, f"DAG with dag_id: '{dag_id}' has import errors and cannot be triggered"
            )
        if (dag_id, run_id) in self.runs:
            return self.conflict(dag_id, run_id)
        ends = {"start_date": None, "end_date": None, "last_scheduling_decision": None}
        self.runs[dag_id, run_id] = {
            **self.run,
            **ends,
            "dag_run_id": run_id,
            "conf": asked.body["conf"],
            "state": "queued",
        }
        return Answer(self.runs[dag_id, run_id])

    @abstractmethod
    def conflict(self, dag_id: str, run_id: str) -> Answer: ...

    def _list_runs(self, asked: Asked, _parts: list[str]) -> Answer:
        runs = list(self.runs.values())
        return self._listing(asked, "dag_runs", runs, {"updated_at_gte", "order_by"})

    def _list_tasks(self, asked: Asked, _parts: list[str]) -> Answer:
        known = {"dag_ids", "dag_run_ids", "page_limit", "page_offset"}
        if unknown := set(asked.body) - known:
            return self.refusal(400, f"Unknown field {unknown}")
        found = [
            task
            for task in self.tasks
            if task["dag_id"] in asked.body["dag_ids"]
            and task["dag_run_id"] in asked.body["dag_run_ids"]
        ]
        start = asked.body["page_offset"]
        page = found[start : start + min(asked.body["page_limit"], self.page)]
        return Answer({"task_instances": page, "total_entries": len(found)})

    def _log(self, asked: Asked, parts: list[str]) -> Answer:
        if parts[2] != "read_orders":
            return self.refusal(404, "TaskInstance not found")
        return self.log_answer(int(asked.query.get("token", "0")))

    def log_answer(self, place: int) -> Answer:
        return Answer(self.logs[place])

    def _list_tries(self, asked: Asked, parts: list[str]) -> Answer:
        found = [one for one in self.tries if one["task_id"] == parts[2]]
        if not found:
            return self.refusal(404, "Task instance not found")
        return Answer({"task_instances": found, "total_entries": len(found)})

    def _xcom(self, asked: Asked, parts: list[str]) -> Answer:
        task_id, key = parts[2], parts[3]
        if (task_id, key) not in self.xcoms:
            return self.refusal(404, f"XCom entry with key: `{key}` not found")
        return Answer({"key": key, "value": self.xcom_text(self.xcoms[task_id, key], asked)})

    @abstractmethod
    def xcom_text(self, value: Any, asked: Asked) -> Any: ...

    def _list_errors(self, asked: Asked, _parts: list[str]) -> Answer:
        return self._listing(asked, "import_errors", self.import_errors)

    def _list_connections(self, asked: Asked, _parts: list[str]) -> Answer:
        items = [
            {
                "connection_id": name,
                "conn_type": "postgres",
                "description": f"The {name}",
                "host": "db.example.org",
                "login": "etl",
                "password": "a secret",
                "extra": '{"token": "a secret"}',
            }
            for name in self.connections
        ]
        return self._listing(asked, "connections", items)

    def _list_pools(self, asked: Asked, _parts: list[str]) -> Answer:
        return self._listing(asked, "pools", [{"name": "default_pool", "slots": 128}])


class StubAirflow2(StubAirflow):
    """Airflow 2.8.4 with basic auth."""

    root = "/api/v1"
    extra_run_parameters = frozenset({"only_active"})

    def __init__(self) -> None:
        self.dag = dict(recorded.V1_DAG)
        self.run = dict(recorded.V1_RUN)
        self.task = dict(recorded.V1_TASK)
        super().__init__()
        self.logs = [recorded.V1_LOG]

    def refusal(self, status: int, text: str) -> Answer:
        return Answer(recorded.v1_problem(status, "No", text), status)

    def conflict(self, dag_id: str, run_id: str) -> Answer:
        return self.refusal(
            409, f"DAGRun with DAG ID: '{dag_id}' and DAGRun ID: '{run_id}' already exists"
        )

    def xcom_text(self, value: Any, asked: Asked) -> Any:
        assert not asked.query
        return str(value)

    def _without_login(self, asked: Asked) -> Answer | None:
        open_paths = {"/api/v1/version": recorded.V1_VERSION, "/api/v1/health": recorded.V1_HEALTH}
        if not asked.path.startswith(self.root):
            return Answer("<html>Airflow 404 = lots of circles</html>", 404)
        return Answer(open_paths[asked.path]) if asked.path in open_paths else None

    def _refuse_login(self, asked: Asked) -> Answer | None:
        expected = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        if asked.authorization == f"Basic {expected}":
            return None
        return Answer(recorded.v1_problem(401, "Unauthorized"), 401)


class StubAirflow3(StubAirflow):
    """Airflow 3.3.2 with the simple auth manager; tokens can be declared void or bad."""

    root = "/api/v2"
    extra_run_parameters = frozenset({"exclude_stale", "dag_id_prefix_pattern"})

    def __init__(self, lifetime: int = 86400) -> None:
        self.dag = dict(recorded.V2_DAG)
        self.run = dict(recorded.V2_RUN)
        self.task = dict(recorded.V2_TASK)
        self.lifetime = lifetime
        self.tokens: list[str] = []
        self.void: dict[str, int] = {}
        super().__init__()
        self.logs = [recorded.V2_LOG]

    def refusal(self, status: int, text: str) -> Answer:
        return Answer({"detail": text}, status)

    def conflict(self, dag_id: str, run_id: str) -> Answer:
        return Answer(recorded.V2_CONFLICT, 409)

    def log_answer(self, place: int) -> Answer:
        lines = "".join(f"{json.dumps(event)}\n" for event in self.logs[place]["content"])
        return Answer(lines, headers={"Content-Type": "application/x-ndjson"})

    def xcom_text(self, value: Any, asked: Asked) -> Any:
        assert asked.query == {"deserialize": "true", "stringify": "false"}
        return value

    def _trigger(self, asked: Asked, parts: list[str]) -> Answer:
        if not asked.body.get("logical_date", ""):
            return self.refusal(422, "logical_date: Field required")
        return super()._trigger(asked, parts)

    def void_all_tokens(self, status: int = 401) -> None:
        """Answer every token given so far with this status from now on."""
        self.void = dict.fromkeys(self.tokens, status)

    def _without_login(self, asked: Asked) -> Answer | None:
        if asked.path == "/auth/token":
            return self._log_in(asked)
        if asked.path.startswith("/api/v1"):
            return Answer({"error": "/api/v1 has been removed in Airflow 3"}, 404)
        open_paths = {
            "/api/v2/version": recorded.V2_VERSION,
            "/api/v2/monitor/health": recorded.V2_HEALTH,
        }
        return Answer(open_paths[asked.path]) if asked.path in open_paths else None

    def _log_in(self, asked: Asked) -> Answer:
        if asked.body != {"username": USERNAME, "password": PASSWORD}:
            return self.refusal(401, "Invalid credentials")
        # The server's clock is an hour behind.
        claims = {"sub": "admin", "iat": 1_700_000_000, "exp": 1_700_000_000 + self.lifetime}
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        self.tokens.append(f"head.{payload}.signature{len(self.tokens)}")
        return Answer({"access_token": self.tokens[-1]}, 201)

    def _refuse_login(self, asked: Asked) -> Answer | None:
        token = (asked.authorization or "").removeprefix("Bearer ")
        if token not in self.tokens:
            return self.refusal(401, "Not authenticated")
        if token in self.void:
            return self.refusal(self.void[token], "Invalid JWT token")
        return None
