"""Replays of rejected rows: what is started, and what is refused."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from etl.context import RunContext
from etl.replay import replayed_input
from etl.results import NodeResult, idle_result
from executions import services
from executions.errors import AlreadyReplayed, InvalidCorrections, NotReplayable, QuarantineGone
from executions.models import PipelineExecution
from executions.services.triggering import conf_for, trigger_execution
from executions.statuses import ExecutionStatus
from pipelines.models import Pipeline
from tests.executions.conftest import CAST_GRAPH, Queue, again, key, reject, revise, serve, statuses
from tests.executions.quarantines import Staging
from tests.fake_airflow import FakeAirflow, dataset

pytestmark = pytest.mark.slow


REPAIRED = {"types": {"amount": "VARCHAR"}, "max_rejected": 0}


def repair(
    execution: PipelineExecution,
    airflow: FakeAirflow,
    config: dict[str, Any] | None = None,
    **loader: Any,
) -> None:
    """Give the pipeline a revision in which the cast takes what it rejected."""
    pipeline = execution.pipeline
    assert pipeline is not None
    graph = copy.deepcopy(CAST_GRAPH)
    graph["nodes"][1]["config"] = config or REPAIRED
    graph["nodes"][2]["config"] |= loader
    revise(pipeline, config=graph)
    serve(airflow, pipeline)


def run_replay(replay: PipelineExecution, airflow: FakeAirflow, staging: Staging) -> NodeResult:
    """Do what Airflow's tasks do for a triggered replay; return the result of the cast."""
    conf = airflow.runs[key(replay)].conf["logidata"]
    own = conf["replay"]
    context = RunContext(
        execution_id=conf["execution_id"], node_id=own["node"], staging=str(staging.folder)
    )
    rows = replayed_input(own["uri"], own["records"], context)
    config = conf["nodes"]["cast"]
    cast = staging.run(str(replay.pk), "cast", "transform.cast", config, {"input": rows})
    written = dataset(cast["metrics"]["rows_out"])
    results = {node: idle_result() for node in conf["idle"]} | {"cast": cast, "write": written}
    airflow.finish(*key(replay), results=results)
    return cast


def test_a_replay_is_an_execution_of_the_current_revision_linked_to_the_first(
    quarantined: PipelineExecution, airflow: FakeAirflow, queue: Queue, user: Any
) -> None:
    repair(quarantined, airflow)
    replay = again(services.replay_rejected(quarantined, "cast", user=user).execution)
    assert (replay.replay_of, replay.replay_node) == (quarantined, "cast")
    assert (replay.status, replay.trigger_type, replay.triggered_by) == ("pending", "replay", user)
    assert replay.revision is not None
    assert replay.revision.number == 2


def test_the_run_is_told_which_rows_go_where_and_who_has_nothing_to_do(
    quarantined: PipelineExecution, airflow: FakeAirflow
) -> None:
    repair(quarantined, airflow)
    records = {"1": {"AMOUNT": 4}}
    replay = services.replay_rejected(quarantined, "cast", records=records).execution
    own = conf_for(again(replay))["logidata"]
    uri = quarantined.tasks.get(node_id="cast").rejected["uri"]
    assert own["replay"] == {"node": "cast", "uri": uri, "records": {"1": {"amount": "4"}}}
    assert own["idle"] == ["read"]
    assert own["nodes"]["cast"] == REPAIRED


def test_an_execution_that_replays_nothing_has_no_word_of_it_in_its_conf(
    quarantined: PipelineExecution,
) -> None:
    assert {"replay", "idle"}.isdisjoint(conf_for(quarantined)["logidata"])


def test_the_rejected_rows_go_through_and_all_others_stay_out(
    quarantined: PipelineExecution, airflow: FakeAirflow, staging: Staging
) -> None:
    repair(quarantined, airflow)
    replay = services.replay_rejected(quarantined, "cast").execution
    trigger_execution(replay.pk)
    cast = run_replay(replay, airflow, staging)
    replay = services.refresh_execution(replay)
    assert replay.status == "success", replay.error_message
    assert statuses(replay) == {"read": "skipped", "cast": "success", "write": "success"}
    assert cast["data"] == [{"id": 1, "amount": "two"}, {"id": 3, "amount": "four"}]
    assert replay.tasks.get(node_id="read").rows_out is None


