"""The pages of revisions in the admin: their list, two compared, one restored."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from pipelines import services
from pipelines.difference_admin import rows
from pipelines.models import Pipeline
from pipelines.services import Change
from tests.pipelines.conftest import Queue, Save

LIST = "/admin/pipelines/pipeline/"

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def changed(save: Save, graph: dict[str, Any]) -> Pipeline:
    """A pipeline of three revisions, of which the first alone had a schedule."""
    pipeline = save(schedule="@daily")
    save(pipeline, schedule="", tags=["sales"])
    graph["nodes"][1]["config"] = {"condition": "amount > 0"}
    return save(pipeline, config=graph, default_params={})


def page(pipeline: Pipeline, rest: str) -> str:
    return f"{LIST}{pipeline.pk}/{rest}"


def text(answer: HttpResponse) -> str:
    """Return a page's words, without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", answer.content.decode()))


def revision_page(pipeline: Pipeline, number: int) -> str:
    revision = services.revision_of(pipeline, number)
    return f"/admin/pipelines/pipelinerevision/{revision.pk}/change/"


def test_the_list_says_what_each_revision_changed(browser: Client, changed: Pipeline) -> None:
    answer = browser.get(page(changed, "revisions/"))
    assert [(found.number, what) for found, what in answer.context["revisions"]] == [
        (3, "default parameters: min_amount, node keep_paid changed"),
        (2, "schedule, tags"),
        (1, "the first one"),
    ]
    source = answer.content.decode()
    assert f"{page(changed, 'compare/')}?old=1&amp;new=3" in source
    assert page(changed, "restore/1/") in source
    assert page(changed, "restore/3/") not in source
    assert page(changed, "revisions/") in browser.get(page(changed, "change/")).content.decode()


def test_a_long_list_is_paged_and_takes_a_fixed_number_of_queries(
    browser: Client, pipeline: Pipeline, django_assert_max_num_queries: Any
) -> None:
    first = services.revision_of(pipeline, 1)
    for number in range(2, 53):
        pipeline.revisions.create(
            number=number,
            snapshot={**first.snapshot, "description": str(number)},
            sha256=str(number),
        )
    with django_assert_max_num_queries(9):
        shown = browser.get(page(pipeline, "revisions/")).context["revisions"]
    assert [len(shown), shown[-1][0].number, shown[-1][1]] == [50, 3, "description"]
    answer = browser.get(page(pipeline, "revisions/?page=2"))
    assert [found.number for found, _ in answer.context["revisions"]] == [2, 1]


def test_two_that_are_picked_are_shown_side_by_side(browser: Client, changed: Pipeline) -> None:
    answer = browser.get(page(changed, "compare/?old=1&new=3"))
    source = answer.content.decode()
    assert "Revision 1" in source
    assert "Revision 3" in source
    [(node, _, [row])] = answer.context["difference"]["nodes"]
    assert (node.node, row.label, row.kind) == ("keep_paid", "config.condition", "changed")
    assert "<del>" in row.old
    assert "<ins>" in row.new
    # The change in words: of two settings, and of the node twice; colours alone tell nothing.
    assert text(answer).count("changed") == 4
    assert "removed" in text(answer)
    same = text(browser.get(page(changed, "compare/?old=2&new=2")))
    assert "one and the same revision" in same


@pytest.mark.parametrize(
    "query", ["old=1&new=9", "old=x&new=1", "", "old=1", "old=1&new=9999999999"]
)
def test_what_cannot_be_compared_is_said_on_the_page(
    browser: Client, changed: Pipeline, query: str
) -> None:
    answer = browser.get(page(changed, f"compare/?{query}"))
    assert answer.status_code == 200
    assert answer.context["form"].errors


def test_values_are_text_whatever_they_hold() -> None:
    [row] = rows([Change("config.query", "changed", "<b>a</b> one", "<b>a</b> <i>two</i>")])
    assert "<b>" not in row.old + row.new
    assert "<i>" not in row.new
    assert "&lt;b&gt;a&lt;/b&gt;" in row.old


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SELECT a\nFROM t", "SELECT a, b\nFROM t\nWHERE a > 1"),
        ({"x": 1}, {"x": [1, 2]}),
        ("word " * 3000, "word " * 3001),
        (1, 1.0),
        (False, True),
        ([], [1]),
        ("", "text"),
        (0, 2),
    ],
)
def test_both_sides_show_the_whole_value(old: Any, new: Any) -> None:
    [row] = rows([Change("config.x", "changed", old, new)])
    [back] = rows([Change("config.x", "added", None, new)])

    def words(side: str) -> str:
        return html.unescape(re.sub(r"<[^>]*>", "", side))

    assert words(row.new) == words(back.new)
    assert words(row.old) != words(row.new)


def test_what_is_not_there_is_told_from_none_and_from_an_empty_text() -> None:
    found = rows(
        [
            Change("pool", "changed", None, "etl"),
            Change("name", "changed", "", "Read"),
            Change("config.mode", "added", None, None),
        ]
    )
    assert [row.old for row in found] == [
        "<em>none</em>",
        "<em>empty</em>",
        "<em>not there</em>",
    ]
    assert found[2].new == "<em>none</em>"


