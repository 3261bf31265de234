"""How an execution stands, whole and as JSON: what its page shows, and what the socket sends."""

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    JSONField,
    Q,
    QuerySet,
)
from django.utils import timezone
from django.utils.translation import override

from executions.models import ExecutionAttempt, PipelineExecution, TaskExecution
from executions.services.attempts import attempts_of
from executions.statuses import FINAL_NODE_STATUSES
from pipelines.messages import translated

JSON = dict[str, Any]

CANCEL = "executions.cancel_pipelineexecution"
EXECUTE = "pipelines.execute_pipeline"
ACTIONS = {"cancel": CANCEL, "retry": EXECUTE, "run_again": EXECUTE}
"""What can be done to an execution, and the permission that it takes."""

_EXECUTION = (
    *("pipeline_name", "airflow_dag_id", "airflow_dag_run_id", "status", "status_reason"),
    *(
        "trigger_type",
        "params",
        "created_at",
        "triggered_at",
        "started_at",
        "completed_at",
        "duration_seconds",
    ),
    *("error_message", "rows_rejected", "has_rejected", "celery_task_id", "cancel_requested_at"),
    *("replay_node", "attempt", "is_active", "may_still_run"),
)
_TASK = (
    *("node_id", "node_name", "module", "status", "tries", "max_tries"),
    *("started_at", "completed_at", "duration_seconds"),
    *("rows_in", "rows_out", "rows_rejected", "rows_removed", "rows_added"),
    *("bytes_out", "peak_rss_bytes", "error", "run_tries"),
    *("has_rejected", "outputs", "columns"),
)
_ATTEMPT = (
    *("number", "status", "error_message", "requested_at"),
    *("started_at", "completed_at", "duration_seconds"),
)
_REPLAY = ("id", "replay_node", "status", "created_at")


def live_state(
    execution_id: uuid.UUID, user: AbstractBaseUser | AnonymousUser | None = None
) -> JSON | None:
    """Return an execution as it stands now, with what `user` may do; None if there is none.

    Messages are in the language of whoever is answered.
    """
    state = shared_state(execution_id)
    if state is None:
        return None
    permissions = {name for name in set(ACTIONS.values()) if user and user.has_perm(name)}  # type: ignore[union-attr]
    told: JSON = _translated(state)
    return told | personal_state(state, permissions)


def in_language(state: JSON | None, language: str) -> str:
    """Return a state as JSON text, with its messages in a language; "null" for None."""
    with override(language):
        return json.dumps(_translated(state))


def shared_state(execution_id: uuid.UUID) -> JSON | None:
    """Return what everybody sees of an execution; what is read later is never older.

    What is told in words are messages, to be translated for each reader.
    `possible` says what can be done to it, by those who may.
    """
    execution = (
        PipelineExecution.objects.select_related(
            "revision", "triggered_by", "cancel_requested_by", "attempt_requested_by"
        )
        .prefetch_related("replays", "earlier_attempts__requested_by")
        .filter(pk=execution_id)
        .first()
    )
    if execution is None:
        return None
    tasks = list(_tasks(execution))
    return {
        "id": str(execution.pk),
        "pipeline": str(execution.pipeline_id) if execution.pipeline_id else None,
        "revision": execution.revision.number if execution.revision else None,
        "triggered_by": _name(execution.triggered_by),
        "cancel_requested_by": _name(execution.cancel_requested_by),
        "replay_of": str(execution.replay_of_id) if execution.replay_of_id else None,
        **_fields(execution, _EXECUTION),
        "tasks": [_task(task) for task in tasks],
        "replays": [_fields(replay, _REPLAY) for replay in execution.replays.all()],
        "attempts": [_attempt(one) for one in attempts_of(execution, tasks)],
        "progress": {
            "done": sum(task.status in FINAL_NODE_STATUSES for task in tasks),
            "total": len(tasks),
        },
        "possible": {
            "cancel": execution.may_still_run and execution.cancel_requested_at is None,
            "retry": execution.is_final and execution.pipeline_id is not None,
            "run_again": not execution.is_active and execution.pipeline_id is not None,
        },
    }


def personal_state(state: JSON, permissions: Iterable[str]) -> JSON:
    """Return what is beside the shared state for one user at this moment."""
    held = set(permissions)
    return {
        "actions": {
            action: state["possible"][action] and permission in held
            for action, permission in ACTIONS.items()
        },
        "server_time": _plain(timezone.now()),
    }


def _tasks(execution: PipelineExecution) -> QuerySet[TaskExecution]:
    """Return the nodes with what is told of their outputs, which themselves stay where they are."""
    found = TaskExecution.objects.filter(execution=execution).defer("output", "rejected")
    return found.annotate(
        sample_rows=_LengthOf(F("output"), key="data"),
        columns=_LengthOf(F("output"), key="columns"),
        outputs=_RowsOfOutputs(F("output")),
        has_rejected=ExpressionWrapper(Q(rejected__isnull=False), BooleanField()),
    )


class _RowsOfOutputs(Func):
    """The rows of each output by its name; null for a node that has one output, or none yet."""

    template = (
        "(SELECT jsonb_object_agg(one.key, one.value #> '{shape,0}') FROM jsonb_each("
        "CASE jsonb_typeof(%(expressions)s -> 'outputs') "
        "WHEN 'object' THEN %(expressions)s -> 'outputs' END) AS one)"
    )
    output_field = JSONField()


class _LengthOf(Func):
    """The length of the array at `key` of a JSON object; null where there is none."""

    template = (
        "CASE jsonb_typeof(%(expressions)s -> '%(key)s') WHEN 'array' "
        "THEN jsonb_array_length(%(expressions)s -> '%(key)s') END"
    )
    output_field = IntegerField()


def _task(task: TaskExecution) -> JSON:
    has_sample = bool(task.sample_rows)  # type: ignore[attr-defined]
    return {**_fields(task, _TASK), "warnings": task.warned, "has_sample": has_sample}


def _attempt(attempt: ExecutionAttempt) -> JSON:
    return {
        **_fields(attempt, _ATTEMPT),
        "nodes": attempt.told_nodes,
        "requested_by": _name(attempt.requested_by),
    }


def _name(user: AbstractBaseUser | None) -> str | None:
    return user.get_username() if user is not None else None


def _fields(row: object, names: Iterable[str]) -> JSON:
    return {name: _plain(getattr(row, name)) for name in names}


def _translated(value: Any) -> Any:
    if isinstance(value, str):
        return translated(value)
    if isinstance(value, dict):
        return {key: _translated(item) for key, item in value.items()}
    return [_translated(item) for item in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """Return a value as the REST API writes it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, uuid.UUID) else value
