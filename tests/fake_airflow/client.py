"""The client that answers from memory, and what tests can have happen around a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from airflow_bridge.client import (
    AirflowConnection,
    AirflowHealth,
    Dag,
    DagImportError,
    DagRun,
    LogEvent,
    TaskInstance,
)
from airflow_bridge.errors import (
    AirflowError,
    AirflowUnavailable,
    DagBroken,
    DagNotFound,
    RunNotFound,
)
from tests.fake_airflow.levers import ENDED, UNFINISHED, Levers


@dataclass
class FakeAirflow(Levers):
    """The client, beside the levers that tests pull."""

    # Set to a sentence, Airflow is down; every method raises AirflowUnavailable with it.
    outage: str = ""
    # How often each method was called.
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._before: dict[str, list[Callable[[], None]]] = {}
        self._after: dict[str, list[Callable[[], None]]] = {}

    # What happens around a request.

    def before(self, method: str, action: Callable[[], None]) -> None:
        """Have `action` happen once, just before Airflow handles the next such request."""
        self._before.setdefault(method, []).append(action)

    def after(self, method: str, action: Callable[[], None]) -> None:
        """Have `action` happen once, after Airflow handled the request and before it answers."""
        self._after.setdefault(method, []).append(action)

    def lose_answer(self, method: str, error: AirflowError | None = None) -> None:
        """Handle the next such request, but lose the answer on its way back."""

        def lose() -> None:
            raise error or AirflowUnavailable("Airflow did not answer in time.")

        self.after(method, lose)

    # The client.

    def version(self) -> str:
        with _Request(self, "version"):
            return "3.3.2"

    def clock_ahead(self) -> timedelta:
        return self.ahead

    def health(self) -> AirflowHealth:
        with _Request(self, "health"):
            components = ("metadatabase", "scheduler", "triggerer", "dag_processor")
            return AirflowHealth("3.3.2", {name: ("healthy", self.now()) for name in components})

    def get_dag(self, dag_id: str) -> Dag:
        with _Request(self, "get_dag"):
            return self._dag(dag_id)

    def set_paused(self, dag_id: str, paused: bool) -> None:
        with _Request(self, "set_paused"):
            self.dags[dag_id] = replace(self._dag(dag_id), is_paused=paused)

    def delete_dag(self, dag_id: str) -> bool:
        with _Request(self, "delete_dag"):
            known = self.dags.pop(dag_id, None) is not None
            for key in [key for key in self.runs if key[0] == dag_id]:
                self.forget_run(*key)
            return known

    def list_dags(self, tag: str) -> list[Dag]:
        with _Request(self, "list_dags"):
            return [self._dag(dag_id) for dag_id, dag in self.dags.items() if tag in dag.tags]

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> DagRun:
        with _Request(self, "trigger"):
            if self._dag(dag_id).has_import_errors:
                raise DagBroken(f"DAG '{dag_id}' has an import error.")
            if (dag_id, run_id) in self.runs:
                return self.runs[dag_id, run_id]
            return self.begin(dag_id, run_id, conf=conf)

    def get_run(self, dag_id: str, run_id: str) -> DagRun:
        with _Request(self, "get_run"):
            return self._run(dag_id, run_id)

    def runs_updated_since(
        self, since: datetime, dag_id_prefix: str = "pipeline_"
    ) -> Iterator[DagRun]:
        with _Request(self, "runs_updated_since"):
            changed = sorted((at, key) for key, at in self._changed.items() if at >= since)
            found = [self.runs[key] for _, key in changed if key[0].startswith(dag_id_prefix)]
        yield from found

    def task_instances(self, run_ids: Collection[tuple[str, str]]) -> list[TaskInstance]:
        with _Request(self, "task_instances"):
            return [
                instance for key in run_ids for instance in self._instances.get(key, {}).values()
            ]

    def tries(self, dag_id: str, run_id: str, task_id: str) -> list[TaskInstance]:
        with _Request(self, "tries"):
            return self.tries_of((dag_id, run_id), task_id)

    def cancel_run(self, dag_id: str, run_id: str) -> DagRun:
        with _Request(self, "cancel_run"):
            run = self._run(dag_id, run_id)
            if run.state in ENDED:
                return run
            for task_id, instance in self._instances[dag_id, run_id].items():
                if instance.state in UNFINISHED:
                    self.set_task(dag_id, run_id, task_id, "skipped")
                elif instance.state not in {*ENDED, "skipped", "upstream_failed"}:
                    self.set_task(dag_id, run_id, task_id, "failed", try_number=instance.try_number)
            return self.set_run(dag_id, run_id, "failed")

    def clear_tasks(self, dag_id: str, run_id: str, task_ids: Collection[str]) -> None:
        with _Request(self, "clear_tasks"):
            self._dag(dag_id)
            self._run(dag_id, run_id)
            self.clear(dag_id, run_id, task_ids)

    def logs(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> Iterator[LogEvent]:
        with _Request(self, "logs"):
            found = list(self._logs.get((dag_id, run_id, task_id, try_number), []))
        yield from found

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any | None:
        with _Request(self, "xcom"):
            return self._xcoms.get((dag_id, run_id, task_id, key))

    def import_errors(self) -> list[DagImportError]:
        with _Request(self, "import_errors"):
            return list(self.broken_files)

    def list_connections(self) -> list[AirflowConnection]:
        with _Request(self, "list_connections"):
            names = sorted(self.connections)
            return [AirflowConnection(name, "postgres", f"The {name}") for name in names]

    def connection_ids(self) -> set[str]:
        with _Request(self, "connection_ids"):
            return set(self.connections)

    def pool_names(self) -> set[str]:
        with _Request(self, "pool_names"):
            return set(self.pools)

    def _dag(self, dag_id: str) -> Dag:
        if dag_id not in self.dags:
            raise DagNotFound(f"Airflow has no DAG '{dag_id}'.")
        broken = any(dag_id in error.filename for error in self.broken_files)
        return replace(self.dags[dag_id], has_import_errors=broken)

    def _run(self, dag_id: str, run_id: str) -> DagRun:
        if (dag_id, run_id) not in self.runs:
            raise RunNotFound(f"Airflow has no run '{run_id}' of DAG '{dag_id}'.")
        return self.runs[dag_id, run_id]


class _Request:
    """What happens around every request: it is counted, it may fail, and tests may step in."""

    def __init__(self, airflow: FakeAirflow, method: str) -> None:
        self.airflow, self.method = airflow, method

    def __enter__(self) -> None:
        self.airflow.calls[self.method] += 1
        if self.airflow.outage:
            raise AirflowUnavailable(self.airflow.outage)
        self._act(self.airflow._before)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._act(self.airflow._after)

    def _act(self, table: dict[str, list[Callable[[], None]]]) -> None:
        for action in table.pop(self.method, []):
            action()
