"""What beginning an attempt in Airflow may come to, and what may stand against it."""

import enum
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from airflow_bridge.client import AirflowClient
from airflow_bridge.deployment import serves
from airflow_bridge.errors import DagFileError, DagNotFound
from etl.messages import say
from executions.models import PipelineExecution
from executions.statuses import ExecutionStatus
from executions.transitions import NOT_BEGUN
from pipelines.models import PipelineRevision
from pipelines.services import redeploy, serve_apart

UNKNOWN_DAG = say("Airflow does not know the DAG any more")
BROKEN_DAG = say("Airflow can no longer import the DAG file")

# A request to begin is given up after so many seconds: Airflow can be asked what came of it. Until
# then, nobody else may send it, even though the worker that did may be dead.
_GIVEN_UP_AFTER = 15.0
# What Airflow may take to act on a request that was given up.
_ARRIVES_LATE = timedelta(seconds=10)

WAITS_TO_BEGIN = Q(NOT_BEGUN, status=ExecutionStatus.PENDING, cancel_requested_at=None)


class Attempt(enum.Enum):
    """What came of an attempt to trigger."""

    TRIGGERED = "the DAG run exists"
    SOON = "Airflow is registering the revision: look again at once"
    LATER = "something outside must change first: the regular sync looks again"
    NOTHING = "nothing to trigger: cancelled, ended, or triggered already"


class Waits(Exception):
    """The execution cannot be begun yet; the message is the reason shown."""

    def __init__(self, reason: str, attempt: Attempt) -> None:
        super().__init__(reason)
        self.reason = reason
        self.attempt = attempt


class Impossible(Exception):
    """The execution can never be begun; `reason` is the error shown."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def nothing_begun() -> Q:
    """Return the condition under which no worker has told Airflow to begin."""
    return Q(triggered_at=None, trigger_claimed_at=None) | Q(
        clear_pending=True, clear_claimed_at=None
    )


def nothing_can_begin() -> Q:
    """Return the condition under which Airflow cannot have, or still get, word to begin."""
    arrived = timezone.now() - may_arrive()
    return (
        nothing_begun()
        | Q(triggered_at=None, trigger_claimed_at__lt=arrived)
        | Q(clear_pending=True, clear_claimed_at__lt=arrived)
    )


def may_arrive() -> timedelta:
    """Return how long a request whose answer was lost may still arrive at Airflow."""
    return timedelta(seconds=patience()) + _ARRIVES_LATE


def patience() -> float:
    """Return the seconds that a request may take: login, request, and both again, but bounded."""
    timeouts = settings.AIRFLOW_CONNECT_TIMEOUT + settings.AIRFLOW_READ_TIMEOUT
    return min(4 * timeouts, _GIVEN_UP_AFTER)


def deployed_again(execution: PipelineExecution, revision: PipelineRevision, cause: str) -> Waits:
    """Have a DAG that was lost after it was ready deployed again; return what to wait for.

    That either mends its file or fails the deployment with Airflow's import error, and then the
    execution with it. A DAG of one revision alone is deployed with each attempt to begin.
    """
    if not execution.runs_apart:
        assert execution.pipeline_id is not None
        redeploy(execution.pipeline_id, revision.pk)
    return Waits(
        say(
            "{cause} of revision {number}; it is being deployed again.",
            cause=cause,
            number=revision.number,
        ),
        Attempt.SOON,
    )


def require_served(
    client: AirflowClient,
    execution: PipelineExecution,
    revision: PipelineRevision,
    *,
    keeps_its_own: bool = False,
) -> None:
    """Ask Airflow itself: what is begun must never run an older version than the one on screen.

    A run that `keeps_its_own` version needs its DAG only to be there. A DAG of the revision alone
    is written first. Raise `Waits`, or `Impossible` where Airflow cannot import such a DAG.
    """
    if execution.runs_apart:
        _require_served_apart(client, revision)
    try:
        dag = client.get_dag(execution.airflow_dag_id)
    except DagNotFound as missing:
        raise deployed_again(execution, revision, UNKNOWN_DAG) from missing
    if not keeps_its_own and dag.has_import_errors:
        raise deployed_again(execution, revision, BROKEN_DAG)
    if not keeps_its_own and not serves(dag, revision.sha256):
        raise Waits(
            say(
                "Airflow still serves another version than revision {number}.",
                number=revision.number,
            ),
            Attempt.SOON,
        )
    if dag.is_paused:
        raise Waits(
            say(
                "The pipeline's DAG is paused in Airflow, where a run would wait unseen. "
                "Unpause it there, and the execution goes on by itself."
            ),
            Attempt.LATER,
        )


def _require_served_apart(client: AirflowClient, revision: PipelineRevision) -> None:
    try:
        found = serve_apart(client, revision)
    except DagFileError as error:
        raise Impossible(str(error)) from error
    except OSError as error:
        raise Waits(
            say(
                "The DAG file of revision {number} cannot be written into {folder}: {error}. Make "
                "room there or grant access, and the execution goes on by itself.",
                number=revision.number,
                folder=settings.LOGIDATA_DAGS_DIR,
                error=error.strerror or error,
            ),
            Attempt.LATER,
        ) from error
    if found.state == "failed":
        raise Impossible(
            say(
                "Airflow cannot serve revision {number}. Restore it, correct it and execute the "
                "pipeline. The reason: {reason}",
                number=revision.number,
                reason=found.detail,
            )
        )
    if found.state == "registering":
        raise Waits(
            say(
                "Airflow is registering revision {number} beside the current one. {detail}",
                number=revision.number,
                detail=found.detail,
            ),
            Attempt.SOON,
        )
