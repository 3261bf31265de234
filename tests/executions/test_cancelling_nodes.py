"""Cancelled means stopped: no process of the run is at work, and none begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_bridge.errors import AirflowRefused
from etl.liveness import stop_requested
from etl.settings import run_settings
from executions import services
from executions.models import PipelineExecution
from executions.services import Cancel, carry_out_cancel, request_cancel, stopping
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow


def test_it_is_not_cancelled_while_a_process_gives_signs_of_life(
    running: PipelineExecution, alive_nodes: set[str]
) -> None:
    alive_nodes.add("read")
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.SOON
    waiting = again(running)
    assert waiting.status == "running"
    assert "waiting for these nodes to stop: read" in waiting.status_reason
    alive_nodes.clear()
    assert carry_out_cancel(running.pk) is Cancel.DONE
    assert again(running).status == "cancelled"


def test_it_is_not_cancelled_while_airflow_has_tasks_at_work(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    airflow.after("cancel_run", lambda: airflow.set_task(*key(running), "read", "running"))
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.SOON
    assert again(running).status == "running"


def test_it_is_not_cancelled_while_nobody_can_see_whether_it_stopped(
    running: PipelineExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(staging: str, execution_id: str) -> set[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(stopping, "running_nodes", unreadable)
    request_cancel(running, None)
    assert carry_out_cancel(running.pk) is Cancel.SOON
    assert "cannot be seen" in again(running).status_reason


def refuses_nodes(execution: PipelineExecution, airflow: FakeAirflow) -> bool:
    """Whether a process of the run that has not begun its work would refuse to."""
    began = airflow.runs[key(execution)].start_date
    return stop_requested(run_settings().staging, stopping.staging_key(execution), began)


def test_nodes_that_nobody_can_see_yet_are_forbidden_before_airflow_is_told(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    seen: list[bool] = []
    airflow.before("cancel_run", lambda: seen.append(refuses_nodes(running, airflow)))
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    assert seen == [True]
    assert again(running).status == "cancelled"
    assert refuses_nodes(running, airflow)


def test_nodes_are_forbidden_before_the_last_look_whoever_failed_to(
    running: PipelineExecution, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def look(staging: str, execution_id: str) -> set[str]:
        seen.append(refuses_nodes(running, airflow))
        return set()

    monkeypatch.setattr(stopping, "running_nodes", look)
    airflow.after("cancel_run", lambda: stopping.allow_nodes(running))
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    assert seen == [True]


def test_it_is_not_cancelled_while_nodes_cannot_be_forbidden_but_airflow_is_told(
    running: PipelineExecution, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(stopping, "request_stop", full)
        request_cancel(running, None)
        assert carry_out_cancel(running.pk) is Cancel.SOON
    assert airflow.runs[key(running)].state == "failed"
    assert "No space left" in again(running).status_reason
    assert carry_out_cancel(running.pk) is Cancel.DONE


def test_a_cancelled_run_that_is_cleared_may_run_its_nodes_again(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    airflow.clear(*key(running))
    airflow.set_run(*key(running), "running")
    assert not refuses_nodes(running, airflow)
    services.sync_active()
    assert again(running).status == "running"


def test_a_run_cancelled_before_it_began_may_begin_when_it_is_cleared(
    triggered: PipelineExecution, airflow: FakeAirflow
) -> None:
    request_cancel(triggered, None)
    airflow.after("cancel_run", lambda: _never_began(triggered, airflow))
    carry_out_cancel(triggered.pk)
    assert again(triggered).status == "cancelled"
    airflow.clear(*key(triggered))
    airflow.set_run(*key(triggered), "running")
    assert not refuses_nodes(triggered, airflow)


def _never_began(execution: PipelineExecution, airflow: FakeAirflow) -> None:
    run = airflow.runs[key(execution)]
    airflow.runs[key(execution)] = replace(run, start_date=None)


def test_a_cancel_that_came_too_late_or_was_refused_forbids_nothing(
    running: PipelineExecution, airflow: FakeAirflow
) -> None:
    def refuse() -> None:
        raise AirflowRefused("Not for you.")

    airflow.before("cancel_run", refuse)
    request_cancel(running, None)
    carry_out_cancel(running.pk)
    assert not refuses_nodes(running, airflow)
    airflow.before("cancel_run", lambda: airflow.finish(*key(running)) and None)
    carry_out_cancel(running.pk)
    assert again(running).status == "success"
    assert not refuses_nodes(running, airflow)
