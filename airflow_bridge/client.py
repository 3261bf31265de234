"""What LogiData asks of Airflow, whichever version answers."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

ComponentHealth = tuple[str, datetime | None]
"""A status (`healthy`, `unhealthy` or `unknown`) and the last heartbeat."""


@dataclass(frozen=True)
class Dag:
    """A DAG as Airflow serves it; `is_active` is false once its file is gone.

    `tags` are those of the file as it was last read. `doc_md` is that of the DAG that a run
    started now would follow, which Airflow may bring up to date later; a listing leaves it empty.
    `bundle_version` is set where a run keeps the DAG's file as it is when the run starts. Without
    it (on Airflow 2, or in a bundle that has no versions) every run follows the newest file.
    `is_settled` is false while parts of Airflow may still go by the DAG as it was before.
    """

    dag_id: str
    is_paused: bool
    tags: frozenset[str]
    has_import_errors: bool = False
    file_token: str | None = None
    is_active: bool = True
    doc_md: str = ""
    bundle_version: str | None = None
    is_settled: bool = True


@dataclass(frozen=True)
class DagRun:
    """A DAG run. Every time is aware.

    Airflow sorts and filters by the time of a run's last change, but does not tell it.
    `updated_at` is the latest time that is known of the run, so never later than the last change:
    asking `runs_updated_since(updated_at)` again misses nothing. `bundle_version` is the version of
    the DAG bundle whose code and tasks the run keeps to, None where it follows the newest.
    `queued_at` is the start where Airflow does not tell it (Airflow 2), so None before.
    """

    dag_id: str
    run_id: str
    state: str
    run_type: str
    logical_date: datetime | None = None
    queued_at: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    conf: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
    updated_at: datetime | None = None
    bundle_version: str | None = None


@dataclass(frozen=True)
class TaskInstance:
    """One task of a DAG run, in its latest try; `duration` is in seconds."""

    dag_id: str
    run_id: str
    task_id: str
    state: str | None
    try_number: int = 0
    max_tries: int = 0
    start_date: datetime | None = None
    end_date: datetime | None = None
    duration: float | None = None
    queued_when: datetime | None = None
    hostname: str | None = None


@dataclass(frozen=True)
class DagImportError:
    """Why Airflow could not import a DAG file; `filename` may be relative to the DAGs folder."""

    filename: str
    stack_trace: str
    timestamp: datetime


@dataclass(frozen=True)
class AirflowConnection:
    """A connection as Airflow lists it, without anything that may be secret."""

    id: str
    type: str
    description: str


@dataclass(frozen=True)
class LogEvent:
    """One message of a task's log; `level` is a lower-case word, or empty where there is none."""

    timestamp: datetime | None
    level: str
    message: str


@dataclass(frozen=True)
class AirflowHealth:
    """How Airflow says it is: the version and every component by name.

    `limits` are sentences on what LogiData cannot do, or does in another way, with that version.
    """

    version: str
    components: Mapping[str, ComponentHealth]
    limits: tuple[str, ...] = ()


class AirflowClient(Protocol):
    """Airflow behind its REST API.

    Every method raises AirflowUnavailable where Airflow cannot be reached and AirflowRefused where
    it says no. Repeating a call after AirflowUnavailable is safe for all of them but
    `clear_tasks`.
    """

    def version(self) -> str:
        """Return Airflow's version, such as "3.3.2"."""

    def clock_ahead(self) -> timedelta:
        """Return by how much Airflow's clock was ahead of ours in its last answer, without asking.

        Zero for less than two seconds. For turning a time of Airflow's into one of ours: times of
        two clocks are never compared.
        """

    def health(self) -> AirflowHealth:
        """Return the version and the state of the metadata database, scheduler and so on."""

    def get_dag(self, dag_id: str) -> Dag:
        """Return the DAG; raise DagNotFound."""

    def set_paused(self, dag_id: str, paused: bool) -> None:
        """Pause or resume the DAG; raise DagNotFound."""

    def delete_dag(self, dag_id: str) -> bool:
        """Delete all that Airflow knows of the DAG; return whether it knew anything."""

    def list_dags(self, tag: str) -> list[Dag]:
        """Return the DAGs that carry the tag, those whose file is gone included."""

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> DagRun:
        """Start a run; where the run id exists already, return that run and start nothing.

        Raises DagNotFound, or DagBroken where the DAG's file has an import error.
        """

    def get_run(self, dag_id: str, run_id: str) -> DagRun:
        """Return the run; raise RunNotFound."""

    def runs_updated_since(
        self, since: datetime, dag_id_prefix: str = "pipeline_"
    ) -> Iterator[DagRun]:
        """Yield, once each, the runs of all such DAGs that changed at `since` or later."""

    def task_instances(self, run_ids: Collection[tuple[str, str]]) -> list[TaskInstance]:
        """Return the task instances of the runs, given as (dag id, run id), in few calls.

        Runs that Airflow does not know have none.
        """

    def tries(self, dag_id: str, run_id: str, task_id: str) -> list[TaskInstance]:
        """Return a task in every try that Airflow remembers, in any order; [] if in none.

        Before 2.10 Airflow remembers none.
        """

    def cancel_run(self, dag_id: str, run_id: str) -> DagRun:
        """Ask Airflow to fail the run and return it; raise RunNotFound.

        A run that has ended stays as it ended. Processes of running tasks stop only some seconds
        later.
        """

    def clear_tasks(self, dag_id: str, run_id: str, task_ids: Collection[str]) -> None:
        """Have tasks of an ended run, whatever their state, run again, and the run with them.

        Those behind them are to be named as well. Raises DagNotFound.
        """

    def logs(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> Iterator[LogEvent]:
        """Yield the log of one try while it is read, nothing where there is none (yet)."""

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any | None:
        """Return the XCom value as JSON-like data, or None where there is none."""

    def import_errors(self) -> list[DagImportError]:
        """Return every file that Airflow cannot import now."""

    def list_connections(self) -> list[AirflowConnection]:
        """Return the connections in Airflow's database."""

    def connection_ids(self) -> set[str]:
        """Return the ids of the connections in Airflow's database."""

    def pool_names(self) -> set[str]:
        """Return the names of the pools."""
