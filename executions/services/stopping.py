"""What of a run is still at work after it was told to stop."""

from collections.abc import Iterable

from airflow_bridge.client import TaskInstance
from airflow_bridge.states import node_status
from etl.execution_id import execution_id_of_run
from etl.liveness import running_nodes
from etl.settings import run_settings
from executions.models import PipelineExecution, run_id_for
from executions.statuses import FINAL_NODE_STATUSES


def still_running(execution: PipelineExecution, instances: Iterable[TaskInstance]) -> set[str]:
    """Return the nodes that are still at work; only when there are none has the run stopped.

    Airflow writes a task off at once, while its process goes on until its next heartbeat. So two
    witnesses are asked: Airflow's task instances, and the signs of life that the processes leave
    in the staging folder.
    """
    unfinished = {
        instance.task_id
        for instance in instances
        if node_status(instance.state, True) not in FINAL_NODE_STATUSES
    }
    return unfinished | running_nodes(run_settings().staging, staging_key(execution))


def staging_key(execution: PipelineExecution) -> str:
    """Return the name of the folder in which the execution's nodes leave their outputs."""
    if execution.airflow_dag_run_id == run_id_for(execution.pk):
        return str(execution.pk)
    return execution_id_of_run(execution.airflow_dag_id, execution.airflow_dag_run_id)
