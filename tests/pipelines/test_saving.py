"""What saving and deleting a pipeline does."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines import services
from pipelines.errors import InvalidPipeline, PipelineChanged, PipelineGone
from pipelines.models import DagRemoval, Pipeline, PipelineRevision
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import Queue, Save


def test_saving_makes_the_first_revision_and_queues_its_deployment(
    pipeline: Pipeline, queue: Queue
) -> None:
    assert pipeline.current_revision is not None
    assert pipeline.current_revision.number == 1
    assert pipeline.deployment_status == "registering"
    assert queue.of("deploy_pipeline") == [[str(pipeline.pk)]]


def test_saving_without_a_change_makes_no_revision(pipeline: Pipeline, save: Save) -> None:
    save(pipeline)
    assert pipeline.revisions.count() == 1


def test_moving_a_node_on_the_canvas_makes_no_revision(
    pipeline: Pipeline, save: Save, graph: dict[str, Any]
) -> None:
    graph["nodes"][0]["position"] = {"x": 1, "y": 2}
    save(pipeline, config=graph)
    assert pipeline.revisions.count() == 1
    pipeline.refresh_from_db()
    assert pipeline.config["nodes"][0]["position"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    "change",
    [
        {"default_params": {"min_amount": 11}},
        {"schedule": "@daily"},
        {"timezone": "Europe/Berlin"},
        {"is_active": False},
        {"name": "Other"},
        {"tags": ["sales"]},
    ],
)
def test_a_change_of_what_runs_makes_a_revision(
    pipeline: Pipeline, save: Save, change: dict[str, Any]
) -> None:
    save(pipeline, **change)
    assert [revision.number for revision in pipeline.revisions.all()] == [2, 1]
    assert pipeline.current_revision == pipeline.revisions.first()


def test_an_invalid_pipeline_is_not_stored_at_all(save: Save) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        save(name="", schedule="often")
    assert {problem.field for problem in caught.value.errors} == {"name", "schedule"}
    assert not Pipeline.objects.exists()


def test_an_invalid_change_leaves_the_stored_pipeline_as_it_was(
    pipeline: Pipeline, save: Save
) -> None:
    with pytest.raises(InvalidPipeline):
        save(pipeline, name="Fine", timezone="Nowhere")
    pipeline.refresh_from_db()
    assert (pipeline.name, pipeline.timezone) == ("Orders", "UTC")


def test_a_name_that_is_taken_is_a_problem_among_the_others(pipeline: Pipeline, save: Save) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        save(timezone="Nowhere")
    assert {problem.field for problem in caught.value.errors} == {"name", "timezone"}


def test_two_people_who_choose_a_name_at_once_do_not_both_get_it(
    pipeline: Pipeline, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.services.saving.find_problems", lambda *_, **__: [])
    with pytest.raises(InvalidPipeline, match="Another pipeline is called 'Orders'"):
        save()


def test_saving_a_pipeline_that_was_deleted_meanwhile_does_not_bring_it_back(
    pipeline: Pipeline, save: Save
) -> None:
    Pipeline.objects.filter(pk=pipeline.pk).delete()
    with pytest.raises(PipelineGone):
        save(pipeline, description="new")
    assert not Pipeline.objects.exists()


def test_saving_does_not_undo_what_the_deployment_wrote_meanwhile(
    pipeline: Pipeline, save: Save
) -> None:
    Pipeline.objects.filter(pk=pipeline.pk).update(deployment_status="ready")
    save(pipeline)
    pipeline.refresh_from_db()
    assert pipeline.deployment_status == "ready"


def test_a_pipeline_that_was_saved_since_it_was_read_is_not_overwritten(
    pipeline: Pipeline, save: Save
) -> None:
    save(Pipeline.objects.get(), description="theirs")
    with pytest.raises(PipelineChanged, match="Orders"):
        save(pipeline, schedule="@daily")
    stored = Pipeline.objects.get()
    assert (stored.description, stored.schedule) == ("theirs", "")


def test_saving_again_after_a_failed_deployment_deploys_again(
    pipeline: Pipeline, save: Save, queue: Queue
) -> None:
    Pipeline.objects.filter(pk=pipeline.pk).update(deployment_status="failed")
    queue.clear()
    save(pipeline)
    assert pipeline.deployment_status == "registering"
    assert queue.of("deploy_pipeline") == [[str(pipeline.pk)]]


def test_a_pipeline_can_be_saved_while_airflow_is_down(save: Save, airflow: FakeAirflow) -> None:
    airflow.outage = "Airflow is down."
    assert save().current_revision is not None


def test_a_stored_revision_refuses_to_change(pipeline: Pipeline) -> None:
    revision = pipeline.current_revision
    assert revision is not None
    revision.number = 7
    with pytest.raises(TypeError, match="never changes"):
        revision.save()


def test_a_revision_holds_the_graph_that_its_hash_is_of(pipeline: Pipeline) -> None:
    revision = PipelineRevision.objects.get()
    spec = revision.dag_spec()
    assert spec.dag_id == pipeline.dag_id == f"pipeline_{pipeline.pk}"
    assert [node.id for node in spec.graph.nodes] == ["keep_paid", "read_orders", "write"]
    assert spec.sha256 == revision.sha256
    assert len(revision.sha256) == 64


def test_deleting_keeps_the_revisions_and_records_the_dag_to_remove(
    pipeline: Pipeline, queue: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    dag_id = pipeline.dag_id
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_pipeline(pipeline)
    assert PipelineRevision.objects.get().pipeline is None
    assert DagRemoval.objects.get().dag_id == dag_id
    assert queue.of("remove_dag") == [[dag_id]]