def test_corrected_rows_go_through_the_node_as_it_is(
    quarantined: PipelineExecution, airflow: FakeAirflow, staging: Staging
) -> None:
    replay = services.replay_rejected(quarantined, "cast", records={"0": {"amount": "2"}}).execution
    trigger_execution(replay.pk)
    cast = run_replay(replay, airflow, staging)
    replay = services.refresh_execution(replay)
    assert cast["data"] == [{"id": 1, "amount": 2.0}]
    assert (replay.status, replay.rows_rejected) == ("success", 1)
    # What it rejects again is replayed from there.
    further = services.replay_rejected(replay, "cast", records={"0": {"amount": "4"}}).execution
    assert further.replay_of == replay


def test_rejected_rows_that_get_lost_in_a_replay_fail_it(
    quarantined: PipelineExecution, airflow: FakeAirflow
) -> None:
    replay = services.replay_rejected(quarantined, "cast").execution
    trigger_execution(replay.pk)
    results = {"read": idle_result(), "cast": dataset(1), "write": dataset(1)}
    airflow.finish(*key(replay), results=results)
    message = services.refresh_execution(replay).error_message
    assert "Node 'cast': it took in 1 rows, but what feeds it gave 2" in message


def test_rows_are_replayed_again_only_on_purpose_and_with_a_warning(
    quarantined: PipelineExecution, airflow: FakeAirflow, staging: Staging
) -> None:
    first = services.replay_rejected(quarantined, "cast").execution
    with pytest.raises(AlreadyReplayed, match=str(first.pk)):
        services.replay_rejected(quarantined, "cast")
    second = services.replay_rejected(quarantined, "cast", again=True)
    assert f"were replayed before ({first.pk})" in second.warnings[0]
    assert list(quarantined.replays.order_by("created_at")) == [first, second.execution]


def test_a_replay_that_came_to_nothing_stands_in_nobodys_way(
    quarantined: PipelineExecution, airflow: FakeAirflow
) -> None:
    cancelled = services.replay_rejected(quarantined, "cast").execution
    services.request_cancel(cancelled, None)
    failed = services.replay_rejected(quarantined, "cast").execution
    trigger_execution(failed.pk)
    airflow.fail(*key(failed), "cast", {"message": "no"})
    services.refresh_execution(failed)
    assert services.replay_rejected(quarantined, "cast").warnings == ()


def test_a_failed_replay_that_has_loaded_rows_counts(
    quarantined: PipelineExecution, airflow: FakeAirflow
) -> None:
    failed = services.replay_rejected(quarantined, "cast").execution
    trigger_execution(failed.pk)
    airflow.set_task(*key(failed), "write", "success", result=dataset(2))
    airflow.fail(*key(failed), "cast", {"message": "no"})
    services.refresh_execution(failed)
    with pytest.raises(AlreadyReplayed):
        services.replay_rejected(quarantined, "cast")


@pytest.mark.parametrize("loader", [{"mode": "replace"}, {"mode": "{{ params.mode }}"}])
def test_a_load_that_would_leave_only_the_replayed_rows_is_refused(
    quarantined: PipelineExecution, airflow: FakeAirflow, loader: dict[str, str]
) -> None:
    repair(quarantined, airflow, **loader)
    with pytest.raises(NotReplayable, match="node 'write' replaces what is in its target"):
        services.replay_rejected(quarantined, "cast")
    assert not quarantined.replays.exists()


@pytest.mark.parametrize("status", [ExecutionStatus.RUNNING, ExecutionStatus.FAILED])
def test_rows_of_an_execution_that_has_not_succeeded_are_not_replayed(
    quarantined: PipelineExecution, status: str
) -> None:
    PipelineExecution.objects.update(status=status)
    with pytest.raises(NotReplayable, match=r"still running|ended as failed"):
        services.replay_rejected(again(quarantined), "cast")


def test_a_node_that_the_pipeline_has_lost_takes_in_no_rows(
    quarantined: PipelineExecution, airflow: FakeAirflow
) -> None:
    graph = copy.deepcopy(CAST_GRAPH)
    graph["nodes"].pop(1)
    graph["edges"] = [{"source": "read", "target": "write"}]
    assert quarantined.pipeline is not None
    revise(quarantined.pipeline, config=graph)
    with pytest.raises(NotReplayable, match="no such node any more"):
        services.replay_rejected(quarantined, "cast")


