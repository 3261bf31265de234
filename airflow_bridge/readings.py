"""Airflow's JSON as our dataclasses. Field names that a version lacks are read as absent."""

from datetime import UTC, datetime

from airflow_bridge.client import (
    AirflowConnection,
    AirflowHealth,
    Dag,
    DagImportError,
    DagRun,
    TaskInstance,
)
from airflow_bridge.rest import JSON, parse_time
from airflow_bridge.versions import missing_features

_CHANGES = ("last_scheduling_decision", "end_date", "start_date", "queued_at")


def dag(raw: JSON) -> Dag:
    """Return the DAG of either version's answer."""
    return Dag(
        dag_id=raw["dag_id"],
        is_paused=bool(raw.get("is_paused")),
        tags=frozenset(tag["name"] for tag in raw.get("tags") or ()),
        has_import_errors=bool(raw.get("has_import_errors")),
        file_token=raw.get("file_token"),
        is_active=not raw["is_stale"] if "is_stale" in raw else bool(raw.get("is_active", True)),
        doc_md=raw.get("doc_md") or "",
        bundle_version=raw.get("bundle_version") or None,
    )


def dag_run(raw: JSON) -> DagRun:
    """Return the DAG run of either version's answer.

    Airflow 2 does not tell when a run was queued: its start is the next thing after that.
    """
    changes = [moment for name in _CHANGES if (moment := parse_time(raw.get(name)))]
    logical_date = parse_time(raw.get("logical_date") or raw.get("execution_date"))
    run_type = raw.get("run_type") or "manual"
    if not changes and run_type == "manual" and logical_date is not None:
        # Nothing but when it was asked for, unless somebody gave it another date.
        changes = [min(logical_date, datetime.now(UTC))]
    return DagRun(
        dag_id=raw["dag_id"],
        run_id=raw["dag_run_id"],
        state=raw["state"],
        run_type=run_type,
        logical_date=logical_date,
        queued_at=parse_time(raw["queued_at" if "queued_at" in raw else "start_date"]),
        start_date=parse_time(raw.get("start_date")),
        end_date=parse_time(raw.get("end_date")),
        conf=raw.get("conf") or {},
        note=raw.get("note"),
        updated_at=max(changes, default=None),
        bundle_version=raw.get("bundle_version"),
    )


def task_instance(raw: JSON) -> TaskInstance:
    """Return the task instance of either version's answer."""
    return TaskInstance(
        dag_id=raw["dag_id"],
        run_id=raw["dag_run_id"],
        task_id=raw["task_id"],
        state=raw.get("state"),
        try_number=raw.get("try_number") or 0,
        max_tries=raw.get("max_tries") or 0,
        start_date=parse_time(raw.get("start_date")),
        end_date=parse_time(raw.get("end_date")),
        duration=raw.get("duration"),
        queued_when=parse_time(raw.get("queued_when")),
        hostname=raw.get("hostname") or None,
    )


def connection(raw: JSON) -> AirflowConnection:
    """Return the connection of either version's answer, and leave out what may be secret."""
    return AirflowConnection(
        id=str(raw["connection_id"]),
        type=str(raw.get("conn_type") or ""),
        description=str(raw.get("description") or ""),
    )


def import_error(raw: JSON) -> DagImportError:
    """Return the import error of either version's answer."""
    timestamp = parse_time(raw["timestamp"])
    assert timestamp is not None
    return DagImportError(
        filename=raw["filename"], stack_trace=raw["stack_trace"], timestamp=timestamp
    )


def health(version: str, raw: JSON) -> AirflowHealth:
    """Return the health of either version's answer, its components in Airflow's order.

    A component that this Airflow runs none of (no triggerer, say) is left out.
    """
    components = {}
    for name, state in raw.items():
        if isinstance(state, dict) and state.get("status"):
            heartbeat = parse_time(state.get(f"latest_{name}_heartbeat"))
            components[name] = (str(state["status"]), heartbeat)
    limits = tuple(feature.without for feature in missing_features(version))
    return AirflowHealth(version=version, components=components, limits=limits)
