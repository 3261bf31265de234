"""What ran: executions, their nodes and attempts, and how far following Airflow has got."""

from executions.models.attempt import ExecutionAttempt
from executions.models.execution import (
    MAY_STILL_RUN,
    Executions,
    PipelineExecution,
    run_id_for,
)
from executions.models.sync_cursor import SyncCursor
from executions.models.task import TaskExecution

__all__ = [
    "MAY_STILL_RUN",
    "ExecutionAttempt",
    "Executions",
    "PipelineExecution",
    "SyncCursor",
    "TaskExecution",
    "run_id_for",
]
