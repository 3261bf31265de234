"""Airflow's states in our words."""

import pytest

from airflow_bridge.states import TERMINAL_TASK_STATES, execution_status, node_status


@pytest.mark.parametrize(
    ("state", "status", "after_cancel"),
    [
        ("queued", "pending", "pending"),
        ("running", "running", "running"),
        ("success", "success", "success"),
        ("failed", "failed", "cancelled"),
        ("paused_somehow", "unknown", "unknown"),
        (None, "unknown", "unknown"),
    ],
)
def test_a_run_that_failed_is_cancelled_only_if_that_was_asked_for(
    state: str | None, status: str, after_cancel: str
) -> None:
    assert execution_status(state, cancel_requested=False) == status
    assert execution_status(state, cancel_requested=True) == after_cancel


@pytest.mark.parametrize(
    ("state", "status", "after_cancel"),
    [
        (None, "pending", "pending"),
        ("scheduled", "pending", "pending"),
        ("queued", "pending", "pending"),
        ("running", "running", "running"),
        ("deferred", "running", "running"),
        ("up_for_retry", "pending", "pending"),
        ("success", "success", "success"),
        ("failed", "failed", "cancelled"),
        ("upstream_failed", "skipped", "cancelled"),
        ("skipped", "skipped", "cancelled"),
        ("awaiting_input", "unknown", "unknown"),
    ],
)
def test_a_node_that_was_cut_off_by_a_cancel_is_cancelled(
    state: str | None, status: str, after_cancel: str
) -> None:
    assert node_status(state, cancel_requested=False) == status
    assert node_status(state, cancel_requested=True) == after_cancel


def test_a_task_between_two_tries_has_not_ended() -> None:
    assert not {"up_for_retry", "running", "queued", "deferred"} & TERMINAL_TASK_STATES
