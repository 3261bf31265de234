"""Airflow 2.8 to 3.x behind one set of names: what a DAG file uses imports airflow here only.

Import-light: a DAG file that uses it costs what one importing Airflow itself costs.
"""

from __future__ import annotations

import contextlib
from typing import Any

from airflow import __version__ as airflow_version

__all__ = [
    "DAG",
    "AirflowException",
    "AirflowFailException",
    "BaseOperator",
    "CronTriggerTimetable",
    "backoff",
    "get_connection",
    "redact",
    "without_unknown_arguments",
]

_VERSION = tuple(int(part) for part in airflow_version.split(".")[:2])
_HAS_DISPLAY_NAMES = _VERSION >= (2, 9)


if _VERSION >= (3, 0):
    from airflow.sdk import DAG, BaseOperator
else:
    from datetime import UTC, datetime

    from airflow.models.baseoperator import BaseOperator
    from airflow.models.dag import DAG as AirflowDAG  # noqa: N811 - a class

    class DAG(AirflowDAG):
        """Airflow 2's DAG, taking the arguments that Airflow 3's takes."""

        def __init__(self, dag_id: str, **arguments: Any) -> None:
            if not _HAS_DISPLAY_NAMES:
                arguments.pop("dag_display_name", None)
            # Without a start date Airflow 2 never schedules a task, of a manual run neither.
            arguments.setdefault("start_date", datetime(2000, 1, 1, tzinfo=UTC))
            super().__init__(dag_id, **arguments)


# A factor since 3.2; before that a switch, which doubles.
_BACKOFF_IS_SWITCH = isinstance(getattr(BaseOperator, "retry_exponential_backoff", False), bool)

# They moved within 3.x, not with 3.0.
try:
    from airflow.sdk import CronTriggerTimetable
except ImportError:
    from airflow.timetables.trigger import CronTriggerTimetable

try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
except ImportError:
    from airflow.exceptions import AirflowException, AirflowFailException


def backoff(factor: float) -> float:
    """Return how an operator is told to wait that many times longer with each try; 0 is: evenly.

    An Airflow that can only double takes any factor for that.
    """
    return bool(factor) if _BACKOFF_IS_SWITCH else factor


def without_unknown_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return an operator's arguments without those that this Airflow does not know yet."""
    if _HAS_DISPLAY_NAMES:
        return arguments
    return {name: value for name, value in arguments.items() if name != "task_display_name"}


def get_connection(connection_id: str) -> Any | None:
    """Return Airflow's connection, from its database, environment or secrets backend.

    Returns None where it is not defined. Airflow masks its secrets in all logs from then on.

    Raises:
        ConnectionError: Airflow cannot say.
    """
    from airflow.exceptions import AirflowNotFoundException

    try:
        from airflow.sdk import BaseHook
    except ImportError:
        from airflow.hooks.base import BaseHook
    with contextlib.suppress(AirflowNotFoundException):
        return BaseHook.get_connection(connection_id)
    # Airflow 3 says so as well of a connection that it could not look up.
    if not _database_answers():
        raise ConnectionError(f"Airflow cannot say what connection '{connection_id}' is")
    with contextlib.suppress(AirflowNotFoundException):
        return BaseHook.get_connection(connection_id)
    return None


def _database_answers() -> bool:
    """Return whether Airflow's API reaches its database; Airflow 2 asks that itself."""
    try:
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time.comms import ErrorResponse, GetDRCount
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS
    except ImportError:
        # Airflow 2; or no task, as in `dag.test()`.
        return True
    try:
        # The supervisor of the task repeats for a while what the API cannot answer.
        answer = SUPERVISOR_COMMS.send(GetDRCount(dag_id="any"))
    except AirflowRuntimeError:
        return False
    return not isinstance(answer, ErrorResponse)


def redact(text: str) -> str:
    """Return the text with the secrets that Airflow knows in this process masked."""
    try:
        from airflow.sdk.log import redact as mask
    except ImportError:
        try:
            from airflow.sdk.execution_time.secrets_masker import redact as mask
        except ImportError:
            from airflow.utils.log.secrets_masker import redact as mask
    return str(mask(text))
