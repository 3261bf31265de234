"""Executions in the admin: readable at a glance, with buttons for those who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from executions import services
from executions.models import PipelineExecution
from pipelines.models import Pipeline
from tests.executions.admin_pages import CANCEL, LIST, VIEW, page, viewer
from tests.executions.conftest import again, key
from tests.fake_airflow import FakeAirflow, dataset

__all__ = ["viewer"]


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
