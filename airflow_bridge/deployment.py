"""Whether Airflow really serves a revision yet."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Literal

from airflow_bridge.client import AirflowClient, Dag, DagImportError
from airflow_bridge.dag_source import hash_tag
from airflow_bridge.errors import DagNotFound
from etl.messages import say

DeploymentState = Literal["registering", "ready", "failed"]


@dataclass(frozen=True)
class Deployment:
    """How far Airflow is; `detail` says what it waits for, or is the import error word by word."""

    state: DeploymentState
    detail: str


def serves(dag: Dag, sha256: str) -> bool:
    """Return whether Airflow would start a run now, and that run follow the revision so hashed.

    The DAG of a file that broke stays there, marked, and with its old content; Airflow refuses to
    trigger it.
    """
    mark = hash_tag(sha256)
    intact = dag.is_active and not dag.has_import_errors
    return intact and mark in dag.tags and mark in dag.doc_md


def deployment_of(
    client: AirflowClient, dag_id: str, sha256: str, filename: str | PurePath
) -> Deployment:
    """Return how far Airflow is with serving the revision with that hash from that file.

    `filename` is the DAG file's path as it was written, or its bare name. Import errors from
    before the file was last written do not count: they are about its previous content. Raises
    AirflowUnavailable or AirflowRefused.
    """
    try:
        dag: Dag | None = client.get_dag(dag_id)
    except DagNotFound:
        dag = None
    if dag is not None and serves(dag, sha256):
        if dag.is_settled:
            return Deployment("ready", say("Airflow serves this revision."))
        return Deployment(
            "registering",
            say("Airflow's scheduler may go by the previous revision for some seconds."),
        )
    if error := _import_error(client, PurePath(filename)):
        return Deployment("failed", error.stack_trace.strip())
    if dag is None or not dag.is_active:
        return Deployment("registering", say("Airflow has not read the DAG file yet."))
    if dag.has_import_errors:
        # The error is about the file's previous content.
        return Deployment("registering", say("Airflow has not read the mended DAG file yet."))
    return Deployment("registering", say("Airflow still serves the previous revision."))


def _import_error(client: AirflowClient, path: PurePath) -> DagImportError | None:
    written = _written_at(path)
    for error in client.import_errors():
        # Airflow 2 tells the whole path, Airflow 3 the path within the folder.
        if PurePath(error.filename).name == path.name and (
            written is None or error.timestamp >= written
        ):
            return error
    return None


def _written_at(path: PurePath) -> datetime | None:
    try:
        return datetime.fromtimestamp(Path(path).stat().st_mtime, UTC)
    except OSError:
        return None
