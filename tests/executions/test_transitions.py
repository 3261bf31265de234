"""The one way a status changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from django.db.models import Q
from django.utils import timezone

from executions import services, transitions
from executions.models import PipelineExecution
from executions.statuses import FINAL_STATUSES, ExecutionStatus
from executions.transitions import (
    StatusChange,
    begin_attempt,
    change_status,
    change_statuses,
    end_without_run,
    mark_deleted,
)
from pipelines.models import Pipeline
from tests.executions.conftest import again, change_node, statuses


@pytest.mark.parametrize(
    ("final", "later"), list(itertools.product(sorted(FINAL_STATUSES), ExecutionStatus.values))
)
def test_a_final_status_stays(pending: PipelineExecution, final: str, later: str) -> None:
    assert change_status(pending.pk, final, error_message="first")
    assert not change_status(pending.pk, later, error_message="second")
    stored = again(pending)
    assert (stored.status, stored.error_message) == (final, "first")


def test_running_does_not_go_back_to_pending(pending: PipelineExecution) -> None:
    change_status(pending.pk, "running")
    assert not change_status(pending.pk, "pending")
    assert again(pending).status == "running"


@pytest.mark.parametrize("later", [s for s in ExecutionStatus.values if s != "unknown"])
def test_unknown_is_left_as_soon_as_something_is_known(
    pending: PipelineExecution, later: str
) -> None:
    change_status(pending.pk, "unknown")
    assert change_status(pending.pk, later)


def test_a_condition_that_no_longer_holds_changes_nothing(pending: PipelineExecution) -> None:
    assert not change_status(pending.pk, "failed", only_if=Q(triggered_at__isnull=False))
    assert again(pending).status == "pending"


def test_a_change_clears_the_reason_that_was_shown(pending: PipelineExecution) -> None:
    change_status(pending.pk, "pending", status_reason="waits")
    change_status(pending.pk, "running")
    assert again(pending).status_reason == ""


def test_an_execution_and_its_nodes_end_together_or_not_at_all(
    pending: PipelineExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(transitions, "end_nodes", killed)
        with pytest.raises(SystemExit):
            end_without_run(pending.pk, "cancelled", nodes="cancelled")
    assert again(pending).status == "pending"
    assert end_without_run(pending.pk, "cancelled", nodes="cancelled")
    assert set(statuses(pending).values()) == {"cancelled"}


def test_an_execution_that_has_not_ended_begins_no_attempt(pending: PipelineExecution) -> None:
    assert not begin_attempt(pending, reason="again")
    assert again(pending).attempt == 1


def test_of_two_who_begin_an_attempt_at_once_one_wins(pending: PipelineExecution) -> None:
    change_status(pending.pk, "failed")
    seen = [again(pending), again(pending)]
    assert [begin_attempt(one, reason="again") for one in seen] == [True, False]
    assert again(pending).attempt == 2
    assert pending.earlier_attempts.count() == 1


def test_an_attempt_does_not_count_on_outputs_that_are_removed_at_that_moment(
    pending: PipelineExecution,
) -> None:
    change_status(pending.pk, "failed")
    seen = again(pending)
    PipelineExecution.objects.update(staging_removed_at=timezone.now())
    assert not begin_attempt(seen, reason="again")
    assert begin_attempt(again(pending), reason="again")


def test_what_was_asked_in_an_attempt_before_is_not_written(pending: PipelineExecution) -> None:
    task = pending.tasks.get(node_id="read")
    change_status(pending.pk, "failed")
    begin_attempt(again(pending), reason="again")
    assert not change_node(pending, task, status="failed", tries=1)
    assert change_node(again(pending), task, status="running", tries=1)


def test_a_node_moves_within_a_try_until_it_has_ended_and_then_with_the_next(
    pending: PipelineExecution,
) -> None:
    task = pending.tasks.get(node_id="read")

    def change(status: str, tries: int) -> bool:
        return change_node(pending, task, status=status, tries=tries)

    assert change("running", 1)
    assert change("failed", 1)
    assert not change("running", 1)
    assert change("running", 2)
    assert not change("success", 1)
    assert statuses(pending)["read"] == "running"


def test_of_many_that_go_on_those_with_a_cancel_an_attempt_or_an_end_since_are_left_alone(
    make_pipeline: Callable[..., Pipeline],
) -> None:
    pipeline = make_pipeline()
    ones = [services.start_execution(pipeline) for _ in range(4)]
    PipelineExecution.objects.filter(pk=ones[0].pk).update(cancel_requested_at=timezone.now())
    PipelineExecution.objects.filter(pk=ones[1].pk).update(attempt=2)
    change_status(ones[2].pk, "success")
    change_statuses([StatusChange(one, "running", {"status_reason": "on"}) for one in ones])
    stored = [(again(one).status, again(one).status_reason) for one in ones]
    assert stored == [("pending", ""), ("pending", ""), ("success", ""), ("running", "on")]


def test_of_many_that_were_deleted_those_with_an_attempt_or_an_end_since_are_left_alone(
    make_pipeline: Callable[..., Pipeline],
) -> None:
    pipeline = make_pipeline()
    ones = [services.start_execution(pipeline) for _ in range(3)]
    PipelineExecution.objects.filter(pk=ones[0].pk).update(attempt=2)
    change_status(ones[1].pk, "success")
    mark_deleted(ones)
    assert [again(one).status for one in ones] == ["pending", "success", "unknown"]
    assert [set(statuses(one).values()) for one in ones] == [{"pending"}, {"pending"}, {"unknown"}]
