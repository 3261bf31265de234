"""Retrying: what may run again in a new attempt of an ended execution, and what may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from executions import services
from executions.errors import NotRetryable, PipelineInactive, UnknownNode
from executions.models import PipelineExecution
from executions.services import (
    Attempt,
    retry_execution,
    trigger_execution,
)
from pipelines.models import Pipeline
from tests.executions.conftest import GRAPH, again, key, revise, statuses
from tests.executions.retries import failed
from tests.fake_airflow import FakeAirflow

__all__ = ["failed"]


def test_a_retry_runs_what_did_not_succeed_and_keeps_the_rest(
    failed: PipelineExecution, airflow: FakeAirflow, user: Any
) -> None:
    retry = retry_execution(failed, user)
    assert retry.nodes == ("keep", "write")
    waiting = again(failed)
    assert (waiting.status, waiting.attempt) == ("pending", 2)
    assert (waiting.attempt_requested_by, waiting.completed_at) == (user, None)
    assert statuses(failed) == {"read": "success", "keep": "pending", "write": "pending"}
    assert trigger_execution(failed.pk) is Attempt.TRIGGERED
    airflow.finish(*key(failed))
    services.sync_active()
    ended = again(failed)
    assert (ended.status, ended.error_message, ended.attempt) == ("success", "", 2)
    assert ended.tasks.get(node_id="read").tries == 1
    assert ended.tasks.get(node_id="keep").tries == 2
    assert airflow.calls["clear_tasks"] == 1


def test_the_attempt_before_is_kept_as_it_ended(failed: PipelineExecution) -> None:
    error = failed.error_message
    retry_execution(failed, None)
    first, second = services.attempts_of(again(failed))
    assert (first.number, first.status, first.error_message) == (1, "failed", error)
    assert {node["node_id"]: node["status"] for node in first.nodes} == {
        "read": "success",
        "keep": "failed",
        "write": "skipped",
    }
    assert (second.number, second.status) == (2, "pending")
    assert [node["node_id"] for node in second.nodes] == ["keep", "write"]


def test_a_retry_from_a_chosen_node_runs_all_behind_it(
    failed: PipelineExecution, airflow: FakeAirflow
) -> None:
    assert retry_execution(failed, None, nodes=["read"]).nodes == ("read", "keep", "write")
    trigger_execution(failed.pk)
    assert airflow._instances[key(failed)]["read"].state is None


def test_a_success_can_be_run_again_from_a_node_but_not_from_its_failures(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.finish(*key(running))
    services.sync_active()
    with pytest.raises(NotRetryable, match="none of its nodes has failed"):
        retry_execution(running, None)
    assert retry_execution(running, None, nodes=["write"]).nodes == ("write",)


def test_a_node_whose_input_is_missing_is_refused_with_where_to_begin(
    failed: PipelineExecution,
) -> None:
    with pytest.raises(NotRetryable, match="Retry from 'keep'"):
        retry_execution(failed, None, nodes=["write"])
    assert again(failed).status == "failed"


def test_an_unknown_node_is_named(failed: PipelineExecution) -> None:
    with pytest.raises(UnknownNode, match="'nowhere'"):
        retry_execution(failed, None, nodes=["nowhere"])


def test_outputs_that_were_removed_are_needed_no_more_from_the_first_node_on(
    failed: PipelineExecution,
) -> None:
    PipelineExecution.objects.update(staging_removed_at=timezone.now())
    with pytest.raises(NotRetryable, match="'read', which 'keep' needs, was removed"):
        retry_execution(failed, None)
    assert retry_execution(failed, None, nodes=["read"])
    assert again(failed).staging_removed_at is None


def test_a_run_whose_dag_file_was_removed_with_its_outputs_is_not_retried(
    failed: PipelineExecution,
) -> None:
    PipelineExecution.objects.update(staging_removed_at=timezone.now(), bundle_version="abc")
    with pytest.raises(NotRetryable, match="Run it again as a new execution"):
        retry_execution(failed, None, nodes=["read"])


def test_all_nodes_of_an_execution_that_never_had_a_run_are_run(
    pending: PipelineExecution,
) -> None:
    PipelineExecution.objects.update(status="failed")
    assert retry_execution(pending, None, nodes=["write"]).nodes == ("read", "keep", "write")


def test_what_has_not_ended_is_not_retried(running: PipelineExecution) -> None:
    with pytest.raises(NotRetryable, match="still running"):
        retry_execution(running, None)


def test_what_ended_nobody_knows_how_is_not_retried(failed: PipelineExecution) -> None:
    PipelineExecution.objects.update(status="unknown")
    with pytest.raises(NotRetryable, match="not known"):
        retry_execution(failed, None)


def test_a_pipeline_that_is_switched_off_is_not_retried(failed: PipelineExecution) -> None:
    Pipeline.objects.update(is_active=False)
    with pytest.raises(PipelineInactive):
        retry_execution(failed, None)


def test_other_nodes_since_are_refused_unless_the_run_keeps_to_its_own(
    failed: PipelineExecution, pipeline: Pipeline
) -> None:
    revise(pipeline, config={"nodes": GRAPH["nodes"][:2], "edges": GRAPH["edges"][:1]})
    with pytest.raises(NotRetryable, match="Restore revision 1"):
        retry_execution(failed, None)
    PipelineExecution.objects.update(bundle_version="abc")
    assert retry_execution(failed, None).nodes == ("keep", "write")


def test_other_settings_of_the_same_nodes_since_do_not_matter(
    failed: PipelineExecution, pipeline: Pipeline
) -> None:
    config = {**GRAPH, "nodes": [{**node, "name": "Other"} for node in GRAPH["nodes"]]}
    revise(pipeline, config=config)
    assert retry_execution(failed, None)
