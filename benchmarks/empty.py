"""Three empty tasks in a row: the least that a hand-written DAG of three nodes can cost to parse.

It is copied into the folder of DAGs of the measured stack; it is a DAG, and not imported.
"""

from __future__ import annotations

from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG(
    dag_id="handwritten_empty",
    schedule=None,
    start_date=datetime(2024, 1, 1),  # noqa: DTZ001 Airflow takes it as UTC
    catchup=False,
):
    extract = EmptyOperator(task_id="extract")
    keep = EmptyOperator(task_id="keep")
    load = EmptyOperator(task_id="load")

    extract >> keep >> load
