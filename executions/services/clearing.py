"""Have Airflow run nodes of a run again, for a retry: once, and never after a cancel."""

import logging

from django.utils import timezone

from airflow_bridge.client import AirflowClient, DagRun
from airflow_bridge.errors import AirflowRefused, DagNotFound, RunNotFound
from airflow_bridge.patience import within
from airflow_bridge.states import execution_status
from etl.messages import say
from executions.models import PipelineExecution
from executions.services.beginning import (
    WAITS_TO_BEGIN,
    Attempt,
    Impossible,
    Waits,
    may_arrive,
    patience,
    require_served,
)
from executions.services.following import confirm_cleared, was_cleared
from executions.statuses import FINAL_STATUSES
from executions.transitions import mark_deleted

logger = logging.getLogger(__name__)


def clear_run(client: AirflowClient, execution: PipelineExecution) -> Attempt:
    """Make sure that the run was cleared for the attempt; return what came of it.

    Clearing twice would stop nodes that run already, so the run itself is asked first: when it
    was queued tells whether an earlier request, whose answer was lost, has arrived. Raise `Waits`
    while something is in the way, `Impossible` where its pipeline is gone, and AirflowError where
    Airflow does not answer as it should.
    """
    key = (execution.airflow_dag_id, execution.airflow_dag_run_id)
    try:
        run = client.get_run(*key)
    except RunNotFound:
        mark_deleted([execution])
        return Attempt.NOTHING
    if was_cleared(execution, run):
        confirm_cleared(execution, run)
        return Attempt.TRIGGERED
    _require_ended(run)
    if execution.pipeline is None or execution.pipeline.current_revision is None:
        raise Impossible(
            say(
                "Pipeline '{name}' was deleted before this attempt could begin. Create it anew if "
                "it is still wanted.",
                name=execution.pipeline_name,
            )
        )
    current = execution.pipeline.current_revision
    require_served(
        client,
        execution,
        execution.revision if execution.runs_apart and execution.revision else current,
        keeps_its_own=run.bundle_version is not None,
    )
    if not _claim(execution):
        return Attempt.LATER
    try:
        with within(patience()):
            client.clear_tasks(*key, execution.attempt_nodes or [])
    except (AirflowRefused, DagNotFound):
        # Airflow answered, so that nothing of this request is on its way.
        PipelineExecution.objects.filter(pk=execution.pk, attempt=execution.attempt).update(
            clear_claimed_at=None
        )
        raise
    logger.info("Execution %s: Airflow was told to run nodes again", execution.pk)
    confirm_cleared(execution, client.get_run(*key))
    return Attempt.TRIGGERED


def _require_ended(run: DagRun) -> None:
    if execution_status(run.state, False) not in FINAL_STATUSES:
        raise Waits(
            say(
                "Airflow has not ended the attempt before: the run is {state} there.",
                state=run.state,
            ),
            Attempt.LATER,
        )


def _claim(execution: PipelineExecution) -> bool:
    """Return whether it is this worker that tells Airflow; a cancel that came first wins.

    A claim whose worker died, or whose answer was lost, holds for as long as its request may
    still arrive.
    """
    now = timezone.now()
    row = PipelineExecution.objects.filter(
        WAITS_TO_BEGIN, pk=execution.pk, attempt=execution.attempt, clear_pending=True
    )
    before = execution.clear_claimed_at
    if before is not None and before > now - may_arrive():
        raise Waits(
            say("Airflow was told to run nodes again, and has not answered."), Attempt.LATER
        )
    return bool(row.filter(clear_claimed_at=before).update(clear_claimed_at=now))
