"""The admin's list of executions: pages, filters, the search and what is done to the selected."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from executions import services
from executions.admin import PipelineExecutionAdmin
from executions.filters import OfPipeline
from executions.models import PipelineExecution
from executions.services import searching
from pipelines.models import Pipeline
from tests.executions.conftest import again
from tests.executions.histories import make

LIST = "/admin/executions/pipelineexecution/"


@pytest.fixture
def viewer(client: Client, user: Any, permit: Callable[..., None]) -> Client:
    permit("view_pipelineexecution")
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def pages_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PipelineExecutionAdmin, "list_per_page", 2)


def shown(client: Client, address: str = LIST, **query: str) -> str:
    answer = client.get(address, query or None)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(page: str) -> list[uuid.UUID]:
    """Return the ids of the rows, each of which leads to its execution."""
    selectable = re.findall(r'name="_selected_action" value="([^"]+)"', page)
    assert re.findall(rf'<a href="{LIST}([^/]+)/change/">', page) == selectable
    return [uuid.UUID(pk) for pk in selectable]


def link(page: str, relation: str) -> str | None:
    found = re.search(rf'<a href="([^"]*)" rel="{relation}"', page)
    return LIST + unescape(found[1]) if found else None


def test_the_list_pages_forth_and_back_through_what_is_filtered(viewer: Client) -> None:
    made = make(5, status="failed")
    make(5)
    page = shown(viewer, status__exact="failed")
    assert link(page, "prev") is None
    found = [rows(page)]
    while (older := link(page, "next")) is not None:
        page = shown(viewer, older)
        found.append(rows(page))
    assert found == [made[:2], made[2:4], made[4:]]
    newer = link(page, "prev")
    assert newer is not None
    assert rows(shown(viewer, newer)) == made[2:4]
    assert 'href="?status__exact=failed">Newest</a>' in page


def test_another_filter_begins_with_the_newest(viewer: Client) -> None:
    make(3)
    page = shown(viewer, link(shown(viewer), "next") or "")
    filters = page[page.index('id="changelist-filter"') : page.index('class="list-pages"')]
    assert "p=" not in "".join(re.findall(r'href="(\?[^"]*)"', filters))


def test_an_address_of_no_page_shows_the_newest_and_says_so(viewer: Client) -> None:
    made = make(3)
    for wrong in ("2", "nonsense"):
        page = shown(viewer, p=wrong)
        assert rows(page) == made[:2]
        assert "The address is none of a page of this list. These are the newest." in page


def test_an_empty_list_says_so(viewer: Client) -> None:
    assert "No executions here." in shown(viewer, status__exact="failed")


def test_the_list_before_the_first_execution_leads_to_the_pipelines(
    viewer: Client, permit: Callable[..., None]
) -> None:
    assert "No executions yet." in shown(viewer)
    assert "Open a pipeline and execute it" not in shown(viewer)
    permit("view_pipeline")
    assert "Open a pipeline and execute it" in shown(viewer)


def test_there_is_one_order_whatever_the_address_says(viewer: Client) -> None:
    made = make(2)
    assert rows(shown(viewer, o="1")) == made


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"status__exact": "pending"},
        {"trigger_type__exact": "manual"},
        {"has_rejected": "true"},
        {"created_at__gte": "2026-01-01 00:00:00+00:00"},
        {"pipeline__id__exact": "deleted"},
        {"q": "ord"},
        {"_facets": "True"},
    ],
    ids=str,
)
def test_the_list_counts_nothing_and_skips_nothing(viewer: Client, query: dict[str, str]) -> None:
    make(5, rows_rejected=1)
    older = link(shown(viewer, **query), "next")
    assert older is not None
    with CaptureQueriesContext(connection) as captured:
        assert len(rows(shown(viewer, older))) == 2
    asked = " ".join(found["sql"] for found in captured).upper()
    assert "EXECUTIONS_PIPELINEEXECUTION" in asked
    assert "COUNT(" not in asked
    assert "OFFSET" not in asked
    assert "DISTINCT" not in asked


def test_the_list_is_filtered_by_pipeline(
    make_pipeline: Callable[..., Pipeline], viewer: Client
) -> None:
    one, two = make_pipeline("one"), make_pipeline("two")
    started = services.start_execution(one)
    services.start_execution(two)
    (gone,) = make(1)
    page = shown(viewer)
    assert f"?pipeline__id__exact={one.pk}" in page
    assert rows(shown(viewer, pipeline__id__exact=str(one.pk))) == [started.pk]
    assert rows(shown(viewer, pipeline__id__exact="deleted")) == [gone]
    assert viewer.get(LIST, {"pipeline__id__exact": "one"})["Location"] == f"{LIST}?e=1"


def test_many_pipelines_do_not_bury_the_list(
    make_pipeline: Callable[..., Pipeline], viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OfPipeline, "MOST_LISTED", 1)
    one, two = make_pipeline("one"), make_pipeline("two")
    assert "pipeline__id__exact=deleted" in shown(viewer)
    assert str(one.pk) not in shown(viewer)
    page = shown(viewer, pipeline__id__exact=str(one.pk))
    assert f"?pipeline__id__exact={one.pk}" in page
    assert str(two.pk) not in page


def test_the_search_keeps_to_the_filters(viewer: Client) -> None:
    (found,) = make(1, pipeline_name="Orders of May", status="failed")
    make(1, pipeline_name="Orders of May")
    make(1, status="failed")
    assert rows(shown(viewer, q="may orders", status__exact="failed")) == [found]
    assert rows(shown(viewer, q=str(found)[:8])) == [found]


def test_what_has_ended_of_late_is_filtered_with_all_else(viewer: Client) -> None:
    now = timezone.now()

    def ended(ago: timedelta, status: str = "failed", took: timedelta = timedelta(0)) -> uuid.UUID:
        (pk,) = make(1, since=now - ago - took, status=status, completed_at=now - ago)
        return pk

    recent = ended(timedelta(minutes=10))
    long_one = ended(timedelta(hours=20), took=timedelta(days=3))
    ended(timedelta(minutes=20), "success")
    ended(timedelta(hours=25))
    make(1, since=now, status="running")
    assert rows(shown(viewer, ended="24", status__exact="failed")) == [recent, long_one]
    assert rows(shown(viewer, ended="1", status__exact="failed")) == [recent]
    assert "In the last 24 hours" in shown(viewer)


def test_one_rejected_row_is_said_in_the_singular(viewer: Client) -> None:
    make(1, status="success", rows_rejected=1)
    assert "1 rejected<" in shown(viewer)
    french = viewer.get(LIST, headers={"Accept-Language": "fr"}).content.decode()
    assert "1 rejetée<" in french


def test_a_search_that_is_too_wide_says_what_to_do(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_NAMES", 0)
    make(1)
    page = shown(viewer, q="orders")
    assert "more than 0 pipelines. Write more of the name." in page
    assert rows(page) == []


def test_only_what_is_selected_on_the_page_is_cancelled(
    pipeline: Pipeline, viewer: Client, permit: Callable[..., None]
) -> None:
    permit("cancel_pipelineexecution")
    executions = [services.start_execution(pipeline) for _ in range(4)]
    page = shown(viewer)
    assert "2 executions selected" not in page
    assert "across all pages" not in page
    assert "0 of 2 selected" in page
    body = {
        "action": "cancel_selected",
        "index": "0",
        # What a page of the admin sends for everything that there is.
        "select_across": "1",
        "_selected_action": [str(executions[0].pk)],
    }
    viewer.post(link(page, "next") or "", body)
    statuses = [again(execution).status for execution in executions]
    assert statuses == ["cancelled", "pending", "pending", "pending"]


def test_a_row_shows_what_ran_since_when_and_by_whom(
    pipeline: Pipeline, viewer: Client, user: Any
) -> None:
    started = services.start_execution(pipeline, user=user)
    PipelineExecution.objects.filter(pk=started.pk).update(
        pipeline_name="<Orders>", duration_seconds=65, trigger_type="external", rows_rejected=1200
    )
    page = shown(viewer)
    for text in (
        ">&lt;Orders&gt;</a>",
        '<td class="number">1 min 5 s</td>',
        "<td>External (by hand in Airflow)</td>",
        "<td>ann</td>",
        "1,200 rejected",
    ):
        assert text in page
