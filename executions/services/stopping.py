"""What of a run is still at work after it was told to stop: by a cancel, or as its time is up."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from airflow_bridge.client import DagRun, TaskInstance
from airflow_bridge.states import execution_status, node_status
from etl.errors import ETLError
from etl.execution_id import execution_id_of_run
from etl.liveness import clear_stop, request_stop, running_nodes
from etl.messages import say
from etl.settings import run_settings
from executions.models import PipelineExecution, run_id_for
from executions.statuses import FINAL_NODE_STATUSES, FINAL_STATUSES, NodeStatus

logger = logging.getLogger(__name__)

_CANCEL = say("Cancel asked for")
_TIME_UP = say("Its time is up")


@dataclass(frozen=True)
class Stop:
    """A run that was stopped, and how far that is.

    `busy` are the nodes whose processes may be at work, None if that cannot be seen. `timeout` is
    the longest that the run might take, None where it was cancelled instead. `waits_for` is the
    reason to show while anything may run, else empty.
    """

    busy: frozenset[str] | None
    waits_for: str
    timeout: float | None

    def status_of(self, instance: TaskInstance, status: str) -> str:
        """Return the status of a node that Airflow has written off, maybe before its process."""
        if status not in FINAL_NODE_STATUSES or not _was_cut_off(instance):
            return status
        if self.busy is None or instance.task_id in self.busy:
            return NodeStatus.RUNNING
        return NodeStatus.FAILED if self.timeout is not None else status

    def error_of(self, instance: TaskInstance, status: str) -> str:
        """Return what to say of a node that the timeout of its run has stopped, else nothing."""
        if self.timeout is None or status != NodeStatus.FAILED or instance.state != "skipped":
            return ""
        return say("Node '{node}' was stopped. {reason}", node=instance.task_id, reason=self.error)

    @property
    def error(self) -> str:
        """What to say of the execution, nothing if it was cancelled."""
        if self.timeout is None:
            return ""
        return say(
            "The execution ran longer than the timeout of its pipeline, {seconds:g} s. Give it "
            "more time or less to do, then retry it.",
            seconds=self.timeout,
        )


def look_for_stop(
    execution: PipelineExecution, run: DagRun, instances: Iterable[TaskInstance]
) -> Stop | None:
    """Return how far the stop of a run is that Airflow calls failed; None if it was not stopped.

    Airflow writes a task off at once, while its process goes on until its next heartbeat. So two
    witnesses are asked: Airflow's task instances, and the signs of life that the processes leave
    in the staging folder. A process that gives none yet finds that it is to stop, which is seen
    to first.
    """
    if run.state != "failed":
        return None
    timeout = None if execution.cancel_sent_at is not None else _overrun(execution, run)
    if execution.cancel_sent_at is None and timeout is None:
        return None
    why = _TIME_UP if timeout is not None else _CANCEL
    try:
        busy = still_running(execution, run, instances)
    except (OSError, ETLError) as error:
        return Stop(
            None,
            say(
                "{why}; whether its nodes have stopped cannot be seen: {error}. See that the "
                "worker can read and write the folder LOGIDATA_STAGING.",
                why=why,
                error=error,
            ),
            timeout,
        )
    nodes = ", ".join(sorted(busy))
    waits = say("{why}; waiting for these nodes to stop: {nodes}.", why=why, nodes=nodes)
    return Stop(frozenset(busy), waits if busy else "", timeout)


def still_running(
    execution: PipelineExecution, run: DagRun, instances: Iterable[TaskInstance]
) -> set[str]:
    """Return the nodes that are still at work; only when there are none has the run stopped.

    Raise OSError or ETLError if the staging cannot be reached.
    """
    forbid_nodes(execution, run)
    unfinished = {
        instance.task_id
        for instance in instances
        # Airflow 2 leaves a task without a state as it is when the run's time is up, and schedules
        # none of a run that has ended.
        if instance.state is not None
        and node_status(instance.state, True) not in FINAL_NODE_STATUSES
    }
    return unfinished | running_nodes(run_settings().staging, staging_key(execution))


def forbid_nodes(execution: PipelineExecution, run: DagRun) -> None:
    """Have the nodes of the run that have not begun their work refuse to.

    Raise OSError or ETLError if the staging cannot be reached.
    """
    staging, key = run_settings().staging, staging_key(execution)
    if run.start_date is None and execution_status(run.state, False) in FINAL_STATUSES:
        # It never began, so it has no process; left behind, the word would stop a cleared run.
        clear_stop(staging, key)
    else:
        request_stop(staging, key, run.start_date)


def allow_nodes(execution: PipelineExecution) -> None:
    """Take back what `forbid_nodes` did; what goes wrong with that is logged."""
    try:
        clear_stop(run_settings().staging, staging_key(execution))
    except (OSError, ETLError) as error:
        logger.warning("Execution %s: its stop cannot be taken back: %s", execution.pk, error)


def staging_key(execution: PipelineExecution) -> str:
    """Return the name of the folder in which the execution's nodes leave their outputs."""
    if execution.airflow_dag_run_id == run_id_for(execution.pk):
        return str(execution.pk)
    return execution_id_of_run(execution.airflow_dag_id, execution.airflow_dag_run_id)


def _overrun(execution: PipelineExecution, run: DagRun) -> float | None:
    """Return the timeout of the execution's pipeline, in seconds, if the run took longer."""
    snapshot = execution.revision.snapshot if execution.revision is not None else {}
    timeout: float | None = snapshot.get("timeout")
    if timeout is None or run.start_date is None or run.end_date is None:
        return None
    return timeout if run.end_date - run.start_date >= timedelta(seconds=timeout) else None


def _was_cut_off(instance: TaskInstance) -> bool:
    """Whether the task had begun when its run was stopped: Airflow fails it, or skips it."""
    return instance.state in {"failed", "skipped"} and instance.start_date is not None
