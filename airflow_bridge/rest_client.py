"""The calls that Airflow 2's and Airflow 3's REST APIs have in common."""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from airflow_bridge import readings
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
    AirflowUnavailable,
    DagBroken,
    DagNotFound,
    RunNotFound,
)
from airflow_bridge.rest import JSON, Method, Reply, segment
from airflow_bridge.rest_calls import RestCalls
from etl.messages import say

# Of so many runs the task instances are asked for in one call: the more, the longer the answer.
_RUNS = 400
# Airflow 2 gives no order to task instances, so that only a single page is sure to have all. What
# is asked for in a body is not cut down to `[api] maximum_page_limit`.
_TASKS = 40_000
_ENDED = frozenset({"success", "failed"})


class RestClient(RestCalls):
    """An AirflowClient over REST; what differs between versions is in its subclasses."""

    def version(self) -> str:
        """See AirflowClient.version."""
        return str(self._call("GET", "/version")["version"])

    def clock_ahead(self) -> timedelta:
        """See AirflowClient.clock_ahead."""
        return self.session.clock_ahead

    def health(self) -> AirflowHealth:
        """See AirflowClient.health."""
        return readings.health(self.version(), self._call("GET", self.health_path))

    def get_dag(self, dag_id: str) -> Dag:
        """See AirflowClient.get_dag."""
        return readings.dag(self._of_dag("GET", dag_id, "/details"))

    def set_paused(self, dag_id: str, paused: bool) -> None:
        """See AirflowClient.set_paused."""
        self._of_dag("PATCH", dag_id, body={"is_paused": paused})

    def delete_dag(self, dag_id: str) -> bool:
        """See AirflowClient.delete_dag."""
        try:
            self._of_dag("DELETE", dag_id)
        except DagNotFound:
            return False
        return True

    def list_dags(self, tag: str) -> list[Dag]:
        """See AirflowClient.list_dags."""
        query = {"tags": tag, **self.stale_dags_too}
        # Airflow 2 matches a part of a tag, too.
        found = (readings.dag(raw) for raw in self._pages("/dags", "dags", query))
        return [dag for dag in found if tag in dag.tags]

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> DagRun:
        """See AirflowClient.trigger."""
        body = {"dag_run_id": run_id, "conf": dict(conf), **self.trigger_fields()}
        try:
            return readings.dag_run(self._call("POST", _runs(dag_id), body=body))
        except Reply as reply:
            if reply.status == HTTPStatus.CONFLICT:
                return self._run_of_an_earlier_call(dag_id, run_id, reply)
            if reply.status == HTTPStatus.NOT_FOUND:
                raise _dag_not_found(dag_id) from reply
            if "import error" in reply.detail:
                raise DagBroken(
                    say(
                        "Airflow cannot import the file of DAG '{dag_id}'. See the pipeline's "
                        "deployment for the reason.",
                        dag_id=dag_id,
                    )
                ) from reply
            raise self._refused(reply) from reply

    def get_run(self, dag_id: str, run_id: str) -> DagRun:
        """See AirflowClient.get_run."""
        return readings.dag_run(self._of_run("GET", dag_id, run_id))

    def runs_updated_since(
        self, since: datetime, dag_id_prefix: str = "pipeline_"
    ) -> Iterator[DagRun]:
        """See AirflowClient.runs_updated_since."""
        # By id: a run never leaves the result nor changes its place in it, so that no page
        # boundary can swallow one while runs go on changing.
        query = {
            "updated_at_gte": since.isoformat(),
            "order_by": "id",
            **self.prefix_filter(dag_id_prefix),
        }
        seen = set()
        for raw in self._pages("/dags/~/dagRuns", "dag_runs", query):
            run = readings.dag_run(raw)
            key = (run.dag_id, run.run_id)
            if run.dag_id.startswith(dag_id_prefix) and key not in seen:
                seen.add(key)
                yield run

    def task_instances(self, run_ids: Collection[tuple[str, str]]) -> list[TaskInstance]:
        """See AirflowClient.task_instances."""
        wanted = sorted(set(run_ids))
        found: list[TaskInstance] = []
        for start in range(0, len(wanted), _RUNS):
            found += self._task_instances(wanted[start : start + _RUNS])
        return found

    def tries(self, dag_id: str, run_id: str, task_id: str) -> list[TaskInstance]:
        """See AirflowClient.tries."""
        answer = self._found("GET", f"{_task(dag_id, run_id, task_id)}/tries", query={})
        # Airflow 2 leaves out what was asked by.
        asked = {"dag_id": dag_id, "dag_run_id": run_id, "task_id": task_id}
        return [
            readings.task_instance({**raw, **asked})
            for raw in (answer or {}).get("task_instances", ())
        ]

    def cancel_run(self, dag_id: str, run_id: str) -> DagRun:
        """See AirflowClient.cancel_run."""
        run = self.get_run(dag_id, run_id)
        # Airflow would turn a run that succeeded meanwhile into a failed one.
        if run.state in _ENDED:
            return run
        return readings.dag_run(self._of_run("PATCH", dag_id, run_id, body={"state": "failed"}))

    def clear_tasks(self, dag_id: str, run_id: str, task_ids: Collection[str]) -> None:
        """See AirflowClient.clear_tasks."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": sorted(task_ids),
            "only_failed": False,
            "only_running": False,
            "reset_dag_runs": True,
        }
        self._of_dag("POST", dag_id, "/clearTaskInstances", body=body, once=True)

    @abstractmethod
    def logs(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> Iterator[LogEvent]:
        """See AirflowClient.logs."""

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any | None:
        """See AirflowClient.xcom."""
        path = f"{_task(dag_id, run_id, task_id)}/xcomEntries/{segment(key)}"
        answer = self._found("GET", path, query=self.xcom_query)
        return None if answer is None else self.xcom_value(answer.get("value"))

    def import_errors(self) -> list[DagImportError]:
        """See AirflowClient.import_errors."""
        return [readings.import_error(raw) for raw in self._pages("/importErrors", "import_errors")]

    def list_connections(self) -> list[AirflowConnection]:
        """See AirflowClient.list_connections."""
        return [readings.connection(raw) for raw in self._pages("/connections", "connections")]

    def connection_ids(self) -> set[str]:
        """See AirflowClient.connection_ids."""
        return {connection.id for connection in self.list_connections()}

    def pool_names(self) -> set[str]:
        """See AirflowClient.pool_names."""
        return {str(raw["name"]) for raw in self._pages("/pools", "pools")}

    def _run_of_an_earlier_call(self, dag_id: str, run_id: str, reply: Reply) -> DagRun:
        try:
            return self.get_run(dag_id, run_id)
        except RunNotFound:
            # The conflict is about the logical date, of which a DAG has one run only.
            raise AirflowUnavailable(
                say(
                    "Another run of DAG '{dag_id}' began in the same instant. Try again.",
                    dag_id=dag_id,
                )
            ) from reply

    def _of_dag(
        self,
        method: Method,
        dag_id: str,
        path: str = "",
        *,
        body: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> Any:
        try:
            return self._call(method, f"/dags/{segment(dag_id)}{path}", body=body, once=once)
        except Reply as reply:
            raise self._or_refused(reply, _dag_not_found(dag_id)) from reply

    def _of_run(
        self, method: Method, dag_id: str, run_id: str, body: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return self._call(method, f"{_runs(dag_id)}/{segment(run_id)}", body=body)
        except Reply as reply:
            missing = RunNotFound(
                say(
                    "Airflow has no run '{run_id}' of DAG '{dag_id}'. If it was deleted "
                    "there, execute the pipeline again.",
                    run_id=run_id,
                    dag_id=dag_id,
                )
            )
            raise self._or_refused(reply, missing) from reply

    def _task_instances(self, runs: list[tuple[str, str]]) -> Iterator[TaskInstance]:
        asked = set(runs)
        # Airflow takes dags and runs apart, so that it may answer with more than was asked for.
        which = {
            "dag_ids": sorted({dag_id for dag_id, _ in runs}),
            "dag_run_ids": sorted({run_id for _, run_id in runs}),
        }
        offset = 0
        while True:
            body = {**which, "page_limit": _TASKS, "page_offset": offset}
            try:
                answer = self._call("POST", "/dags/~/dagRuns/~/taskInstances/list", body=body)
            except Reply as reply:
                raise self._refused(reply) from reply
            items: list[JSON] = answer["task_instances"]
            for raw in items:
                # A scheduled run's id is that of other DAGs' runs at the same moment.
                task = readings.task_instance(raw)
                if (task.dag_id, task.run_id) in asked:
                    yield task
            offset += len(items)
            if not items or offset >= answer["total_entries"]:
                return

    # What differs between versions.

    health_path: ClassVar[str]
    stale_dags_too: ClassVar[Mapping[str, Any]]
    xcom_query: ClassVar[Mapping[str, Any]]

    @abstractmethod
    def trigger_fields(self) -> JSON:
        """Return what a trigger's body holds beside run id and conf."""

    @abstractmethod
    def prefix_filter(self, dag_id_prefix: str) -> JSON:
        """Return the query by which Airflow itself leaves out the runs of other DAGs."""

    @abstractmethod
    def xcom_value(self, value: Any) -> Any:
        """Return an XCom value as JSON-like data."""


def _dag_not_found(dag_id: str) -> DagNotFound:
    return DagNotFound(
        say(
            "Airflow does not serve DAG '{dag_id}'. Wait until it has read the DAG's "
            "file, or deploy the pipeline again.",
            dag_id=dag_id,
        )
    )


def _runs(dag_id: str) -> str:
    return f"/dags/{segment(dag_id)}/dagRuns"


def log_path(dag_id: str, run_id: str, task_id: str, try_number: int) -> str:
    """Return the path of the log of one try, in either version."""
    return f"{_task(dag_id, run_id, task_id)}/logs/{try_number}"


def _task(dag_id: str, run_id: str, task_id: str) -> str:
    return f"{_runs(dag_id)}/{segment(run_id)}/taskInstances/{segment(task_id)}"
