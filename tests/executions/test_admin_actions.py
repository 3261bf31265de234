"""What is done to many executions at once in the admin."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from executions import admin_actions, services
from executions.models import PipelineExecution
from executions.services import monitoring
from pipelines.models import Pipeline
from tests.executions.admin_pages import CANCEL, LIST, viewer
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow

__all__ = ["viewer"]


def test_many_executions_are_monitored_and_cancelled_at_once(
    pipeline: Pipeline, airflow: FakeAirflow, viewer: Client, permit: Callable[..., None]
) -> None:
    permit(CANCEL)
    executions = [services.start_execution(pipeline) for _ in range(3)]
    services.trigger_execution(executions[0].pk)
    airflow.finish(*key(executions[0]))
    selected = {"_selected_action": [str(execution.pk) for execution in executions]}
    viewer.post(LIST, {"action": "refresh_selected", **selected})
    assert again(executions[0]).status == "success"
    answer = viewer.post(LIST, {"action": "cancel_selected", **selected}, follow=True)
    assert b"Cancel asked for: 2." in answer.content
    assert b"already ended as success" in answer.content
    assert [again(execution).status for execution in executions[1:]] == ["cancelled"] * 2


def monitor_all(viewer: Client, pipeline: Pipeline) -> str:
    """Start and trigger three executions, then have all of them monitored; return the page."""
    executions = [services.start_execution(pipeline) for _ in range(3)]
    for execution in executions:
        services.trigger_execution(execution.pk)
    selected = [str(execution.pk) for execution in executions]
    body = {"action": "refresh_selected", "_selected_action": selected}
    return viewer.post(LIST, body, follow=True).content.decode()


def test_monitoring_many_stops_at_the_first_that_airflow_does_not_answer(
    pipeline: Pipeline, airflow: FakeAirflow, viewer: Client
) -> None:
    def go_down() -> None:
        airflow.outage = "Airflow cannot be reached."

    airflow.after("task_instances", go_down)
    shown = monitor_all(viewer, pipeline)
    # One was answered, one was not, and the third was not asked about.
    assert airflow.calls["get_run"] == 2
    assert "Refreshed: 1." in shown
    assert shown.count("Airflow cannot be reached.") == 1
    assert "Not looked at: 2." in shown


def test_monitoring_many_ends_when_a_person_has_waited_long_enough(
    pipeline: Pipeline, airflow: FakeAirflow, viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "PATIENCE", 0.0)
    shown = monitor_all(viewer, pipeline)
    assert airflow.calls["get_run"] == 0
    assert "Not looked at: 3, since Airflow took 0 s" in shown
    assert "select fewer" in shown


def test_the_bulk_cancel_is_not_offered_to_viewers(
    running: PipelineExecution, viewer: Client
) -> None:
    shown = viewer.get(LIST).content
    assert b"refresh_selected" in shown
    assert b"cancel_selected" not in shown


def run_again_all(
    viewer: Client, action: str, executions: list[PipelineExecution], **fields: str
) -> str:
    body = {"action": action, "_selected_action": [str(each.pk) for each in executions], **fields}
    return viewer.post(LIST, body, follow=True).content.decode()


def test_failed_executions_are_retried_at_once_and_the_others_refused_by_name(
    pipeline: Pipeline, airflow: FakeAirflow, viewer: Client, permit: Callable[..., None]
) -> None:
    permit("execute_pipeline")
    failed, succeeded = [services.start_execution(pipeline) for _ in range(2)]
    for execution in (failed, succeeded):
        services.trigger_execution(execution.pk)
    airflow.set_task(*key(failed), "read", "failed")
    airflow.set_run(*key(failed), "failed")
    airflow.finish(*key(succeeded))
    services.sync_active()
    shown = run_again_all(viewer, "retry_selected", [failed, succeeded])
    assert "Retried: 1." in shown
    assert "none of its nodes has failed" in shown
    assert [again(each).attempt for each in (failed, succeeded)] == [2, 1]


def test_executions_are_run_again_at_once_as_new_ones(
    pipeline: Pipeline, viewer: Client, permit: Callable[..., None]
) -> None:
    permit("execute_pipeline")
    executions = [services.start_execution(pipeline) for _ in range(2)]
    shown = run_again_all(viewer, "run_selected_again", executions, confirmed="yes")
    assert "Run again: 2." in shown
    assert PipelineExecution.objects.count() == 4


def test_nothing_is_run_again_at_once_before_it_is_confirmed_knowing_what_is_and_why(
    pipeline: Pipeline,
    make_pipeline: Callable[..., Pipeline],
    viewer: Client,
    permit: Callable[..., None],
) -> None:
    permit("execute_pipeline")
    retired = make_pipeline("retired")
    allowed, refused = services.start_execution(pipeline), services.start_execution(retired)
    Pipeline.objects.filter(pk=retired.pk).update(is_active=False)
    shown = run_again_all(viewer, "run_selected_again", [allowed, refused])
    assert PipelineExecution.objects.count() == 2
    assert "Run 1 execution again" in shown
    assert "Pipeline &#x27;retired&#x27; is not active" in shown
    assert re.findall('name="_selected_action" value="([^"]+)"', shown) == [str(allowed.pk)]
    fields = dict(re.findall('type="hidden" name="(action|confirmed)" value="([^"]+)"', shown))
    assert "Run again: 1." in run_again_all(viewer, fields.pop("action"), [allowed], **fields)
    assert PipelineExecution.objects.count() == 3


def test_where_nothing_can_be_run_again_the_page_says_so_and_offers_nothing(
    pipeline: Pipeline, viewer: Client, permit: Callable[..., None]
) -> None:
    permit("execute_pipeline")
    execution = services.start_execution(pipeline)
    Pipeline.objects.update(is_active=False)
    shown = run_again_all(viewer, "run_selected_again", [execution])
    assert "None of the selected executions can be run again" in shown
    assert "run_selected_again" not in shown


def test_too_many_are_not_started_at_once(
    pipeline: Pipeline,
    viewer: Client,
    permit: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    permit("execute_pipeline")
    monkeypatch.setattr(admin_actions, "MOST_STARTED", 2)
    executions = [services.start_execution(pipeline) for _ in range(3)]
    shown = run_again_all(viewer, "run_selected_again", executions)
    assert "At most 2 executions are started at once, and 3 are selected." in shown
    assert PipelineExecution.objects.count() == 3


def test_who_may_not_execute_runs_nothing_again(running: PipelineExecution, viewer: Client) -> None:
    shown = viewer.get(LIST).content
    assert b"retry_selected" not in shown
    assert b"run_selected_again" not in shown
    run_again_all(viewer, "run_selected_again", [running])
    assert PipelineExecution.objects.count() == 1
