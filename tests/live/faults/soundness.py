"""What must hold after every fault, and how long it took until it did."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from tests.live.client import FINAL, Json, LiveStack, eventually
from tests.live.faults.record import MEASURED, Measured
from tests.live.nodes import chain, load_node

ROWS = 5
TRUE_WITHIN = 60
UP_WITHIN = 120
# By what we say, what Airflow says.
RUN_STATES = {"success": "success", "failed": "failed", "cancelled": "failed"}
NODE_STATES = {"success": {"success"}, "failed": {"failed"}, "skipped": {"upstream_failed"}}

# Materialized, so that it sleeps once and not for each row.
QUERY = (
    "WITH slept AS MATERIALIZED (SELECT pg_sleep(%(seconds)s::float)) "
    f"SELECT number, %(mark)s AS mark FROM generate_series(1, {ROWS}) AS number, slept"
)


def reading_node(node_id: str = "read", **fields: object) -> Json:
    """Return a node that dawdles for some seconds and gives rows with the execution's mark."""
    parameters = {"seconds": "{{ params.seconds }}", "mark": "{{ params.mark }}"}
    config = {"connection": "warehouse", "query": QUERY, "parameters": parameters}
    return {"id": node_id, "module": "extract.sql", "config": config, **fields}


@dataclass
class Trial:
    """Executions that a fault meets, all of one pipeline, which adds rows to a table of its own."""

    live: LiveStack
    name: str
    retries: int = 0
    retry_delay: float = 1
    pipeline: Json = field(init=False)
    accepted: dict[str, frozenset[str]] = field(default_factory=dict)
    """By execution, the ways in which it may end."""
    healed: float = field(default=0.0, init=False)
    seen: Measured | None = field(default=None, init=False)
    wrong: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.table = "fault_" + re.sub(r"\W+", "_", self.name.lower()).strip("_")[:50]
        again = {"retries": self.retries, "retry_delay": self.retry_delay}
        load = load_node(self.table, node_id="load", mode="append") | again
        nodes, edges = chain(reading_node(**again), load)
        self.pipeline = self.live.create(nodes, edges, default_params={"seconds": 0, "mark": ""})

    def ready(self) -> Trial:
        """Return this once Airflow serves the pipeline."""
        eventually(lambda: self.deployment()["status"] == "ready", 60)
        return self

    def deployment(self) -> Json:
        found: Json = self.live.call("GET", f"pipelines/{self.pipeline['id']}")["deployment"]
        return found

    def start(
        self, count: int = 1, *, seconds: float = 0, ends: Iterable[str] = ("success",)
    ) -> list[str]:
        """Start executions and return their ids; `ends` are the statuses that they may end with."""
        ids = []
        for _ in range(count):
            mark = f"{self.name} {len(self.accepted) + 1}"
            execution_id = self.live.execute(self.pipeline, {"seconds": seconds, "mark": mark})
            self.accepted[execution_id] = frozenset(ends)
            ids.append(execution_id)
        return ids

    def reading(self, execution_id: str) -> None:
        """Return once the execution's first node is at work."""
        self.live.wait(execution_id, until=lambda found: found["tasks"][0]["status"] == "running")

    @contextmanager
    def fault(self) -> Iterator[None]:
        """Bring the fault about and end it within the block; time is counted from its end."""
        yield
        self.over()

    def over(self) -> None:
        """Note that the fault has ended."""
        self.healed = time.monotonic()

    def untrue(self) -> list[str]:
        """Return everything that is not (yet) as it must be; empty when all is well."""
        runs = self._runs()
        wrong = [
            f"Airflow has {count} runs {run_id}" for run_id, count in runs.items() if count != 1
        ]
        shown = self.live.call("GET", f"executions?pipeline={self.pipeline['id']}&page_size=200")
        listed = {execution["id"] for execution in shown["results"]}
        wrong += [f"execution {lost} is lost" for lost in self.accepted.keys() - listed]
        wrong += [f"nobody asked for execution {more}" for more in listed - self.accepted.keys()]
        known = set()
        for execution_id, ends in self.accepted.items():
            execution = self.live.execution(execution_id)
            known.add(execution["airflow_dag_run_id"])
            wrong += [f"{execution_id}: {what}" for what in self._untrue_of(execution, ends)]
        wrong += [f"run {run_id} is of no execution" for run_id in runs.keys() - known]
        return wrong

    def _untrue_of(self, execution: Json, ends: frozenset[str]) -> Iterator[str]:
        status = execution["status"]
        if status not in FINAL:
            yield f"is {status}: {execution['status_reason']}"
            return
        if status not in ends:
            yield f"ended as {status}: {execution['error_message']}{execution['status_reason']}"
        path = f"dags/{execution['airflow_dag_id']}/dagRuns/{execution['airflow_dag_run_id']}"
        answer = self.live.airflow_call("GET", path)
        if answer.status_code == 404 and status in ("cancelled", "failed"):
            # It ended before Airflow heard of it.
            yield from self._wrong_rows(execution, {0})
            return
        state = answer.json()["state"]
        if state != RUN_STATES.get(status):
            yield f"is {status}, and {state} in Airflow"
        instances = self.live.airflow_call("GET", f"{path}/taskInstances").json()["task_instances"]
        states = {instance["task_id"]: instance["state"] for instance in instances}
        for task in execution["tasks"]:
            allowed = NODE_STATES.get(task["status"], set())
            if status != "cancelled" and states.get(task["node_id"]) not in allowed:
                yield f"{task['node_id']} is {task['status']}, in Airflow {states}"
        # A load is one transaction: what was cancelled, or failed, has loaded all or nothing.
        yield from self._wrong_rows(execution, {ROWS} if status == "success" else {0, ROWS})

    def _wrong_rows(self, execution: Json, counts: set[int]) -> Iterator[str]:
        mark = execution["params"]["mark"]
        rows = self._rows(mark)
        if len(rows) not in counts or set(rows) not in (set(), set(range(1, ROWS + 1))):
            yield f"its rows in the target are {rows}"

    def _rows(self, mark: str) -> list[int]:
        [found] = self.live.warehouse("SELECT to_regclass(%s) IS NOT NULL AS there", [self.table])
        if not found["there"]:
            return []
        query = f"SELECT number FROM {self.table} WHERE mark = %s ORDER BY number"
        return [row["number"] for row in self.live.warehouse(query, [mark])]

    def _runs(self) -> Counter[str]:
        """Count Airflow's runs by their id, in the pipeline's DAG and those of single revisions."""
        own = f"pipeline_{self.pipeline['id']}"
        found: Counter[str] = Counter()
        for dag in self._of_airflow(f"dags?limit=100&dag_id_pattern={own}", "dags"):
            runs = self._of_airflow(f"dags/{dag['dag_id']}/dagRuns?limit=100", "dag_runs")
            found.update(run["dag_run_id"] for run in runs)
        return found

    def _of_airflow(self, path: str, key: str) -> list[Json]:
        answer = self.live.airflow_call("GET", path)
        found: list[Json] = answer.json()[key] if answer.ok else []
        return found


