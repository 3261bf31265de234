"""What the Airflow in memory holds, and the levers with which tests move it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_bridge.client import (
    Dag,
    DagImportError,
    DagRun,
    LogEvent,
    TaskInstance,
)

Key = tuple[str, str]
ENDED = {"success", "failed"}
UNFINISHED = {None, "scheduled", "queued", "up_for_retry", "up_for_reschedule"}


@dataclass
class Levers:
    """DAGs, runs and tasks, moved as Airflow's scheduler or a person there would move them."""

    connections: set[str] = field(default_factory=lambda: {"warehouse"})
    pools: set[str] = field(default_factory=lambda: {"default_pool"})
    broken_files: list[DagImportError] = field(default_factory=list)
    # By how much Airflow's clock is ahead of ours.
    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.dags: dict[str, Dag] = {}
        self.runs: dict[Key, DagRun] = {}
        self._tasks: dict[str, tuple[str, ...]] = {}
        self._instances: dict[Key, dict[str, TaskInstance]] = {}
        self._changed: dict[Key, datetime] = {}
        # A task as it was at the end of each of its earlier tries.
        self._earlier: dict[tuple[str, str, str], list[TaskInstance]] = {}
        self._xcoms: dict[tuple[str, str, str, str], Any] = {}
        self._logs: dict[tuple[str, str, str, int], list[LogEvent]] = {}

    def now(self) -> datetime:
        """Return the time by Airflow's clock."""
        return datetime.now(UTC) + self.ahead

    def serve(
        self,
        dag_id: str,
        *,
        tasks: Sequence[str] = ("work",),
        tags: Collection[str] = (),
        paused: bool = False,
        doc_md: str | None = None,
        bundle_version: str | None = "v1",
    ) -> None:
        """Serve a DAG with these tasks, as if its file had just been read without an error.

        Its documentation repeats the tags, unless it is given: that of a DAG which Airflow has
        not brought up to date yet. Without a bundle version its runs follow the newest file.
        """
        self.broken_files = [error for error in self.broken_files if dag_id not in error.filename]
        self._tasks[dag_id] = tuple(tasks)
        self.dags[dag_id] = Dag(
            dag_id=dag_id,
            is_paused=paused,
            tags=frozenset({"logidata", *tags}),
            doc_md=" ".join(tags) if doc_md is None else doc_md,
            bundle_version=bundle_version,
        )

    def break_file(self, dag_id: str, stack_trace: str) -> None:
        """Fail to import the DAG's file; a DAG that was served stays, marked as broken."""
        self.broken_files.append(DagImportError(f"{dag_id}.py", stack_trace, self.now()))

    def begin(
        self,
        dag_id: str,
        run_id: str,
        *,
        run_type: str = "manual",
        conf: Mapping[str, Any] | None = None,
    ) -> DagRun:
        """Queue a run from within Airflow, as its scheduler or a person there does."""
        now = self.now()
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
        run, now = self.runs[dag_id, run_id], self.now()
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
        now = self.now()
        before = self._instances[dag_id, run_id].get(
            task_id, TaskInstance(dag_id, run_id, task_id, None)
        )
        new_try = try_number != before.try_number
        if new_try and before.start_date:
            self._earlier.setdefault((dag_id, run_id, task_id), []).append(before)
        # A try that failed, before the next one.
        failed = state == "up_for_retry"
        began = failed or state not in {*UNFINISHED, "skipped", "upstream_failed"}
        start = (now if new_try else before.start_date or now) if began else None
        end = now if failed or state in {*ENDED, "skipped", "upstream_failed"} else None
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
        """Have every task of a run that has not succeeded do so, and the run with them."""
        for task_id, instance in self._instances[dag_id, run_id].items():
            if instance.state == "success":
                continue
            result = (results or {}).get(task_id, dataset())
            tries = instance.try_number + (instance.state in UNFINISHED)
            self.set_task(
                dag_id, run_id, task_id, "success", try_number=max(tries, 1), result=result
            )
        return self.set_run(dag_id, run_id, "success")

    def fail(self, dag_id: str, run_id: str, task_id: str, error: Any = None) -> DagRun:
        """Have one task of a run fail, and the run with it; those not begun are not begun."""
        self.set_task(dag_id, run_id, task_id, "failed", error=error)
        for other, instance in self._instances[dag_id, run_id].items():
            if instance.state in UNFINISHED:
                self.set_task(dag_id, run_id, other, "upstream_failed")
        return self.set_run(dag_id, run_id, "failed")

    def clear(self, dag_id: str, run_id: str, task_ids: Collection[str] | None = None) -> DagRun:
        """Have the whole run, or these tasks of it, run again, as a person in Airflow can."""
        for task_id, instance in self._instances[dag_id, run_id].items():
            if task_ids is not None and task_id not in task_ids:
                continue
            if instance.start_date:
                self._earlier.setdefault((dag_id, run_id, task_id), []).append(instance)
            self._instances[dag_id, run_id][task_id] = replace(
                instance, state=None, start_date=None, end_date=None, duration=None
            )
        run = self.runs[dag_id, run_id]
        return self._store(
            replace(run, state="queued", queued_at=self.now(), start_date=None, end_date=None)
        )

    def forget_run(self, dag_id: str, run_id: str) -> None:
        """Delete a run, as a person in Airflow can."""
        for table in (self.runs, self._instances, self._changed):
            del table[dag_id, run_id]

    def schedule(self) -> None:
        """Have the scheduler look at every run that goes on, which changes nothing but that."""
        for key, run in self.runs.items():
            if run.state not in ENDED:
                self._changed[key] = self.now()

    def written_at(self, key: Key) -> datetime:
        """Return when Airflow last wrote the run."""
        return self._changed[key]

    def instances(self, key: Key) -> list[TaskInstance]:
        """Return the task instances of a run, none of one that there is not."""
        return list(self._instances.get(key, {}).values())

    def tries_of(self, key: Key, task_id: str) -> list[TaskInstance]:
        """Return a task in every try."""
        latest = self._instances.get(key, {}).get(task_id)
        return [*self._earlier.get((*key, task_id), []), *([latest] if latest else [])]

    def _store(self, run: DagRun) -> DagRun:
        times = [run.queued_at, run.start_date, run.end_date]
        run = replace(run, updated_at=max(time for time in times if time is not None))
        self.runs[run.dag_id, run.run_id] = run
        self._changed[run.dag_id, run.run_id] = self.now()
        return run


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
