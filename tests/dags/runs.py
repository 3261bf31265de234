"""Stand-ins for what Airflow hands to a task, as far as the operator uses it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass
class FakeRun:
    """A DAG run."""

    run_id: str = "logidata__e1"
    conf: dict[str, Any] | None = None
    start_date: datetime | None = datetime(2026, 1, 3, tzinfo=UTC)


@dataclass
class FakeTaskInstance:
    """A task instance; `results` are the XComs of other tasks, `pushed` its own."""

    results: dict[str, Any] = field(default_factory=dict)
    try_number: int = 1
    pushed: dict[str, Any] = field(default_factory=dict)

    def xcom_pull(self, *, task_ids: str) -> Any:
        return self.results.get(task_ids)

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


class Secrets:
    """What a template must not reach."""

    password = "hunter2-hunter2"


def a_context(
    conf: dict[str, Any] | None = None,
    params: dict[str, Any] | None = None,
    results: dict[str, Any] | None = None,
    run_id: str = "logidata__e1",
) -> dict[str, Any]:
    """Return a task's context like Airflow's, with `conn` and `var` in it."""
    return {
        "dag_run": FakeRun(run_id, conf),
        "ti": FakeTaskInstance(results or {}),
        "params": params or {},
        "ds": "2026-01-02",
        "run_id": run_id,
        "conn": Secrets(),
        "var": Secrets(),
    }
