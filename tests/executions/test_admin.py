"""Executions in the admin: readable at a glance, with buttons for those who may."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from executions import admin_actions, services
from executions.models import PipelineExecution
from executions.services import monitoring
from executions.templatetags.executions import age, many, rows, size
from pipelines.durations import duration
from pipelines.models import Pipeline
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow, dataset

VIEW = "view_pipelineexecution"
CANCEL = "cancel_pipelineexecution"


def page(execution: PipelineExecution, name: str = "change", *args: str) -> str:
    return reverse(f"admin:executions_pipelineexecution_{name}", args=[execution.pk, *args])


LIST = "/admin/executions/pipelineexecution/"


@pytest.fixture
def viewer(client: Client, user: Any, permit: Callable[..., None]) -> Client:
    permit(VIEW)
    client.force_login(user)
    return client


def test_a_stranger_is_asked_to_sign_in_and_a_user_without_permission_refused(
    running: PipelineExecution, client: Client, user: Any
) -> None:
    pages = [
        LIST,
        page(running),
        page(running, "log", "read"),
        page(running, "sample", "read"),
        page(running, "lineage"),
    ]
    assert {client.get(address).status_code for address in pages} == {401}
    client.force_login(user)
    assert {client.get(address).status_code for address in pages} == {403}
    for name in ("monitor", "cancel"):
        assert client.post(page(running, name)).status_code == 403
    assert again(running).cancel_requested_at is None


def test_the_list_shows_statuses_as_badges(running: PipelineExecution, viewer: Client) -> None:
    shown = viewer.get(LIST).content.decode()
    assert '<span class="badge badge-running">running</span>' in shown
    assert "pipelines/admin.css" in shown


def test_the_list_costs_the_same_queries_for_any_length(
    pipeline: Pipeline, viewer: Client, user: Any, django_assert_num_queries: Any
) -> None:
    services.start_execution(pipeline, user=user)
    viewer.get(LIST)
    with CaptureQueriesContext(connection) as few:
        viewer.get(LIST)
    for _ in range(10):
        services.start_execution(pipeline, user=user)
    with django_assert_num_queries(len(few)):
        viewer.get(LIST)


def test_the_page_shows_every_node_with_its_counts(
    running: PipelineExecution, airflow: FakeAirflow, viewer: Client
) -> None:
    results = {"keep": dataset(1200, rows_in=1234567, rows_rejected=34)}
    airflow.finish(*key(running), results=results)
    services.refresh_execution(running)
    shown = viewer.get(page(running)).content.decode()
    for text in ("transform.filter", "1,234,567", "1,200", "34", "1 MB", "badge-success"):
        assert text in shown
    assert "Cancel execution" not in shown
    assert "http-equiv" not in shown


def test_the_page_of_a_failed_execution_shows_the_error_as_text(
    running: PipelineExecution, airflow: FakeAirflow, viewer: Client
) -> None:
    airflow.fail(*key(running), "read", {"message": "no <b>file</b>"})
    services.refresh_execution(running)
    shown = viewer.get(page(running)).content.decode()
    assert "Node &#x27;read&#x27;: no &lt;b&gt;file&lt;/b&gt;" in shown


def test_the_monitor_button_asks_airflow(
    running: PipelineExecution, airflow: FakeAirflow, viewer: Client
) -> None:
    airflow.finish(*key(running))
    assert viewer.get(page(running, "monitor")).status_code == 405
    answer = viewer.post(page(running, "monitor"), follow=True)
    assert b"badge-success" in answer.content
    assert again(running).status == "success"


def test_the_monitor_button_says_when_airflow_is_down(
    running: PipelineExecution, airflow: FakeAirflow, viewer: Client
) -> None:
    airflow.outage = "Airflow cannot be reached."
    answer = viewer.post(page(running, "monitor"), follow=True)
    assert b"Airflow cannot be reached." in answer.content


def test_the_cancel_button_is_for_those_who_may(
    running: PipelineExecution, viewer: Client, permit: Callable[..., None]
) -> None:
    assert b"Cancel execution" not in viewer.get(page(running)).content
    assert viewer.post(page(running, "cancel")).status_code == 403
    permit(CANCEL)
    assert b"Cancel execution" in viewer.get(page(running)).content
    assert viewer.get(page(running, "cancel")).status_code == 405
    viewer.post(page(running, "cancel"))
    assert again(running).cancel_requested_by is not None


def test_the_cancel_button_is_there_while_something_may_run(
    running: PipelineExecution,
    airflow: FakeAirflow,
    viewer: Client,
    permit: Callable[..., None],
) -> None:
    permit(CANCEL)
    airflow.set_run(*key(running), "a_state_of_tomorrow")
    services.refresh_execution(running)
    assert b"Cancel execution" in viewer.get(page(running)).content
    airflow.forget_run(*key(running))
    services.refresh_execution(running)
    assert b"Cancel execution" not in viewer.get(page(running)).content


def test_the_buttons_need_a_csrf_token(
    running: PipelineExecution, user: Any, permit: Callable[..., None]
) -> None:
    permit(VIEW, CANCEL)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    for name in ("monitor", "cancel"):
        assert strict.post(page(running, name)).status_code == 403
    assert again(running).cancel_requested_at is None


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


def test_the_log_page_shows_a_try(
    running: PipelineExecution, airflow: FakeAirflow, viewer: Client
) -> None:
    run = key(running)
    airflow.set_task(*run, "read", "up_for_retry", log=["first <try>"])
    airflow.set_task(*run, "read", "running", try_number=2, log=["second"])
    services.refresh_execution(running)
    assert b"second" in viewer.get(page(running, "log", "read")).content
    first = viewer.get(page(running, "log", "read"), {"try": "1"}).content
    assert b"first &lt;try&gt;" in first
    assert b"second" not in first


def test_the_log_page_says_what_is_missing(
    running: PipelineExecution, airflow: FakeAirflow, viewer: Client
) -> None:
    assert b"Nothing has been written" in viewer.get(page(running, "log", "keep")).content
    assert b"has no try 7" in viewer.get(page(running, "log", "read"), {"try": "7"}).content
    airflow.outage = "Airflow cannot be reached."
    assert b"Airflow cannot be reached." in viewer.get(page(running, "log", "read")).content
    assert viewer.get(page(running, "log", "nope")).status_code == 404


def test_the_sample_page_shows_the_first_rows(
    running: PipelineExecution, airflow: FakeAirflow, viewer: Client
) -> None:
    value = dataset() | {"columns": ["name", "n"], "data": [{"name": "<Ä>", "n": None}]}
    airflow.finish(*key(running), results={"read": value})
    services.refresh_execution(running)
    shown = viewer.get(page(running, "sample", "read")).content.decode()
    assert "<td>&lt;Ä&gt;</td><td><em>null</em></td>" in shown


def test_the_columns_page_says_where_each_comes_from(
    running: PipelineExecution, viewer: Client
) -> None:
    extractor = running.tasks.order_by("position").first()
    assert extractor is not None
    extractor.output = {"schema": {"<amount>": "DOUBLE"}}
    extractor.save()
    shown = viewer.get(page(running, "lineage")).content.decode()
    assert f"<td>{extractor.node_id}.&lt;amount&gt;</td>" in shown


def test_executions_cannot_be_added_changed_or_deleted(
    running: PipelineExecution, viewer: Client, user: Any
) -> None:
    user.is_superuser = True
    user.save()
    assert viewer.get(f"{LIST}add/").status_code == 403
    assert viewer.post(f"{LIST}{running.pk}/delete/", {"post": "yes"}).status_code == 403
    viewer.post(page(running), {"status": "success"})
    assert again(running).status == "running"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "-"), (0.42, "0.4 s"), (65, "1 min 5 s"), (7860, "2 h 11 min")],
)
def test_durations_are_shown_as_people_say_them(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


def test_sizes_and_counts_are_shown_as_people_write_them() -> None:
    assert [size(None), size(812), size(1_200_000_000)] == ["-", "812 B", "1.2 GB"]
    assert [rows(None), rows(0), rows(1234567)] == ["-", "0", "1,234,567"]
    assert [many(812), many(9999), many(45_600), many(8_312_345)] == [
        *("812", "9,999", "45.6 k", "8.31 million"),
    ]
    # Never a thousand of a unit.
    assert [size(999_499), size(999_600)] == ["999 kB", "1 MB"]
    assert [many(999_600), many(999_700_000)] == ["1 million", "1 billion"]
    with translation.override("fr"):
        assert [rows(1234567), duration(0.42)] == ["1\xa0234\xa0567", "0,4 s"]
        assert size(1_200_000_000) == "1,2 GB"


def test_how_long_ago_something_was_is_never_no_minutes() -> None:
    now = timezone.now()
    told = [age(now - timedelta(seconds=ago)) for ago in (0, 59, 60, 7300)]
    assert told == ["0 s", "59 s", "1\xa0minute", "2\xa0hours"]
    assert age(None) == "-"


def test_a_param_named_items_is_shown_like_the_others(
    running: PipelineExecution, viewer: Client
) -> None:
    PipelineExecution.objects.update(params={"items": [1, 2], "min_amount": 10})
    shown = viewer.get(page(running)).content.decode()
    assert "items = [1, 2]" in shown
    assert "min_amount = 10" in shown


@pytest.mark.parametrize("name", ["log", "sample"])
def test_a_node_whose_name_no_database_takes_is_not_found(
    running: PipelineExecution, viewer: Client, name: str
) -> None:
    assert viewer.get(page(running, name, "a\0b")).status_code == 404
