"""The admin's list of pipelines: last outcomes, filters, and what is done to the selected."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import PipelineExecution
from pipelines.models import Pipeline
from tests.executions.histories import make
from tests.pipelines.conftest import Queue, Save

LIST = "/admin/pipelines/pipeline/"
EXECUTION = "/admin/executions/pipelineexecution/"

pytestmark = pytest.mark.usefixtures("surroundings")


def shown(client: Client, **query: str) -> str:
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return answer.content.decode()


def names(page: str) -> list[str]:
    return re.findall(rf'href="{LIST}[^"]*/change/[^"]*"[^>]*>\s*([^<]+?)\s*</a>', page)


def marks(page: str) -> list[tuple[str, str, str]]:
    """Return class, address and words of each outcome in a strip."""
    strips = re.findall(r'<span class="outcomes">(.*?)</span>', page)
    return re.findall(
        r'<a class="(\w+)" href="([^"]+)" title="[^"]+" aria-label="([^"]+)"></a>', "".join(strips)
    )


def act(client: Client, action: str, *pipelines: Pipeline) -> str:
    chosen = [str(pipeline.pk) for pipeline in pipelines]
    body = {"action": action, "_selected_action": chosen}
    return client.post(LIST, body, follow=True).content.decode()


def test_each_of_the_last_outcomes_has_its_words_and_leads_to_its_execution(
    browser: Client, pipeline: Pipeline
) -> None:
    made = make(11, pipeline=pipeline, status="success", duration_seconds=65.0)
    PipelineExecution.objects.filter(pk=made[0]).update(status="failed")
    found = marks(shown(browser))
    assert [address for _, address, _ in found] == [
        f"{EXECUTION}{pk}/change/" for pk in reversed(made[:10])
    ]
    assert [status for status, _, _ in found] == [*["success"] * 9, "failed"]
    assert found[-1][2] == "failed, Nov 24, 2026, 12:10, 1 min 5 s"
    assert "badge-failed" in shown(browser)


def test_the_strips_of_a_page_are_one_query(
    browser: Client, save: Save, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        make(3, pipeline=save(name=f"Orders {number}"), status="success")
    with django_assert_max_num_queries(9):
        assert len(marks(shown(browser))) == 24


def test_who_may_not_see_executions_is_shown_no_outcomes(
    pipeline: Pipeline, person: Callable[..., User]
) -> None:
    make(2, pipeline=pipeline, status="failed")
    client = Client()
    client.force_login(person("pipelines.view_pipeline"))
    page = shown(client)
    assert marks(page) == []
    assert "badge-failed" not in page
    assert EXECUTION not in page


def test_the_list_is_filtered_by_tag_deployment_and_activity(browser: Client, save: Save) -> None:
    save(name="One", tags=["sales", "a&b"])
    save(name="Two", tags=["crm"], is_active=False)
    Pipeline.objects.filter(name="Two").update(deployment_status="failed")
    page = shown(browser)
    assert names(page) == ["One", "Two"]
    assert f'href="{LIST}?tag=a%26b"' in page
    assert names(shown(browser, tag="a&b")) == ["One"]
    assert names(shown(browser, tag="nothing")) == []
    assert names(shown(browser, deployment_status__exact="failed")) == ["Two"]
    assert names(shown(browser, is_active__exact="1")) == ["One"]


def test_many_are_deactivated_and_activated_and_deployed_so(
    browser: Client, save: Save, queue: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    one, two = save(name="One"), save(name="Two", is_active=False)
    queue.clear()
    with django_capture_on_commit_callbacks(execute=True):
        page = act(browser, "deactivate_selected", one, two)
    assert "Deactivated 1 pipeline." in page
    assert not Pipeline.objects.filter(is_active=True).exists()
    assert queue.of("deploy_pipeline") == [[str(one.pk)]]
    assert one.revisions.count() == 2
    assert "Activated 2 pipelines." in act(browser, "activate_selected", one, two)
    assert Pipeline.objects.filter(is_active=True).count() == 2


def test_what_cannot_be_activated_says_why_and_the_others_are(browser: Client, save: Save) -> None:
    good, bad = save(name="Good", is_active=False), save(name="Bad", is_active=False)
    Pipeline.objects.filter(pk=bad.pk).update(config={"nodes": [{"id": "x"}], "edges": []})
    page = act(browser, "activate_selected", good, bad)
    assert "Bad: " in page
    assert "Activated 1 pipeline." in page
    assert [pipeline.name for pipeline in Pipeline.objects.filter(is_active=True)] == ["Good"]
    page = act(browser, "activate_selected", bad)
    assert "Bad: " in page
    assert "Activated" not in page


def test_a_pipeline_is_found_by_words_and_by_the_ids_that_it_has(
    browser: Client, save: Save
) -> None:
    one = save(name="Orders of May", description="For the shop")
    save(name="Orders of June")
    for text in ("may orders", "shop orders", str(one.pk), one.dag_id):
        assert names(shown(browser, q=text)) == ["Orders of May"]
    assert names(shown(browser, q="orders", is_active__exact="0")) == []


def test_the_history_is_among_the_pages_of_its_pipeline(browser: Client, save: Save) -> None:
    pipeline = save(name="orders of may")
    page = browser.get(f"{LIST}{pipeline.pk}/history/").content.decode()
    assert f'href="{LIST}{pipeline.pk}/revisions/"' in page
    assert f'href="{LIST}{pipeline.pk}/history/" aria-current="page"' in page
    assert "Nobody has changed this pipeline in the admin." in page
    # Its name as it was given, not as a title is written.
    assert ">orders of may</a>" in page


def test_who_may_only_look_is_offered_no_switch(
    pipeline: Pipeline, person: Callable[..., User]
) -> None:
    client = Client()
    client.force_login(person("pipelines.view_pipeline"))
    assert "activate_selected" not in shown(client)
    act(client, "deactivate_selected", pipeline)
    assert Pipeline.objects.get().is_active


@pytest.mark.parametrize("address", [LIST, EXECUTION])
def test_the_page_is_given_its_rows_alone_to_renew_them(
    browser: Client, pipeline: Pipeline, address: str
) -> None:
    make(1, pipeline=pipeline, status="failed")
    whole = browser.get(address).content.decode()
    rows = browser.get(address, headers={"X-Live": "1"}).content.decode()
    assert "<html" not in rows
    assert 'id="result_list"' in rows
    assert 'data-part="rows"' in rows
    assert rows.count("badge-failed") == whole.count("badge-failed") > 0
    assert "data-live" in whole


def test_a_list_without_pipelines_leads_to_the_first_and_one_without_finds_back_to_all(
    browser: Client,
) -> None:
    assert "No pipelines yet" in shown(browser)
    assert "Add pipeline" in shown(browser)
    found = shown(browser, q="nothing has this name")
    assert "No pipelines fit the search" in found
    assert "No pipelines yet" not in found
