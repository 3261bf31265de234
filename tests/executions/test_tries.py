"""The tries of a node: when each of them ran and how it ended, over all attempts."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_bridge.errors import AirflowRefused, AirflowUnavailable
from executions import services
from executions.models import PipelineExecution
from executions.services.budget import Budget
from executions.services.following import follow
from executions.tries import as_shown, merged
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow


def tries_of(execution: PipelineExecution, node: str = "read") -> list[dict[str, Any]]:
    return again(execution).tasks.get(node_id=node).run_tries


def told(execution: PipelineExecution, node: str = "read") -> list[tuple[int, str]]:
    return [(one["number"], one["status"]) for one in tries_of(execution, node)]


def test_a_node_that_has_not_begun_has_no_try(triggered: PipelineExecution) -> None:
    assert tries_of(services.refresh_execution(triggered)) == []


def test_a_try_is_known_from_its_beginning(running: PipelineExecution) -> None:
    (one,) = tries_of(running)
    assert (one["number"], one["status"], one["completed_at"]) == (1, "running", None)
    assert one["started_at"].endswith("Z")


def test_a_try_has_its_times_once_it_has_ended(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "success", result={})
    node = services.refresh_execution(running).tasks.get(node_id="read")
    (one,) = node.run_tries
    assert one["status"] == "success"
    assert one["duration_seconds"] == node.duration_seconds
    assert one["completed_at"] == node.completed_at.isoformat().replace("+00:00", "Z")


def test_a_try_that_is_followed_by_another_has_failed(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "up_for_retry")
    services.refresh_execution(running)
    assert told(running) == [(1, "failed")]
    airflow.set_task(*key(running), "read", "running", try_number=2)
    services.refresh_execution(running)
    assert told(running) == [(1, "failed"), (2, "running")]
    assert airflow.calls["tries"] == 0


def test_tries_that_nobody_saw_are_asked_for_once(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "failed")
    airflow.set_task(*key(running), "read", "failed", try_number=2)
    airflow.set_task(*key(running), "read", "running", try_number=3)
    services.refresh_execution(running)
    assert told(running) == [(1, "failed"), (2, "failed"), (3, "running")]
    airflow.set_task(*key(running), "read", "success", try_number=3, result={})
    services.refresh_execution(running)
    assert told(running)[-1] == (3, "success")
    assert airflow.calls["tries"] == 1


def test_tries_stay_when_an_execution_is_retried(
    running: PipelineExecution, airflow: FakeAirflow, user: Any
) -> None:
    airflow.fail(*key(running), "read")
    services.retry_execution(services.refresh_execution(running), user)
    assert told(running) == [(1, "failed")]
    services.trigger_execution(running.pk)
    airflow.set_run(*key(running), "running")
    airflow.set_task(*key(running), "read", "running", try_number=2)
    services.refresh_execution(running)
    assert told(running) == [(1, "failed"), (2, "running")]


def test_beyond_the_budget_no_tries_are_asked_for_and_the_node_is_shown_all_the_same(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "failed")
    airflow.set_task(*key(running), "read", "running", try_number=2)
    assert follow(airflow, again(running), Budget(0))
    assert airflow.calls["tries"] == 0
    assert told(running) == [(1, "unknown"), (2, "running")]


def test_an_airflow_that_refuses_to_tell_changes_nothing_else(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "running", try_number=2)
    airflow.lose_answer("tries", AirflowRefused("Airflow does not allow this."))
    services.refresh_execution(running)
    assert told(running) == [(1, "unknown"), (2, "running")]


def test_an_airflow_that_goes_away_meanwhile_is_asked_again(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.set_task(*key(running), "read", "failed")
    airflow.set_task(*key(running), "read", "running", try_number=2)
    airflow.lose_answer("tries")
    with pytest.raises(AirflowUnavailable):
        follow(airflow, again(running))
    services.refresh_execution(running)
    assert told(running) == [(1, "failed"), (2, "running")]


def test_a_try_that_was_cut_off_ended_like_its_node() -> None:
    (one,) = as_shown([{"number": 1, "status": "running"}], "cancelled")
    assert one["status"] == "cancelled"


def test_a_try_that_has_ended_stays_as_it_ended() -> None:
    ended, running = {"number": 1, "status": "failed"}, {"number": 1, "status": "running"}
    assert merged([ended], [running]) == [ended]
    assert merged([running], [ended]) == [ended]
    assert merged([ended], [{"number": 1, "status": "success"}])[0]["status"] == "success"
