"""Triggering: once, and on the version that was started."""

from __future__ import annotations

from django.utils import timezone

from executions.models import PipelineExecution
from executions.services import Attempt, trigger_execution
from pipelines.models import Pipeline
from tests.executions.conftest import GRAPH, again, key, revise, serve
from tests.fake_airflow import FakeAirflow


def test_a_ready_pipeline_is_triggered_with_its_config_pinned(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    conf = airflow.runs[key(pending)].conf
    assert conf["min_amount"] == 10
    assert conf["logidata"]["execution_id"] == str(pending.pk)
    assert conf["logidata"]["revision"] == 1
    assert conf["logidata"]["nodes"]["read"] == {"path": "a.csv"}
    assert again(pending).status_reason == ""


def test_triggering_twice_makes_one_run(pending: PipelineExecution, airflow: FakeAirflow) -> None:
    trigger_execution(pending.pk)
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    assert airflow.calls["trigger"] == 1


def test_a_trigger_whose_answer_was_lost_makes_one_run(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.lose_answer("trigger")
    assert trigger_execution(pending.pk) is Attempt.LATER
    assert again(pending).status == "pending"
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    assert list(airflow.runs) == [key(pending)]


def test_a_run_that_exists_after_all_is_not_failed_for_a_later_change(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    airflow.lose_answer("trigger")
    trigger_execution(pending.pk)
    revise(pipeline, config={"nodes": GRAPH["nodes"][:2], "edges": GRAPH["edges"][:1]})
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    assert again(pending).status == "pending"


def test_other_configs_on_the_same_structure_run_as_they_were_when_started(
    pending: PipelineExecution, pipeline: Pipeline, airflow: FakeAirflow
) -> None:
    nodes = [node | {"config": {"path": "changed"}} for node in GRAPH["nodes"]]
    revise(pipeline, config=GRAPH | {"nodes": nodes})
    serve(airflow, pipeline)
    assert trigger_execution(pending.pk) is Attempt.TRIGGERED
    own = airflow.runs[key(pending)].conf["logidata"]
    assert (own["revision"], own["nodes"]["read"]) == (1, {"path": "a.csv"})


def test_a_pipeline_that_was_deleted_fails_what_was_started_before(
    pending: PipelineExecution,
) -> None:
    Pipeline.objects.all().delete()
    trigger_execution(pending.pk)
    assert "was deleted" in again(pending).error_message
    assert "Create it anew" in again(pending).error_message


def test_what_another_worker_has_set_out_to_trigger_is_left_to_it(
    pending: PipelineExecution, airflow: FakeAirflow
) -> None:
    now = timezone.now()
    airflow.before(
        "get_dag", lambda: PipelineExecution.objects.update(trigger_claimed_at=now) and None
    )
    assert trigger_execution(pending.pk) is Attempt.NOTHING
    assert airflow.calls["trigger"] == 0
    assert again(pending).trigger_claimed_at == now
