"""The Airflow in memory behind the REST API of Airflow 3.3.2, as its answers were recorded.

Listings obey a page limit that the server sets, and what is asked for in a body does not; changed
runs are filtered by when Airflow last wrote them and come by id. Times are Airflow's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from airflow_bridge.client import Dag, DagRun, TaskInstance
from airflow_bridge.errors import AirflowUnavailable, DagBroken, DagNotFound, RunNotFound
from tests.airflow_bridge import recorded
from tests.airflow_bridge.stub_airflow import StubAirflow3
from tests.airflow_bridge.stub_server import Answer, Asked
from tests.fake_airflow.client import FakeAirflow

_JSON = {"Content-Type": "application/json"}


class FakeAirflow3(StubAirflow3):
    """Answers requests from what `fake` holds. `page` is `[api] maximum_page_limit`."""

    def __init__(self, fake: FakeAirflow, page: int = 100) -> None:
        super().__init__()
        self.fake, self.page = fake, page
        # Task instances do not change, they are replaced: each is written as JSON once.
        self._written: dict[int, tuple[TaskInstance | DagRun, str]] = {}
        self.connections = sorted(fake.connections)

    def __call__(self, asked: Asked) -> Answer:
        try:
            return super().__call__(asked)
        except (DagNotFound, RunNotFound) as error:
            return self.refusal(404, str(error))
        except DagBroken:
            return self.refusal(400, "The DAG has import errors and cannot be triggered")
        except AirflowUnavailable as error:
            return self.refusal(503, str(error))

    def _list_runs(self, asked: Asked, _parts: list[str]) -> Answer:
        assert asked.query["order_by"] == "id"
        since = datetime.fromisoformat(asked.query["updated_at_gte"])
        prefix = asked.query["dag_id_prefix_pattern"]
        # Runs are kept in the order in which they began, which is that of their ids.
        found = [
            run
            for key, run in self.fake.runs.items()
            if key[0].startswith(prefix) and self.fake.written_at(key) >= since
        ]
        start, limit = int(asked.query["offset"]), min(int(asked.query["limit"]), self.page)
        return self._collection("dag_runs", found[start : start + limit], len(found))

    def _list_tasks(self, asked: Asked, _parts: list[str]) -> Answer:
        known = {"dag_ids", "dag_run_ids", "page_limit", "page_offset"}
        if unknown := set(asked.body) - known:
            return self.refusal(422, f"Extra inputs are not permitted: {unknown}")
        dag_ids, run_ids = set(asked.body["dag_ids"]), set(asked.body["dag_run_ids"])
        found = [
            instance
            for dag_id, run_id in self.fake.runs
            if run_id in run_ids and dag_id in dag_ids
            for instance in self.fake.instances((dag_id, run_id))
        ]
        start = asked.body.get("page_offset", 0)
        page = found[start : start + asked.body.get("page_limit", 100)]
        return self._collection("task_instances", page, len(found))

    def _collection(self, name: str, items: Iterable[DagRun | TaskInstance], total: int) -> Answer:
        listed = ",".join(self._json(item) for item in items)
        return Answer(f'{{"{name}":[{listed}],"total_entries":{total}}}', headers=_JSON)

    def _json(self, item: DagRun | TaskInstance) -> str:
        known = self._written.get(id(item))
        if known is None:
            raw = _run(item) if isinstance(item, DagRun) else _task(item)
            known = self._written[id(item)] = (item, json.dumps(raw))
        return known[1]

    # One thing at a time.

    def _listing(
        self, asked: Asked, key: str, items: list[Any], known: Any = frozenset()
    ) -> Answer:
        if key == "dags":
            items = [_dag(dag) for dag in self.fake.list_dags(asked.query["tags"])]
        return super()._listing(asked, key, items, known)

    def _dag(self, dag_id: str) -> Answer:
        return Answer(_dag(self.fake.get_dag(dag_id)))

    def _patch_dag(self, asked: Asked, parts: list[str]) -> Answer:
        self.fake.set_paused(parts[0], asked.body["is_paused"])
        return self._dag(parts[0])

    def _delete_dag(self, asked: Asked, parts: list[str]) -> Answer:
        self.fake.get_dag(parts[0])
        self.fake.delete_dag(parts[0])
        return Answer(status=204)

    def _clear(self, asked: Asked, parts: list[str]) -> Answer:
        self.fake.clear_tasks(parts[0], asked.body["dag_run_id"], asked.body["task_ids"])
        return Answer({"task_instances": [], "total_entries": 0})

    def _run(self, dag_id: str, run_id: str) -> Answer:
        return Answer(_run(self.fake.get_run(dag_id, run_id)))

    def _patch_run(self, asked: Asked, parts: list[str]) -> Answer:
        assert asked.body == {"state": "failed"}
        return Answer(_run(self.fake.cancel_run(parts[0], parts[1])))

    def _trigger(self, asked: Asked, parts: list[str]) -> Answer:
        dag_id, run_id = parts[0], asked.body["dag_run_id"]
        if (dag_id, run_id) in self.fake.runs:
            return self.conflict(dag_id, run_id)
        return Answer(_run(self.fake.trigger(dag_id, run_id, asked.body["conf"])))

    def _log(self, asked: Asked, parts: list[str]) -> Answer:
        events = self.fake.logs(parts[0], parts[1], parts[2], int(parts[3]))
        lines = [
            json.dumps({"timestamp": _time(e.timestamp), "event": e.message, "level": e.level})
            for e in events
        ]
        return Answer("".join(f"{line}\n" for line in lines), headers=_JSON)

    def _list_tries(self, asked: Asked, parts: list[str]) -> Answer:
        found = self.fake.tries(parts[0], parts[1], parts[2])
        return self._collection("task_instances", found, len(found))

    def _xcom(self, asked: Asked, parts: list[str]) -> Answer:
        dag_id, run_id, task_id, key = parts
        value = self.fake.xcom(dag_id, run_id, task_id, key)
        if value is None:
            return self.refusal(404, f"XCom entry with key: `{key}` not found")
        return Answer({"key": key, "value": self.xcom_text(value, asked)})

    def _list_errors(self, asked: Asked, _parts: list[str]) -> Answer:
        errors = [
            {
                **recorded.V2_IMPORT_ERROR,
                "filename": error.filename,
                "stack_trace": error.stack_trace,
                "timestamp": _time(error.timestamp),
            }
            for error in self.fake.import_errors()
        ]
        return self._listing(asked, "import_errors", errors)


def _dag(dag: Dag) -> dict[str, Any]:
    return {
        **recorded.V2_DAG,
        "dag_id": dag.dag_id,
        "is_paused": dag.is_paused,
        "is_stale": not dag.is_active,
        "tags": [{"name": tag, "dag_id": dag.dag_id} for tag in sorted(dag.tags)],
        "has_import_errors": dag.has_import_errors,
        "doc_md": dag.doc_md,
        "bundle_version": dag.bundle_version,
    }


def _run(run: DagRun) -> dict[str, Any]:
    return {
        **recorded.V2_RUN,
        "dag_run_id": run.run_id,
        "dag_id": run.dag_id,
        "state": run.state,
        "run_type": run.run_type,
        "logical_date": _time(run.logical_date),
        "queued_at": _time(run.queued_at),
        "start_date": _time(run.start_date),
        "end_date": _time(run.end_date),
        "last_scheduling_decision": None,
        "conf": dict(run.conf),
        "note": run.note,
        "bundle_version": run.bundle_version,
    }


def _task(task: TaskInstance) -> dict[str, Any]:
    return {
        **recorded.V2_TASK,
        "task_id": task.task_id,
        "dag_id": task.dag_id,
        "dag_run_id": task.run_id,
        "state": task.state,
        "try_number": task.try_number,
        "max_tries": task.max_tries,
        "start_date": _time(task.start_date),
        "end_date": _time(task.end_date),
        "duration": task.duration,
        "hostname": task.hostname,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