def test_rows_of_a_deleted_pipeline_are_not_replayed(quarantined: PipelineExecution) -> None:
    Pipeline.objects.all().delete()
    with pytest.raises(NotReplayable, match="the pipeline was deleted"):
        services.replay_rejected(again(quarantined), "cast")


def test_rows_that_were_cleaned_up_are_not_replayed(quarantined: PipelineExecution) -> None:
    PipelineExecution.objects.update(staging_removed_at=timezone.now())
    with pytest.raises(QuarantineGone):
        services.replay_rejected(again(quarantined), "cast")


def test_wrong_corrections_are_refused_by_name(quarantined: PipelineExecution) -> None:
    records = {"0": {"amount": "1", "total": 1}, "9": {"amount": 1}}
    with pytest.raises(InvalidCorrections) as caught:
        services.replay_rejected(quarantined, "cast", records=records)
    assert [error.field for error in caught.value.errors] == ["records.0.total", "records.9"]


def test_the_params_that_the_first_execution_was_given_count_again(
    quarantined: PipelineExecution, airflow: FakeAirflow
) -> None:
    pipeline = quarantined.pipeline
    assert pipeline is not None
    # Given: `day`. Of the pipeline itself at that time: `rate`, which has been changed since.
    quarantined.params = {"day": "monday", "gone": 1, "rate": 1}
    quarantined.revision = revise(pipeline, default_params={"rate": 1})
    quarantined.save()
    graph = copy.deepcopy(CAST_GRAPH)
    graph["nodes"][0]["config"]["path"] = "{{ params.day }}.csv"
    revise(pipeline, config=graph, default_params={"rate": 2})
    replay = services.replay_rejected(quarantined, "cast").execution
    assert replay.params == {"day": "monday", "rate": 2}


def test_rows_that_are_being_replayed_are_not_cleaned_up(
    quarantined: PipelineExecution, settings: Any
) -> None:
    settings.LOGIDATA_STAGING_DAYS = timedelta(days=3)
    long_ago = timezone.now() - timedelta(days=4)
    PipelineExecution.objects.update(completed_at=long_ago)
    replay = services.replay_rejected(quarantined, "cast").execution
    assert services.remove_staging(at_most=10) == 0
    services.request_cancel(replay, None)
    assert services.remove_staging(at_most=10) == 1


def test_a_replay_that_is_started_once_more_in_airflow_is_not_failed_for_its_rows(
    quarantined: PipelineExecution, airflow: FakeAirflow
) -> None:
    replay = services.replay_rejected(quarantined, "cast").execution
    run = airflow.begin(replay.airflow_dag_id, "manual__1", conf=conf_for(again(replay)))
    results = {"read": dataset(9), "cast": dataset(2), "write": dataset(2)}
    airflow.finish(run.dag_id, run.run_id, results=results)
    services.sync_active()
    adopted = PipelineExecution.objects.get(airflow_dag_run_id="manual__1")
    assert adopted.status == "success", adopted.error_message


def test_a_cancelled_replay_whose_nodes_had_all_ended_is_a_success(
    quarantined: PipelineExecution, airflow: FakeAirflow
) -> None:
    replay = services.replay_rejected(quarantined, "cast").execution
    trigger_execution(replay.pk)
    airflow.set_run(*key(replay), "running")
    for node, result in {"read": idle_result(), "cast": dataset(2), "write": dataset(2)}.items():
        airflow.set_task(*key(replay), node, "success", result=result)
    services.refresh_execution(replay)
    services.request_cancel(replay, None)
    services.carry_out_cancel(replay.pk)
    assert again(replay).status == "success"


def test_the_rows_that_only_a_reader_knows_are_not_replayed(
    quarantined: PipelineExecution, staging: Staging
) -> None:
    manifest = staging.folder / str(quarantined.pk) / "cast" / "1" / "_rejected" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"records": [', '"others": ['))
    with pytest.raises(NotReplayable, match="Correct them at their source"):
        services.replay_rejected(quarantined, "cast")


def test_two_quarantines_of_one_pipeline_do_not_know_each_other(
    quarantined: PipelineExecution, airflow: FakeAirflow, staging: Staging
) -> None:
    pipeline = quarantined.pipeline
    assert pipeline is not None
    other = reject(pipeline, airflow, staging, [{"id": 1, "amount": "x"}])
    services.replay_rejected(quarantined, "cast")
    assert services.replay_rejected(other, "cast").warnings == ()
