"""What of a run is still at work after it was told to stop."""

import logging
from collections.abc import Iterable

from airflow_bridge.client import DagRun, TaskInstance
from airflow_bridge.states import execution_status, node_status
from etl.errors import ETLError
from etl.execution_id import execution_id_of_run
from etl.liveness import clear_stop, request_stop, running_nodes
from etl.settings import run_settings
from executions.models import PipelineExecution, run_id_for
from executions.statuses import FINAL_NODE_STATUSES, FINAL_STATUSES

logger = logging.getLogger(__name__)


def still_running(
    execution: PipelineExecution, run: DagRun, instances: Iterable[TaskInstance]
) -> set[str]:
    """Return the nodes that are still at work; only when there are none has the run stopped.

    Airflow writes a task off at once, while its process goes on until its next heartbeat. So two
    witnesses are asked: Airflow's task instances, and the signs of life that the processes leave
    in the staging folder. A process that gives none yet finds that it is to stop, which is seen
    to first. Raise OSError or ETLError if the staging cannot be reached.
    """
    forbid_nodes(execution, run)
    unfinished = {
        instance.task_id
        for instance in instances
        if node_status(instance.state, True) not in FINAL_NODE_STATUSES
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
