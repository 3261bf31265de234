"""The page of a pipeline: what the canvas begins with, drafts, and two people who save."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from pipelines import services
from pipelines.errors import PipelineChanged
from pipelines.models import Pipeline, PipelineDraft
from tests.pipelines.conftest import Save

pytestmark = pytest.mark.usefixtures("surroundings")

LIST = "/admin/pipelines/pipeline/"


def page(pipeline: Pipeline) -> str:
    return reverse("admin:pipelines_pipeline_change", args=[pipeline.pk])


def data(answer: HttpResponse) -> Any:
    found = re.search(
        r'<script id="editor-data" type="application/json">(.*?)</script>',
        answer.content.decode(),
        re.DOTALL,
    )
    assert found is not None
    return json.loads(found[1])


def sent(answer: Any) -> dict[str, Any]:
    """Return what a browser sends of the form that it was shown."""
    form = answer.context["adminform"].form
    values = {bound.html_name: bound.value() for bound in form}
    unchecked = {name: "" if value is None else value for name, value in values.items()}
    inlines = {"revisions-TOTAL_FORMS": "0", "revisions-INITIAL_FORMS": "0"}
    return {**unchecked, **inlines, "_continue": "1"}


@pytest.fixture
def bea(person: Callable[..., User]) -> User:
    return person("pipelines.change_pipeline", "pipelines.view_pipeline", username="bea")


def test_the_canvas_begins_with_the_pipeline(browser: Client, pipeline: Pipeline) -> None:
    answer = browser.get(page(pipeline))
    assert data(answer) == {
        "pipeline_id": str(pipeline.pk),
        "seen": pipeline.updated_at.isoformat(),
        "config": pipeline.config,
        "default_params": {"min_amount": 10},
        "param_specs": {},
        "deployed": {
            "revision": 1,
            "config": pipeline.current_revision.snapshot["config"],  # type: ignore[union-attr]
            "default_params": {"min_amount": 10},
            "param_specs": {},
        },
        "draft": None,
        "may_change": True,
        "language": "en",
    }
    shown = answer.content.decode()
    assert 'id="console-editor"' in shown
    assert "console/editor.js" in shown


def test_the_canvas_of_a_new_pipeline_is_empty(browser: Client) -> None:
    found = data(browser.get(f"{LIST}add/"))
    assert (found["pipeline_id"], found["seen"], found["deployed"]) == (None, None, None)
    assert found["config"] == {"nodes": [], "edges": []}
    assert found["may_change"]


def test_the_form_of_a_new_pipeline_begins_with_what_a_pipeline_is_without_it(
    browser: Client,
) -> None:
    form = browser.get(f"{LIST}add/").context["adminform"].form
    shown = {name: form[name].value() for name in ("timezone", "schedule", "tags")}
    assert {name: value or "" for name, value in shown.items()} == {
        "timezone": "UTC",
        "schedule": "",
        "tags": "",
    }
    texts = ("config", "default_params", "param_specs")
    stored = Pipeline()
    assert [json.loads(form[name].value()) for name in texts] == [
        getattr(stored, name) for name in texts
    ]


def test_who_may_only_look_gets_a_canvas_to_look_at(
    client: Client, pipeline: Pipeline, person: Callable[..., User]
) -> None:
    client.force_login(person("pipelines.view_pipeline"))
    assert not data(client.get(page(pipeline)))["may_change"]


def test_a_refused_form_keeps_what_was_drawn(browser: Client, pipeline: Pipeline) -> None:
    form = sent(browser.get(page(pipeline)))
    drawn = {"nodes": [{"id": "new", "module": "extract.nothing"}], "edges": []}
    answer = browser.post(page(pipeline), {**form, "config": json.dumps(drawn)})
    assert data(answer)["config"] == drawn
    answer = browser.post(page(pipeline), {**form, "config": "{"})
    assert data(answer)["config"] == pipeline.config


def test_a_draft_is_told_on_the_page_and_in_the_list(
    browser: Client, pipeline: Pipeline, bea: User
) -> None:
    drawn = {"nodes": [], "edges": []}
    draft = services.save_draft(pipeline, {"config": drawn, "description": "drawn"}, user=bea)
    answer = browser.get(page(pipeline))
    assert "There is a draft by bea of" in answer.content.decode()
    found = data(answer)
    assert found["draft"] == {
        "config": drawn,
        "description": "drawn",
        "by": "bea",
        "at": draft.saved_at.isoformat(),
        "revision": 1,
    }
    assert found["config"] == pipeline.config
    assert found["seen"] == pipeline.updated_at.isoformat()
    opened = browser.get(f"{page(pipeline)}?draft")
    assert data(opened)["config"] == drawn
    assert data(opened)["seen"] == draft.saved_at.isoformat()
    assert opened.context["adminform"].form["description"].value() == "drawn"
    assert "Draft by bea, " in browser.get(LIST).content.decode()


def test_deploying_a_page_that_shows_the_newest_draft_removes_the_draft(
    browser: Client, pipeline: Pipeline, bea: User
) -> None:
    services.save_draft(pipeline, {"description": "drawn"}, user=bea)
    form = sent(browser.get(f"{page(pipeline)}?draft"))
    assert browser.post(page(pipeline), form).status_code == 302
    pipeline.refresh_from_db()
    assert pipeline.description == "drawn"
    assert not PipelineDraft.objects.exists()


def test_a_page_that_does_not_know_of_a_draft_does_not_undo_it(
    browser: Client, pipeline: Pipeline, bea: User
) -> None:
    form = sent(browser.get(page(pipeline)))
    services.save_draft(pipeline, {"description": "drawn"}, user=bea)
    answer = browser.post(page(pipeline), {**form, "description": "mine"})
    shown = answer.content.decode()
    assert "was changed by bea" in shown
    assert "<del>drawn</del>" in shown
    assert "<ins>mine</ins>" in shown
    assert PipelineDraft.objects.exists()


def test_a_page_that_does_not_show_a_draft_does_not_undo_it(
    browser: Client, api: APIClient, pipeline: Pipeline, bea: User
) -> None:
    services.save_draft(pipeline, {"description": "drawn"}, user=bea)
    shown = browser.get(page(pipeline))
    form = {**sent(shown), "description": "mine"}
    draft = f"/api/v1/pipelines/{pipeline.pk}/draft"
    kept = api.put(draft, {"description": "mine", "seen": data(shown)["seen"]})
    assert kept.status_code == 409
    answer = browser.post(page(pipeline), form)
    assert "was changed by bea" in answer.content.decode()
    assert PipelineDraft.objects.get().content == {"description": "drawn"}
    over = re.search(r'name="over" value="([^"]+)"', answer.content.decode())
    assert over is not None
    assert browser.post(page(pipeline), {**form, "over": over[1]}).status_code == 302
    assert not PipelineDraft.objects.exists()


def test_a_draft_that_is_older_than_the_pipeline_does_not_undo_what_was_saved_since(
    browser: Client, pipeline: Pipeline, save: Save, bea: User
) -> None:
    services.save_draft(pipeline, {"description": "drawn"}, user=bea)
    save(Pipeline.objects.get(), description="saved since")
    form = sent(browser.get(f"{page(pipeline)}?draft"))
    assert form["description"] == "drawn"
    answer = browser.post(page(pipeline), form)
    assert answer.status_code == 200
    assert "<del>saved since</del>" in answer.content.decode()


def test_saving_a_page_leaves_a_draft_that_it_never_showed(
    browser: Client, pipeline: Pipeline, save: Save, bea: User
) -> None:
    services.save_draft(pipeline, {"description": "drawn"}, user=bea)
    save(Pipeline.objects.get(), description="saved by the API")
    form = sent(browser.get(page(pipeline)))
    assert browser.post(page(pipeline), {**form, "description": "mine"}).status_code == 302
    assert PipelineDraft.objects.get().content == {"description": "drawn"}
    opened = sent(browser.get(f"{page(pipeline)}?draft"))
    over = Pipeline.objects.get().updated_at.isoformat()
    assert browser.post(page(pipeline), {**opened, "over": over}).status_code == 302
    assert Pipeline.objects.get().description == "drawn"
    assert not PipelineDraft.objects.exists()


def test_the_second_who_saves_sees_the_difference_and_can_save_over_it(
    browser: Client, pipeline: Pipeline, bea: User, graph: dict[str, Any]
) -> None:
    form = sent(browser.get(page(pipeline)))
    graph["nodes"][1]["config"]["condition"] = "amount > 5"
    services.assign(pipeline, {"config": graph})
    services.save_pipeline(pipeline, user=bea)
    answer = browser.post(page(pipeline), {**form, "description": "mine"})
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert "was changed by bea" in shown
    assert "config.condition" in shown
    assert answer.context["adminform"].form["description"].value() == "mine"
    pipeline.refresh_from_db()
    assert pipeline.description == ""

    over = re.search(r'name="over" value="([^"]+)"', shown)
    assert over is not None
    again = {**sent(answer), "over": over[1]}
    assert browser.post(page(pipeline), again).status_code == 302
    pipeline.refresh_from_db()
    assert pipeline.description == "mine"
    assert pipeline.config["nodes"][1]["config"]["condition"] != "amount > 5"


def test_saving_over_what_was_changed_once_more_is_refused_again(
    browser: Client, pipeline: Pipeline, save: Save
) -> None:
    form = sent(browser.get(page(pipeline)))
    save(Pipeline.objects.get(), description="first")
    over = Pipeline.objects.get().updated_at.isoformat()
    save(Pipeline.objects.get(), description="second")
    answer = browser.post(page(pipeline), {**form, "description": "mine", "over": over})
    assert answer.status_code == 200
    assert "<del>second</del>" in answer.content.decode()


def test_a_change_between_the_look_and_the_saving_has_the_form_look_again(
    browser: Client, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = sent(browser.get(page(pipeline)))
    saving = services.save_pipeline
    refusals = [PipelineChanged("Orders")]

    def save_pipeline(*args: Any, **kwargs: Any) -> Pipeline:
        if refusals:
            raise refusals.pop()
        return saving(*args, **kwargs)

    monkeypatch.setattr(services, "save_pipeline", save_pipeline)
    answer = browser.post(page(pipeline), {**form, "description": "mine"})
    assert answer.status_code == 302
    assert not refusals
    pipeline.refresh_from_db()
    assert pipeline.description == "mine"


def test_a_pipeline_that_was_never_deployed_opens_as_its_draft(
    browser: Client, bea: User, graph: dict[str, Any]
) -> None:
    pipeline = services.begin_draft({"name": "Later", "config": graph}, user=bea)
    answer = browser.get(page(pipeline))
    assert data(answer)["config"] == graph
    assert "This is a draft" in answer.content.decode()
    form = sent(answer)
    assert browser.post(page(pipeline), {**form, "is_active": "on"}).status_code == 302
    pipeline.refresh_from_db()
    assert pipeline.current_revision is not None
    assert not PipelineDraft.objects.exists()


def test_a_new_pipeline_begins_in_utc(browser: Client) -> None:
    form = browser.get(reverse("admin:pipelines_pipeline_add")).context["adminform"].form
    assert form["timezone"].value() == "UTC"
