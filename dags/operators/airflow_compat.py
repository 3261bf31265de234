"""Airflow 2.8 to 3.x behind one set of names: what a DAG file uses imports airflow here only.

Import-light: a DAG file that uses it costs what one importing Airflow itself costs.
"""

from __future__ import annotations

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
    try:
        return BaseHook.get_connection(connection_id)
    except AirflowNotFoundException as error:
        if not _is_unknown(connection_id):
            raise ConnectionError(f"Airflow did not say what '{connection_id}' is") from error
        return None


def _is_unknown(connection_id: str) -> bool:
    """Return whether Airflow's API says that there is no such connection.

    Airflow 3 takes an API that cannot answer, for its database is away, for one without it.
    """
    try:
        from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
        from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS
    except ImportError:
        # Airflow 2, which raises its database's error; or no task, as in `dag.test()`.
        return True
    try:
        answer = SUPERVISOR_COMMS.send(GetConnection(conn_id=connection_id))
    except AirflowRuntimeError as error:
        answer = error.error
    return isinstance(answer, ErrorResponse) and answer.error == ErrorType.CONNECTION_NOT_FOUND


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
