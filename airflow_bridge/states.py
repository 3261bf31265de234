"""Airflow's states in our words."""

_RUN_STATES = {"queued": "pending", "running": "running", "success": "success", "failed": "failed"}

_NODE_STATES = {
    None: "pending",
    "none": "pending",
    "scheduled": "pending",
    "queued": "pending",
    "running": "running",
    "deferred": "running",
    "restarting": "running",
    "up_for_retry": "pending",
    "up_for_reschedule": "pending",
    "success": "success",
    "failed": "failed",
    "removed": "skipped",
    "skipped": "skipped",
    "upstream_failed": "skipped",
}

TERMINAL_TASK_STATES = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


def execution_status(run_state: str | None, cancel_requested: bool) -> str:
    """Return the execution status of a DAG run's state.

    A run that failed after a cancel was asked for is `cancelled`; one that succeeded in spite of
    it stays `success`. A state that is not known here is `unknown`.
    """
    status = _RUN_STATES.get(run_state or "", "unknown")
    return "cancelled" if status == "failed" and cancel_requested else status


def node_status(task_state: str | None, cancel_requested: bool) -> str:
    """Return the status of a node from its task instance's state (None: not scheduled yet).

    After a cancel what was cut off or never began is `cancelled`; what had succeeded stays so.
    """
    status = _NODE_STATES.get(task_state, "unknown")
    if cancel_requested and task_state in {"failed", "skipped", "upstream_failed"}:
        return "cancelled"
    return status