def test_a_revisions_page_leads_to_comparing_and_restoring(
    browser: Client, changed: Pipeline
) -> None:
    source = browser.get(revision_page(changed, 2)).content.decode()
    compare = page(changed, "compare/")
    assert f"{compare}?old=1&amp;new=2" in source
    assert f"{compare}?old=2&amp;new=3" in source
    assert page(changed, "restore/2/") in source
    current = browser.get(revision_page(changed, 3)).content.decode()
    assert page(changed, "restore/3/") not in current
    assert f"{compare}?old=2&amp;new=3" in current


def test_the_page_of_a_revision_whose_pipeline_is_gone_leads_nowhere(
    browser: Client, changed: Pipeline
) -> None:
    address, there = revision_page(changed, 1), page(changed, "")
    services.delete_pipeline(changed)
    answer = browser.get(address)
    assert answer.status_code == 200
    assert there not in answer.content.decode()


def test_restoring_asks_first_and_says_what_will_change(browser: Client, changed: Pipeline) -> None:
    answer = browser.get(page(changed, "restore/1/"))
    shown = text(answer)
    assert [row.label for row in answer.context["difference"]["settings"]] == [
        "default parameters: min_amount",
        "tags",
    ]
    assert [row.label for row in answer.context["when"]] == ["schedule"]
    assert "When it runs stays as it is now" in shown
    assert "Airflow then starts the pipeline by itself: @daily (UTC)" in shown
    assert changed.revisions.count() == 3


@pytest.mark.parametrize(("ticked", "schedule"), [({}, ""), ({"when": "on"}, "@daily")])
def test_restoring_makes_a_revision_and_deploys_it(
    browser: Client,
    changed: Pipeline,
    queue: Queue,
    ticked: dict[str, str],
    schedule: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    address = page(changed, "restore/1/")
    seen = browser.get(address).context["seen"]
    queue.clear()
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(address, {"seen": seen, **ticked})
    assert answer["Location"] == page(changed, "change/")
    assert "Revision 4 was made from revision 1." in text(browser.get(answer["Location"]))
    changed.refresh_from_db()
    assert changed.default_params == {"min_amount": 10}
    assert changed.schedule == schedule
    assert queue.of("deploy_pipeline") == [[str(changed.pk)]]
    assert LogEntry.objects.get().get_change_message() == "Revision 4 was made from revision 1."


def test_what_was_not_shown_is_not_done(browser: Client, changed: Pipeline, save: Save) -> None:
    address = page(changed, "restore/1/")
    seen = browser.get(address).context["seen"]
    save(Pipeline.objects.get(), description="theirs")
    answer = browser.post(address, {"seen": seen}, follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert "changed by someone else" in text(answer)
    changed.refresh_from_db()
    assert (changed.description, changed.default_params) == ("theirs", {})


def test_what_cannot_be_restored_says_why(browser: Client, changed: Pipeline, save: Save) -> None:
    save(changed, name="Sales")
    save(name="Orders")
    address = page(changed, "restore/1/")
    seen = browser.get(address).context["seen"]
    answer = browser.post(address, {"seen": seen}, follow=True)
    assert "Another pipeline is called 'Orders'" in text(answer)
    changed.refresh_from_db()
    assert changed.name == "Sales"


def test_what_the_pipeline_is_already_has_no_button(browser: Client, changed: Pipeline) -> None:
    answer = browser.get(page(changed, "restore/3/"))
    assert "there is nothing to restore" in text(answer)
    assert 'name="seen"' not in answer.content.decode()


def test_a_revision_that_does_not_exist_cannot_be_restored(
    browser: Client, changed: Pipeline
) -> None:
    answer = browser.get(page(changed, "restore/9/"), follow=True)
    assert answer.redirect_chain == [(page(changed, "revisions/"), 302)]
    assert "has no revision 9" in text(answer)


@pytest.mark.parametrize(
    ("rest", "permission"),
    [
        ("revisions/", "pipelines.view_pipeline"),
        ("compare/?old=1&new=3", "pipelines.view_pipeline"),
        ("restore/1/", "pipelines.change_pipeline"),
    ],
)
def test_each_page_needs_its_permission(
    changed: Pipeline, person: Callable[..., User], rest: str, permission: str
) -> None:
    client = Client()
    assert client.get(page(changed, rest)).status_code == 401
    client.force_login(person("pipelines.view_pipelinerevision", username="stranger"))
    assert client.get(page(changed, rest)).status_code == 403
    assert client.post(page(changed, rest)).status_code == 403
    assert page(changed, rest) not in client.get(revision_page(changed, 1)).content.decode()
    client.force_login(person(permission, username="allowed"))
    assert client.get(page(changed, rest)).status_code == 200


def test_who_may_only_look_is_offered_no_restore(
    changed: Pipeline, person: Callable[..., User]
) -> None:
    client = Client()
    client.force_login(person("pipelines.view_pipeline"))
    assert "restore" not in client.get(page(changed, "revisions/")).content.decode().lower()
    assert client.post(page(changed, "restore/1/")).status_code == 403
    assert changed.revisions.count() == 3
