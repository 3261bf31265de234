"""Having Airflow forget a DAG that is not wanted any more."""

from celery import current_app
from django.db import transaction

from airflow_bridge import factory
from airflow_bridge.errors import AirflowError
from etl.settings import run_settings
from etl.watermarks.store import forget_pipeline
from pipelines.models import DagRemoval
from pipelines.services.deployment import generator

REMOVE = "pipelines.tasks.remove_dag"


def queue_removal(dag_id: str) -> None:
    """Queue the removal of a DAG on commit; a broker that is down is logged, and reconciled."""
    # No partial: Django logs what failed by its name.
    transaction.on_commit(lambda: current_app.send_task(REMOVE, args=[dag_id]), robust=True)


def remove_dag(dag_id: str) -> bool:
    """Remove a DAG's file, what Airflow knows of it, and the positions of its watermarks.

    Return True once Airflow knows nothing.

    False means: look again in some seconds. A file that Airflow was just reading can bring the
    DAG back once. Without a record of the deletion nothing is removed: the message may come from
    another database's LogiData, and Airflow would forget the history of a living pipeline.

    Raises:
        AirflowError: Airflow cannot be asked, or refuses.
    """
    try:
        with transaction.atomic():
            return _remove(dag_id)
    except AirflowError as error:
        DagRemoval.objects.filter(dag_id=dag_id).update(last_error=str(error))
        raise


def _remove(dag_id: str) -> bool:
    # Who starts an execution in the DAG takes the record back, and waits for this lock: otherwise
    # the run that begins at this moment would be deleted with the DAG.
    removal = DagRemoval.objects.select_for_update().filter(dag_id=dag_id)
    if removal.first() is None:
        return True
    generator().delete_dag(dag_id)
    # Not asked for first: Airflow 2 forgets a DAG's details before the DAG, which would stay.
    if factory.get_airflow_client().delete_dag(dag_id):
        return False
    forget_pipeline(run_settings().state, dag_id)
    removal.delete()
    return True
