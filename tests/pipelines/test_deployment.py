"""From a saved revision to one that Airflow serves, whatever gets lost in between."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from airflow_bridge.client import DagImportError
from pipelines import services, tasks
from pipelines.models import Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import Queue, Save
from tests.pipelines.deployments import file_of, later, look, serve, status_of


def test_deploying_writes_the_file_and_looks_again_soon(
    deployed: Pipeline, dags_dir: Path, queue: Queue
) -> None:
    assert file_of(deployed, dags_dir).read_text() == services.generated_code(deployed)
    assert queue.of("follow_deployment") == [[str(deployed.pk)]]


def test_it_is_ready_only_when_airflow_serves_this_very_revision(
    deployed: Pipeline, airflow: FakeAirflow, queue: Queue
) -> None:
    airflow.serve(deployed.dag_id, tags=["sha256:of-the-previous-revision"])
    queue.clear()
    look(deployed)
    assert status_of(deployed) == "registering"
    assert len(queue.of("follow_deployment")) == 1
    serve(airflow, deployed)
    queue.clear()
    look(deployed)
    assert status_of(deployed) == "ready"
    assert queue == []


def test_open_lists_look_again_once_a_deployment_has_ended(
    deployed: Pipeline, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[None] = []
    monkeypatch.setattr(tasks, "publish_all_changed", lambda: told.append(None))
    look(deployed)
    assert told == []
    serve(airflow, deployed)
    look(deployed)
    assert told == [None]


def test_an_import_error_fails_it_and_is_shown_word_for_word(
    deployed: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.broken_files = [
        DagImportError(f"{deployed.dag_id}.py", "SyntaxError: no", datetime.now(UTC))
    ]
    look(deployed)
    assert status_of(deployed) == "failed"
    assert deployed.deployment_error == "SyntaxError: no"


def test_past_the_deadline_it_fails_and_says_where_to_look(deployed: Pipeline) -> None:
    later(deployed, 121)
    look(deployed)
    assert status_of(deployed) == "failed"
    assert "DAG processor" in deployed.deployment_error


def test_the_deadline_does_not_run_while_airflow_is_down(
    deployed: Pipeline, airflow: FakeAirflow, queue: Queue
) -> None:
    later(deployed, 10_000)
    airflow.outage = "Airflow is down."
    queue.clear()
    look(deployed)
    assert status_of(deployed) == "registering"
    assert "Airflow is down." in deployed.deployment_error
    assert queue == []
    # It is not looked at again by the way, but resumed.
    airflow.outage = ""
    look(deployed)
    assert "Airflow is down." in deployed.deployment_error
    tasks.deploy_pipeline(str(deployed.pk))
    look(deployed)
    assert status_of(deployed) == "registering"
    assert deployed.deployment_error == ""
    assert len(queue.of("follow_deployment")) == 2


def test_deployments_that_wait_cost_one_question_and_go_on_when_airflow_is_back(
    save: Save, airflow: FakeAirflow, queue: Queue, resume: Any
) -> None:
    waiting = [save(name=f"Orders {number}") for number in range(3)]
    airflow.outage = "Airflow is down."
    for pipeline in waiting:
        look(pipeline)
    queue.clear()
    airflow.calls.clear()
    resume()
    assert queue == []
    assert airflow.calls.total() == 1
    airflow.outage = ""
    resume()
    assert {pk for (pk,) in queue.of("deploy_pipeline")} == {str(one.pk) for one in waiting}


def test_repeated_messages_do_not_multiply_the_looks(deployed: Pipeline, queue: Queue) -> None:
    queue.clear()
    for _ in range(3):
        tasks.follow_deployment(str(deployed.pk))
    assert len(queue.of("follow_deployment")) == 1


def test_a_folder_that_cannot_be_written_is_waited_for(
    pipeline: Pipeline, dags_dir: Path, queue: Queue, resume: Any
) -> None:
    dags_dir.write_text("in the way")
    queue.clear()
    tasks.deploy_pipeline(str(pipeline.pk))
    assert status_of(pipeline) == "registering"
    assert str(dags_dir) in pipeline.deployment_error
    assert queue == []
    dags_dir.unlink()
    resume()
    assert queue.of("deploy_pipeline") == [[str(pipeline.pk)]]
    tasks.deploy_pipeline(str(pipeline.pk))
    assert file_of(pipeline, dags_dir).exists()
    pipeline.refresh_from_db()
    assert pipeline.deployment_error == ""


def test_an_answer_about_an_old_revision_does_not_settle_the_new_one(
    deployed: Pipeline, airflow: FakeAirflow, save: Save
) -> None:
    serve(airflow, deployed)

    def meanwhile() -> None:
        save(Pipeline.objects.get(), description="changed")

    airflow.after("get_dag", meanwhile)
    services.check_deployment(deployed.pk)
    assert status_of(deployed) == "registering"


def test_deploying_a_pipeline_that_is_gone_does_nothing(
    pipeline: Pipeline, dags_dir: Path, queue: Queue
) -> None:
    pipeline_id = str(pipeline.pk)
    pipeline.delete()
    queue.clear()
    tasks.deploy_pipeline(pipeline_id)
    tasks.follow_deployment(pipeline_id)
    assert queue == []
    assert not dags_dir.exists()


def test_a_deployment_whose_message_was_lost_is_queued_again(
    pipeline: Pipeline, queue: Queue, resume: Any
) -> None:
    queue.clear()
    resume()
    assert queue == []
    later(pipeline, 60)
    resume()
    assert queue.of("deploy_pipeline") == [[str(pipeline.pk)]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("airflow", "dags_dir")
def test_a_broker_that_is_away_keeps_nobody_from_saving_deploying_and_deleting(
    graph: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("Redis is away")

    monkeypatch.setattr("celery.app.base.Celery.send_task", away)
    pipeline = Pipeline(name="orders", config=graph)
    services.save_pipeline(pipeline, user=None)
    services.request_deployment(pipeline)
    assert status_of(pipeline) == "registering"
    services.delete_pipeline(pipeline)
    assert not Pipeline.objects.exists()
