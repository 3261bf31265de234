"""An Airflow in memory that keeps the promises of `airflow_bridge.client.AirflowClient`.

Runs stand still until a test moves them. `tests/airflow_contract.py` holds it to the same cases
as the real one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from airflow_bridge.client import (
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

Key = tuple[str, str]
ENDED = {"success", "failed"}
UNFINISHED = {None, "scheduled", "queued", "up_for_retry", "up_for_reschedule"}


@dataclass
class FakeAirflow:
    """The client, and beside it the levers that tests pull."""

    connections: set[str] = field(default_factory=lambda: {"warehouse"})
    pools: set[str] = field(default_factory=lambda: {"default_pool"})
    # Set to a sentence, Airflow is down; every method raises AirflowUnavailable with it.
    outage: str = ""
    # How often each method was called.
    calls: Counter[str] = field(default_factory=Counter)
    broken_files: list[DagImportError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dags: dict[str, Dag] = {}
        self.runs: dict[Key, DagRun] = {}
        self._tasks: dict[str, tuple[str, ...]] = {}
        self._instances: dict[Key, dict[str, TaskInstance]] = {}
        self._changed: dict[Key, datetime] = {}
        self._xcoms: dict[tuple[str, str, str, str], Any] = {}
        self._logs: dict[tuple[str, str, str, int], list[LogEvent]] = {}
        self._before: dict[str, list[Callable[[], None]]] = {}
        self._after: dict[str, list[Callable[[], None]]] = {}

    # The levers.

    def serve(
        self,
        dag_id: str,
        *,
        tasks: Sequence[str] = ("work",),
        tags: Collection[str] = (),
        paused: bool = False,
        doc_md: str | None = None,
    ) -> None:
        """Serve a DAG with these tasks, as if its file had just been read without an error.

        Its documentation repeats the tags, unless it is given: that of a DAG which Airflow has
        not brought up to date yet.
        """
        self.broken_files = [error for error in self.broken_files if dag_id not in error.filename]
        self._tasks[dag_id] = tuple(tasks)
        self.dags[dag_id] = Dag(
            dag_id=dag_id,
            is_paused=paused,
            tags=frozenset({"logidata", *tags}),
            doc_md=" ".join(tags) if doc_md is None else doc_md,
        )

    def break_file(self, dag_id: str, stack_trace: str) -> None:
        """Fail to import the DAG's file; a DAG that was served stays, marked as broken."""
        self.broken_files.append(DagImportError(f"{dag_id}.py", stack_trace, _now()))

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

    def begin(
        self,
        dag_id: str,
        run_id: str,
        *,
        run_type: str = "manual",
        conf: Mapping[str, Any] | None = None,
    ) -> DagRun:
        """Queue a run from within Airflow, as its scheduler or a person there does."""
        now = _now()
        self._instances[dag_id, run_id] = {
            task: TaskInstance(dag_id=dag_id, run_id=run_id, task_id=task, state=None)
            for task in self._tasks[dag_id]
        }
        return self._store(
            DagRun(
                dag_id=dag_id,
                run_id=run_id,
                state="queued",
                run_type=run_type,
                logical_date=now,
                queued_at=now,
                conf=dict(conf or {}),
            )
        )

    def set_run(self, dag_id: str, run_id: str, state: str) -> DagRun:
        """Move a run, with the times that go with its new state."""
        run, now = self.runs[dag_id, run_id], _now()
        if state in {"running", *ENDED}:
            run = replace(run, start_date=run.start_date or now)
        return self._store(replace(run, state=state, end_date=now if state in ENDED else None))

    def set_task(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        state: str | None,
        *,
        try_number: int = 1,
        result: Any = None,
        error: Any = None,
        log: Sequence[str] = (),
    ) -> None:
        """Move a task, with what it leaves behind."""
        now = _now()
        before = self._instances[dag_id, run_id].get(
            task_id, TaskInstance(dag_id, run_id, task_id, None)
        )
        new_try = try_number != before.try_number
        began = state not in UNFINISHED and state not in {"skipped", "upstream_failed"}
        start = (now if new_try else before.start_date or now) if began else None
        end = now if state in {*ENDED, "skipped", "upstream_failed"} else None
        self._instances[dag_id, run_id][task_id] = replace(
            before,
            state=state,
            try_number=try_number if began else before.try_number,
            start_date=start,
            end_date=end,
            duration=(end - start).total_seconds() if start and end else None,
            hostname="worker",
        )
        if result is not None:
            self._xcoms[dag_id, run_id, task_id, "return_value"] = result
        if error is not None:
            self._xcoms[dag_id, run_id, task_id, "error"] = error
        self._logs.setdefault((dag_id, run_id, task_id, try_number), []).extend(
            LogEvent(timestamp=now, level="info", message=line) for line in log
        )

    def finish(
        self, dag_id: str, run_id: str, *, results: Mapping[str, Any] | None = None
    ) -> DagRun:
        """Have every task of a run succeed, and the run with them."""
        for task_id in self._instances[dag_id, run_id]:
            result = (results or {}).get(task_id, dataset())
            self.set_task(dag_id, run_id, task_id, "success", result=result)
        return self.set_run(dag_id, run_id, "success")

    def fail(self, dag_id: str, run_id: str, task_id: str, error: Any = None) -> DagRun:
        """Have one task of a run fail, and the run with it; those not begun are not begun."""
        self.set_task(dag_id, run_id, task_id, "failed", error=error)
        for other, instance in self._instances[dag_id, run_id].items():
            if instance.state in UNFINISHED:
                self.set_task(dag_id, run_id, other, "upstream_failed")
        return self.set_run(dag_id, run_id, "failed")

    def clear(self, dag_id: str, run_id: str) -> DagRun:
        """Have the whole run run again, as a person in Airflow can."""
        for task_id, instance in self._instances[dag_id, run_id].items():
            self._instances[dag_id, run_id][task_id] = replace(
                instance, state=None, start_date=None, end_date=None, duration=None
            )
        run = self.runs[dag_id, run_id]
        return self._store(
            replace(run, state="queued", queued_at=_now(), start_date=None, end_date=None)
        )

    def forget_run(self, dag_id: str, run_id: str) -> None:
        """Delete a run, as a person in Airflow can."""
        for table in (self.runs, self._instances, self._changed):
            del table[dag_id, run_id]

    # The client.

    def version(self) -> str:
        with _Request(self, "version"):
            return "3.3.2"

    def health(self) -> AirflowHealth:
        with _Request(self, "health"):
            components = ("metadatabase", "scheduler", "triggerer", "dag_processor")
            return AirflowHealth("3.3.2", {name: ("healthy", _now()) for name in components})

    def get_dag(self, dag_id: str) -> Dag:
        with _Request(self, "get_dag"):
            return self._dag(dag_id)

    def set_paused(self, dag_id: str, paused: bool) -> None:
        with _Request(self, "set_paused"):
            self.dags[dag_id] = replace(self._dag(dag_id), is_paused=paused)

    def delete_dag(self, dag_id: str) -> None:
        with _Request(self, "delete_dag"):
            self.dags.pop(dag_id, None)
            for key in [key for key in self.runs if key[0] == dag_id]:
                self.forget_run(*key)

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

    def clear_failed(
        self, dag_id: str, run_id: str, task_ids: Collection[str] | None = None
    ) -> None:
        with _Request(self, "clear_failed"):
            self._dag(dag_id)
            run = self._run(dag_id, run_id)
            for task_id, instance in self._instances[dag_id, run_id].items():
                named = task_ids is None or task_id in task_ids
                if named and instance.state in {"failed", "upstream_failed"}:
                    self._instances[dag_id, run_id][task_id] = replace(
                        instance, state=None, start_date=None, end_date=None, duration=None
                    )
            self._store(
                replace(run, state="queued", queued_at=_now(), start_date=None, end_date=None)
            )

    def logs(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> list[LogEvent]:
        with _Request(self, "logs"):
            return list(self._logs.get((dag_id, run_id, task_id, try_number), []))

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any | None:
        with _Request(self, "xcom"):
            return self._xcoms.get((dag_id, run_id, task_id, key))

    def import_errors(self) -> list[DagImportError]:
        with _Request(self, "import_errors"):
            return list(self.broken_files)

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

    def _store(self, run: DagRun) -> DagRun:
        times = [run.queued_at, run.start_date, run.end_date]
        run = replace(run, updated_at=max(time for time in times if time is not None))
        self.runs[run.dag_id, run.run_id] = run
        self._changed[run.dag_id, run.run_id] = _now()
        return run


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


def dataset(rows: int = 3, **metrics: int) -> dict[str, Any]:
    """Return what a node that succeeded leaves in XCom."""
    return {
        "uri": "file:///staging/part",
        "columns": ["id"],
        "schema": {"id": "BIGINT"},
        "shape": [rows, 1],
        "data": [{"id": number} for number in range(min(rows, 20))],
        "metrics": {
            "rows_in": rows,
            "rows_out": rows,
            "rows_rejected": 0,
            "bytes": 100,
            "seconds": 0.1,
            "peak_rss_bytes": 1_000_000,
            **metrics,
        },
    }


def _now() -> datetime:
    return datetime.now(UTC)