def settle(*trials: Trial) -> None:
    """Wait until all is up and true again, note for each trial when, or what stayed untrue."""
    up: float | None = None
    open_trials = list(trials)
    deadline = time.monotonic() + UP_WITHIN
    while open_trials and time.monotonic() < deadline:
        if up is None and _all_up(trials[0].live):
            up = time.monotonic()
            deadline = up + TRUE_WITHIN
        for trial in list(open_trials):
            trial.wrong = _untrue_or_unreachable(trial)
            if up is not None and not trial.wrong:
                now = time.monotonic()
                trial.seen = Measured(len(trial.accepted), up - trial.healed, now - trial.healed)
                open_trials.remove(trial)
        time.sleep(0.3)
    assert up is not None, trials[0].live.request("GET", "health").text


def require_truth(trial: Trial) -> None:
    """Fail with what stayed untrue; else note what was seen, for the page."""
    assert trial.seen is not None, f"not true within {TRUE_WITHIN} s: {trial.wrong}"
    MEASURED[trial.name] = trial.seen


def _all_up(live: LiveStack) -> bool:
    try:
        return live.request("GET", "health").ok
    except requests.RequestException:
        return False


def _untrue_or_unreachable(trial: Trial) -> list[str]:
    try:
        return trial.untrue()
    except (requests.RequestException, AssertionError, OSError) as error:
        return [f"could not be asked: {error}"]
