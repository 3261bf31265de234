"""The lists of executions: complete, without doubles, and at the same cost anywhere in them."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from executions import services
from executions.errors import InvalidCursor, SearchTooWide
from executions.models import Executions, PipelineExecution
from executions.services import searching
from pipelines.models import Pipeline
from tests.executions.histories import NOON, make

LIST = "/api/v1/executions"
everything = PipelineExecution.objects.all


def ids(page: services.Page) -> list[uuid.UUID]:
    return [execution.pk for execution in page.executions]


def walk(queryset: Executions, size: int, between: Callable[[], object] = int) -> list[uuid.UUID]:
    """Return the ids on all pages from the newest on; do something after each page."""
    page = services.page_of(queryset, None, size)
    found = ids(page)
    while page.older is not None:
        between()
        page = services.page_of(queryset, page.older, size)
        found += ids(page)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_pages_are_complete_and_lead_back_the_same_way(db: None, size: int) -> None:
    made = make(7)
    assert walk(everything(), size) == made
    page = services.page_of(everything(), None, size)
    forth = [ids(page)]
    while page.older is not None:
        page = services.page_of(everything(), page.older, size)
        forth.append(ids(page))
    back = [ids(page)]
    while page.newer is not None:
        page = services.page_of(everything(), page.newer, size)
        back.append(ids(page))
    assert back == forth[::-1]


def test_executions_of_the_same_moment_are_told_apart(db: None) -> None:
    made = make(9, minutes=0)
    assert walk(everything(), 2) == made


def test_what_comes_meanwhile_moves_nothing(db: None) -> None:
    made = make(9)
    later = NOON + timedelta(days=1)
    assert walk(everything(), 2, lambda: make(3, since=later)) == made


def test_what_goes_meanwhile_leaves_no_gap_and_no_double(db: None) -> None:
    made = make(9)
    # The execution that the cursor stands for, one that was shown and one that was not.
    page = services.page_of(everything(), None, 3)
    everything().filter(pk__in=[made[0], made[2], made[4]]).delete()
    older = services.page_of(everything(), page.older, 3)
    assert ids(older) == [made[3], made[5], made[6]]
    assert older.newer is not None
    assert ids(services.page_of(everything(), older.newer, 3)) == [made[1]]


def test_a_page_whose_executions_are_all_gone_is_empty(db: None) -> None:
    make(2)
    page = services.page_of(everything(), None, 1)
    everything().delete()
    assert services.page_of(everything(), page.older, 1) == services.Page([], None, None)


def test_pages_of_statuses_and_trigger_types_are_merged_in_order(db: None) -> None:
    a = make(4, status="failed", trigger_type="scheduled", minutes=3)
    b = make(4, status="success", trigger_type="api", minutes=4)
    make(4, status="running", trigger_type="manual")
    kept = everything().filter(status__in=["failed", "success"])
    found = walk(kept, 3)
    assert set(found) == {*a, *b}
    assert found == list(kept.order_by("-created_at", "-id").values_list("pk", flat=True))


def test_a_queryset_without_any_has_an_empty_page(db: None) -> None:
    make(1)
    assert services.page_of(everything().none(), None, 5).executions == []


def test_pages_of_rejected_go_on_like_others(db: None) -> None:
    made = make(5, rows_rejected=1)
    make(5)
    assert walk(everything().with_rejected(), 2) == made
    assert walk(everything().filter(status="pending").with_rejected(), 2) == made


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (["ord"], ["Orders of May", "orders"]),
        (["MAY", "ORDERS"], ["Orders of May"]),
        (["äpfel"], ["ÄPFEL"]),
        (["100%"], ["100% off"]),
        (["_"], ["a_b"]),
        (["\\"], ["back\\slash"]),
        (["nothing"], []),
        ([], ["100% off", "Orders of May", "a_b", "back\\slash", "orders", "ÄPFEL"]),
    ],
)
def test_a_search_finds_names_that_have_all_words(
    db: None, terms: list[str], found: list[str]
) -> None:
    for name in ("orders", "Orders of May", "ÄPFEL", "100% off", "a_b", "back\\slash"):
        make(2, pipeline_name=name)
    page = services.page_of(services.search(everything(), terms), None, 50)
    assert [execution.pipeline_name for execution in page.executions].count("orders") in (0, 2)
    assert sorted({execution.pipeline_name for execution in page.executions}) == found


def test_pages_of_a_search_are_complete_and_in_order(db: None) -> None:
    for number in range(4):
        make(3, pipeline_name=f"orders {number}", since=NOON + timedelta(seconds=number))
    make(5, pipeline_name="customers")
    kept = everything().filter(pipeline_name__startswith="orders")
    expected = list(kept.order_by("-created_at", "-id").values_list("pk", flat=True))
    assert walk(services.search(everything(), ["orders"]), 5) == expected
    failed = services.search(everything().filter(status="failed"), ["orders"])
    assert walk(failed, 5) == []


def test_a_search_for_an_id_finds_the_execution(db: None) -> None:
    made = make(3)
    for term in (str(made[1]), made[1].hex, f"logidata__{made[1]}", str(made[1])[:13].upper()):
        assert walk(services.search(everything(), [term]), 5) == [made[1]]
    everything().filter(pk=made[2]).update(
        airflow_dag_run_id="scheduled__2026-11-24T00:00:00+00:00"
    )
    run = ["scheduled__2026-11-24T00:00:00+00:00"]
    assert walk(services.search(everything(), run), 5) == [made[2]]


def test_a_search_that_fits_too_many_names_says_what_to_do(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_NAMES", 2)
    for name in ("a1", "a2", "a3", "b1"):
        make(1, pipeline_name=name)
    assert len(walk(services.search(everything(), ["1"]), 5)) == 2
    with pytest.raises(SearchTooWide, match=r"more than 2 pipelines\. Write more of the name"):
        services.search(everything(), ["a"])


def broken_cursors() -> list[str]:
    def encoded(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode()

    some = uuid.UUID(int=5)
    return [
        *("", "x", "Ä", "AAAA", "cD0yMDI2LTExLTI0KzEyJTNBMDA="),
        encoded(f"a 2026-11-24T12:00:00 {some}"),
        encoded(f"c 2026-11-24T12:00:00+00:00 {some}"),
        encoded("a 2026-11-24T12:00:00+00:00 5"),
        encoded(f"a yesterday {some}"),
        encoded(f"a 2026-11-24T12:00:00+00:00 {some}") + "=",
    ]


@pytest.mark.parametrize("text", broken_cursors())
def test_a_cursor_of_somewhere_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        services.Cursor.parse(text)


def test_a_cursor_survives_its_text() -> None:
    for backwards in (False, True):
        cursor = services.Cursor(NOON + timedelta(microseconds=3), uuid.uuid4(), backwards)
        assert services.Cursor.parse(str(cursor)) == cursor


@pytest.fixture
def viewer(api: APIClient, permit: Callable[..., None]) -> APIClient:
    permit("view_pipelineexecution")
    return api


def test_the_api_pages_forth_and_back(viewer: APIClient) -> None:
    made = [str(pk) for pk in make(5)]
    first = viewer.get(LIST, {"page_size": 2, "status": "pending"}).json()
    assert set(first) == {"next", "previous", "results"}
    assert first["previous"] is None
    second = viewer.get(first["next"]).json()
    third = viewer.get(second["next"]).json()
    pages = [first, second, third, viewer.get(third["previous"]).json()]
    listed = [[item["id"] for item in page["results"]] for page in pages]
    assert listed == [made[:2], made[2:4], made[4:], made[2:4]]
    assert third["next"] is None
    assert "status=pending" in third["previous"]


def test_the_api_says_what_is_wrong_with_a_cursor_and_what_next(viewer: APIClient) -> None:
    answer = viewer.get(LIST, {"cursor": "page-2"})
    assert (answer.status_code, answer.json()["type"]) == (400, "invalid-cursor")
    assert "'cursor'" in answer.json()["detail"]
    assert "leave 'cursor' out to begin with the newest" in answer.json()["detail"]


def test_the_api_says_when_a_search_is_too_wide(
    viewer: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_NAMES", 0)
    make(1)
    answer = viewer.get(LIST, {"search": "ord"})
    assert (answer.status_code, answer.json()["type"]) == (400, "search-too-wide")


QUERIES: list[dict[str, str]] = [
    {},
    {"status": "pending"},
    {"trigger_type": "manual"},
    {"has_rejected": "true"},
    {"created_before": "2026-12-01T00:00:00Z"},
    {"search": "ord"},
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_the_api_counts_nothing_and_skips_nothing(viewer: APIClient, query: dict[str, str]) -> None:
    make(5, rows_rejected=1)
    address = viewer.get(LIST, query | {"page_size": "2"}).json()["next"]
    with CaptureQueriesContext(connection) as captured:
        assert len(viewer.get(address).json()["results"]) == 2
    asked = " ".join(found["sql"] for found in captured).upper()
    assert "EXECUTIONS_PIPELINEEXECUTION" in asked
    assert "COUNT(" not in asked
    assert "OFFSET" not in asked


def test_the_names_of_deleted_and_renamed_pipelines_are_found(
    pipeline: Pipeline, viewer: APIClient
) -> None:
    started = services.start_execution(pipeline)
    pipeline.name = "renamed"
    pipeline.save()
    found = viewer.get(LIST, {"search": "orders"}).json()["results"]
    assert [item["id"] for item in found] == [str(started.pk)]
