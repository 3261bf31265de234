"""What a message says of an execution: kept with the delivery, without secrets."""

from datetime import datetime
from typing import Any

from etl.messages import map_values
from executions.models import PipelineExecution
from executions.services.log_masking import mask
from executions.statuses import ExecutionStatus, NodeStatus
from pipelines.messages import as_json

# So many nodes are named, with so much of their error.
NODES, ERROR_LENGTH = 3, 600


def facts_of(execution: PipelineExecution, attempt: int | None = None) -> dict[str, Any]:
    """Return what is to be said of an attempt of the execution, ready for JSON.

    An earlier attempt is described as it was kept, for a retry may have begun since.
    """
    if attempt is not None and attempt != execution.attempt:
        return _facts_of_earlier(execution, attempt)
    facts = {
        "status": execution.status,
        "attempt": execution.attempt,
        "trigger_type": execution.trigger_type,
        "started_at": _iso(execution.started_at),
        "completed_at": _iso(execution.completed_at),
        "duration_seconds": execution.duration_seconds,
        "rows_rejected": execution.rows_rejected,
        "reason": short(execution.status_reason),
    }
    if execution.status == ExecutionStatus.FAILED:
        failed = execution.tasks.filter(status=NodeStatus.FAILED).values_list("node_id", "error")
        facts |= _errors(execution.error_message, list(failed[: NODES + 1]))
    return facts


def _facts_of_earlier(execution: PipelineExecution, attempt: int) -> dict[str, Any]:
    earlier = execution.earlier_attempts.filter(number=attempt).first()
    if earlier is None:
        return {"status": "", "attempt": attempt}
    failed = [
        (node["node_id"], node["error"])
        for node in earlier.told_nodes
        if node["status"] == NodeStatus.FAILED
    ]
    return {
        "status": earlier.status,
        "attempt": attempt,
        "started_at": _iso(earlier.started_at),
        "completed_at": _iso(earlier.completed_at),
        "duration_seconds": earlier.duration_seconds,
        "rows_rejected": earlier.rows_rejected,
        **_errors(earlier.error_message, failed),
    }


def _errors(message: str, failed: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "nodes": [{"node": node, "error": short(error)} for node, error in failed[:NODES]],
        "more_nodes": len(failed) > NODES,
        # That of the execution repeats those of its nodes.
        "error": "" if failed else short(message),
    }


def short(text: str) -> Any:
    """Return the beginning of the text as JSON (`from_json`), without secrets.

    One that is cut is no message any more.
    """
    # Masked before it is cut: half a secret would not be found.
    masked = map_values(text, mask)
    if len(masked.strip()) <= ERROR_LENGTH:
        return as_json(masked)
    return masked.strip()[: ERROR_LENGTH - 1] + "…"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
