"""A deleted pipeline's DAG is removed, and no other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from airflow_bridge.errors import DagNotFound
from pipelines import services, tasks
from pipelines.models import DagRemoval, Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import Queue
from tests.pipelines.deployments import file_of


def test_a_removed_dag_is_looked_for_until_airflow_has_forgotten_it(
    ready: Pipeline, airflow: FakeAirflow, dags_dir: Path, queue: Queue
) -> None:
    dag_id, file = ready.dag_id, file_of(ready, dags_dir)
    services.delete_pipeline(ready)
    # Airflow was just reading the file: the DAG comes back once.
    airflow.after("delete_dag", lambda: airflow.serve(dag_id))
    for _ in range(2):
        tasks.remove_dag(dag_id)
        assert queue.pop() == ("pipelines.tasks.remove_dag", [dag_id])
    tasks.remove_dag(dag_id)
    assert queue == []
    assert not file.exists()
    assert dag_id not in airflow.dags
    assert not DagRemoval.objects.exists()


def test_a_dag_whose_details_airflow_2_has_forgotten_first_is_removed_all_the_same(
    ready: Pipeline, airflow: FakeAirflow, queue: Queue
) -> None:
    dag_id = ready.dag_id
    services.delete_pipeline(ready)

    def forget() -> None:
        raise DagNotFound("Airflow does not serve the DAG.")

    airflow.before("get_dag", forget)
    tasks.remove_dag(dag_id)
    assert dag_id not in airflow.dags


def test_a_removal_outlives_an_airflow_that_is_down(
    ready: Pipeline, airflow: FakeAirflow, dags_dir: Path, queue: Queue, reconcile: Any
) -> None:
    dag_id, file = ready.dag_id, file_of(ready, dags_dir)
    services.delete_pipeline(ready)
    airflow.outage = "Airflow is down."
    tasks.remove_dag(dag_id)
    assert not file.exists()
    DagRemoval.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    queue.clear()
    reconcile()
    assert queue.of("remove_dag") == [[dag_id]]


def test_a_removal_that_is_not_on_record_removes_nothing(
    ready: Pipeline, airflow: FakeAirflow, dags_dir: Path, queue: Queue
) -> None:
    tasks.remove_dag(ready.dag_id)
    assert file_of(ready, dags_dir).exists()
    assert ready.dag_id in airflow.dags
    assert queue == []


def test_a_file_whose_removal_is_under_way_is_not_complained_about(
    ready: Pipeline, reconcile: Any, caplog: pytest.LogCaptureFixture
) -> None:
    dag_id = ready.dag_id
    services.delete_pipeline(ready)
    reconcile()
    assert dag_id not in caplog.text
