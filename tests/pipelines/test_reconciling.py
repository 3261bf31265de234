"""What drifted from what is saved is deployed again; what is not ours is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.models import DagRemoval, Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import Queue
from tests.pipelines.deployments import file_of, look, serve, status_of


def test_reconciling_leaves_what_is_right_alone(
    ready: Pipeline, queue: Queue, reconcile: Any
) -> None:
    reconcile()
    assert queue == []
    assert status_of(ready) == "ready"


@pytest.mark.parametrize("damage", ["removed", "edited"])
def test_a_file_that_was_removed_or_edited_is_written_again(
    ready: Pipeline, dags_dir: Path, queue: Queue, reconcile: Any, damage: str
) -> None:
    file = file_of(ready, dags_dir)
    if damage == "removed":
        file.unlink()
    else:
        file.write_text("import os\n")
    reconcile()
    assert status_of(ready) == "registering"
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]


def test_a_dag_that_airflow_lost_is_deployed_again(
    ready: Pipeline, airflow: FakeAirflow, queue: Queue, reconcile: Any
) -> None:
    airflow.delete_dag(ready.dag_id)
    reconcile()
    assert status_of(ready) == "registering"
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]


def test_a_dag_that_broke_is_deployed_again_and_stays_failed_while_it_is_broken(
    ready: Pipeline, airflow: FakeAirflow, queue: Queue, reconcile: Any
) -> None:
    airflow.break_file(ready.dag_id, "ModuleNotFoundError: operators")
    reconcile()
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]
    look(ready)
    assert status_of(ready) == "failed"
    assert ready.deployment_error == "ModuleNotFoundError: operators"
    queue.clear()
    reconcile()
    assert queue == []
    serve(airflow, ready)
    reconcile()
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]
    look(ready)
    assert status_of(ready) == "ready"


def test_a_failed_deployment_that_airflow_serves_after_all_becomes_ready(
    ready: Pipeline, queue: Queue, reconcile: Any
) -> None:
    Pipeline.objects.update(deployment_status="failed", deployment_error="Too late.")
    reconcile()
    assert queue.of("deploy_pipeline") == [[str(ready.pk)]]
    look(ready)
    assert status_of(ready) == "ready"


def test_a_file_without_a_pipeline_stays_and_is_named(
    ready: Pipeline,
    airflow: FakeAirflow,
    dags_dir: Path,
    queue: Queue,
    reconcile: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = file_of(ready, dags_dir)
    # As for a LogiData that was started with another database.
    Pipeline.objects.all().delete()
    reconcile()
    assert queue == []
    assert file.exists()
    assert ready.dag_id in airflow.dags
    assert not DagRemoval.objects.exists()
    assert str(file) in caplog.text
    assert "LOGIDATA_DATABASE_URL" in caplog.text


def test_files_that_are_not_ours_are_never_touched(
    ready: Pipeline, dags_dir: Path, queue: Queue, reconcile: Any
) -> None:
    mine = dags_dir / "my_own_dag.py"
    mine.write_text("")
    reconcile()
    assert queue == []
    assert mine.exists()
