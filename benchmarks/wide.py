"""DAGs of a hundred and of five hundred empty tasks, in layers of ten: for Airflow's own pages.

It is copied into the folder of DAGs of the measured stack; it is a DAG, and not imported.
"""

from __future__ import annotations

from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

WIDTH = 10

for nodes in (100, 500):
    with DAG(
        dag_id=f"wide_{nodes}",
        schedule=None,
        start_date=datetime(2024, 1, 1),  # noqa: DTZ001 Airflow takes it as UTC
        catchup=False,
        is_paused_upon_creation=False,
    ):
        tasks = [EmptyOperator(task_id=f"node_{number}") for number in range(nodes)]
        for before, after in zip(tasks, tasks[WIDTH:], strict=False):
            before >> after
