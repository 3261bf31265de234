"""Pipelines in the admin."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from executions.models import PipelineExecution
from pipelines import services
from pipelines.models import Pipeline
from tests.pipelines.admin_pages import LIST, page, text
from tests.pipelines.conftest import Queue

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def form(graph: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "Orders",
        "description": "",
        "config": json.dumps(graph),
        "default_params": '{"min_amount": 10}',
        "is_active": "on",
        "schedule": "",
        "timezone": "UTC",
        "tags": "sales, daily",
        "revisions-TOTAL_FORMS": "0",
        "revisions-INITIAL_FORMS": "0",
    }


def test_adding_a_pipeline_saves_and_deploys_it(
    browser: Client, form: dict[str, Any], queue: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(f"{LIST}add/", form)
    assert answer.status_code == 302
    pipeline = Pipeline.objects.get()
    assert pipeline.tags == ["sales", "daily"]
    assert pipeline.owner is not None
    assert pipeline.owner.username == "boss"
    assert queue.of("deploy_pipeline") == [[str(pipeline.pk)]]


def test_every_problem_is_shown_beside_its_field(
    browser: Client, form: dict[str, Any], graph: dict[str, Any]
) -> None:
    graph["nodes"][0]["module"] = "extract.nothing"
    graph["nodes"][2]["config"] = {}
    form |= {"config": json.dumps(graph), "schedule": "often", "default_params": '{"1": 2}'}
    answer = browser.post(f"{LIST}add/", form)
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert set(errors) == {"config", "schedule", "default_params"}
    assert {"read_orders", "write"} <= {
        node for node in ("read_orders", "keep_paid", "write") if node in str(errors["config"])
    }
    assert not Pipeline.objects.exists()


@pytest.mark.parametrize(
    "typed",
    ["{", "[" * 100_000, "", '{"nodes": [NaN], "edges": []}', "3", "9" * 5000],
)
def test_a_graph_that_cannot_be_read_is_an_error_of_its_field(
    browser: Client, form: dict[str, Any], typed: str
) -> None:
    answer = browser.post(f"{LIST}add/", form | {"config": typed})
    assert answer.status_code == 200
    assert "config" in answer.context["adminform"].form.errors


def test_what_was_typed_stays_when_it_is_wrong(browser: Client, form: dict[str, Any]) -> None:
    answer = browser.post(f"{LIST}add/", form | {"config": '{"nodes": oops'})
    assert "{&quot;nodes&quot;: oops" in text(answer)


def test_a_name_that_is_taken_is_said_once(
    browser: Client, form: dict[str, Any], pipeline: Pipeline
) -> None:
    answer = browser.post(f"{LIST}add/", form)
    assert len(answer.context["adminform"].form.errors["name"]) == 1


def test_changing_in_the_admin_makes_a_revision(
    browser: Client, form: dict[str, Any], pipeline: Pipeline
) -> None:
    answer = browser.post(page(pipeline), form | {"schedule": "@daily", "_continue": "1"})
    assert answer.status_code == 302
    pipeline.refresh_from_db()
    assert pipeline.schedule == "@daily"
    assert pipeline.revisions.count() == 2


def test_a_form_that_is_out_of_date_undoes_nothing(
    browser: Client, form: dict[str, Any], pipeline: Pipeline, save: Any
) -> None:
    opened = browser.get(page(pipeline)).context["adminform"].form
    form["seen"] = opened["seen"].value()
    save(Pipeline.objects.get(), description="by someone else")
    answer = browser.post(page(pipeline), form)
    shown, _, _ = text(answer).partition('id="console-editor"')
    assert shown.count("changed by someone else") == 1
    assert shown.index('id="form-problems"') < shown.index("changed by someone else")
    assert shown.index("changed by someone else") < shown.index('id="editor-conflict"')
    pipeline.refresh_from_db()
    assert pipeline.description == "by someone else"
    form["seen"] = pipeline.updated_at.isoformat()
    assert browser.post(page(pipeline), form).status_code == 302


def test_the_list_shows_deployment_and_last_execution_in_a_fixed_number_of_queries(
    browser: Client, save: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        pipeline = save(name=f"Orders {number}")
        browser.post(page(pipeline, "execute"), {"min_amount": "1"})
    with django_assert_max_num_queries(9):
        shown = text(browser.get(LIST))
    assert shown.count("badge-registering") == 5
    assert shown.count("badge-pending") == 5


def test_the_page_shows_status_reason_and_buttons(browser: Client, pipeline: Pipeline) -> None:
    Pipeline.objects.update(deployment_status="failed", deployment_error="<b>No</b> such thing")
    shown = text(browser.get(page(pipeline)))
    assert "badge-failed" in shown
    assert "&lt;b&gt;No&lt;/b&gt; such thing" in shown
    for name in ("execute", "code", "deploy", "deployment"):
        assert page(pipeline, name) in shown
    assert pipeline.dag_id in shown


def test_deploying_again_is_offered_only_where_a_deployment_failed(
    browser: Client, pipeline: Pipeline
) -> None:
    for status, offered in (("registering", False), ("ready", False), ("failed", True)):
        Pipeline.objects.update(deployment_status=status, deployment_error="No such thing.")
        shown = text(browser.get(page(pipeline, "deployment")))
        assert f"badge-{status}" in shown
        assert "No such thing." in shown
        assert ("Deploy again" in shown) is offered


def test_saving_says_whether_airflow_serves_it(
    browser: Client, form: dict[str, Any], pipeline: Pipeline
) -> None:
    def save(**changes: str) -> str:
        sent = form | changes | {"_continue": "1"}
        return text(browser.post(page(pipeline), sent, follow=True))

    shown = save(schedule="@daily")
    assert "Revision 2 is being registered with Airflow" in shown
    assert "Save and deploy" in shown
    Pipeline.objects.update(deployment_status="ready")
    assert "Airflow serves revision 2 already" in save(schedule="@daily")


def test_what_stands_against_saving_is_said_above_the_canvas(
    browser: Client, form: dict[str, Any], pipeline: Pipeline
) -> None:
    answer = browser.post(page(pipeline), form | {"schedule": "often", "config": "{"})
    shown = text(answer)
    banner, canvas = shown.index('id="form-problems"'), shown.index('id="console-editor"')
    assert banner < shown.index("is no cron expression") < canvas
    assert 'href="#id_schedule"' in shown[banner:canvas]
    assert 'id="form-problems"' not in text(browser.get(page(pipeline)))
    answer = browser.post(
        page(pipeline), form | {"schedule": "often"}, headers={"Accept-Language": "fr"}
    )
    assert '<a href="#id_schedule">Planification</a>\N{NO-BREAK SPACE}: La plan' in text(answer)


def test_a_pipeline_that_was_never_deployed_offers_to_deploy_it_and_nothing_else(
    browser: Client, graph: dict[str, Any]
) -> None:
    pipeline = services.begin_draft({"name": "Later", "config": graph}, user=None)
    shown = text(browser.get(page(pipeline)))
    assert "Not deployed yet" in shown
    assert page(pipeline, "execute") not in shown
    assert "Deploy again" not in shown
    asked = text(browser.get(page(pipeline, "execute")))
    assert "is not deployed yet" in asked
    assert "takes no parameters" not in asked


def test_who_may_only_look_reads_no_json(
    client: Client, save: Any, person: Callable[..., User]
) -> None:
    pipeline = save(tags=["nightly"])
    client.force_login(person("pipelines.view_pipeline"))
    form = client.get(page(pipeline)).context["adminform"]
    fields = [name for fieldset in form for line in fieldset for name in line.fields]
    assert {"name", "schedule", "labels"} <= set(fields)
    assert not {"config", "default_params", "param_specs", "tags"} & set(fields)


def test_the_dag_can_be_read(browser: Client, pipeline: Pipeline) -> None:
    assert "ETLOperator(" in text(browser.get(page(pipeline, "code")))


def test_the_bulk_action_executes_what_it_can_and_says_what_it_cannot(
    browser: Client, save: Any
) -> None:
    good, idle = save(name="Good"), save(name="Idle", is_active=False)
    answer = browser.post(
        LIST,
        {"action": "execute_selected", "_selected_action": [str(good.pk), str(idle.pk)]},
        follow=True,
    )
    assert PipelineExecution.objects.get().pipeline == good
    shown = text(answer)
    assert "Started 1 execution." in shown
    assert "is not active" in shown


def test_deploying_again_needs_a_post(
    browser: Client, pipeline: Pipeline, queue: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    Pipeline.objects.update(deployment_status="failed")
    browser.get(page(pipeline, "deploy"))
    pipeline.refresh_from_db()
    assert pipeline.deployment_status == "failed"
    queue.clear()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(page(pipeline, "deploy"))
    assert queue.of("deploy_pipeline") == [[str(pipeline.pk)]]


@pytest.mark.parametrize("way", ["page", "bulk"])
def test_deleting_waits_for_active_executions(
    browser: Client, pipeline: Pipeline, queue: Queue, way: str
) -> None:
    browser.post(page(pipeline, "execute"), {"min_amount": "1"})

    def delete() -> HttpResponse:
        if way == "page":
            return browser.post(page(pipeline, "delete"), {"post": "yes"}, follow=True)
        chosen = {"action": "delete_selected", "_selected_action": [str(pipeline.pk)]}
        return browser.post(LIST, {**chosen, "post": "yes"}, follow=True)

    shown = text(delete())
    assert "cannot be deleted" in shown
    assert "uccessfully" not in shown
    assert Pipeline.objects.exists()
    PipelineExecution.objects.update(status="failed")
    delete()
    assert not Pipeline.objects.exists()
    assert PipelineExecution.objects.exists()


def test_a_revision_can_be_looked_at_and_not_changed(browser: Client, pipeline: Pipeline) -> None:
    revision = pipeline.current_revision
    assert revision is not None
    address = f"/admin/pipelines/pipelinerevision/{revision.pk}/change/"
    assert "read_orders" in text(browser.get(address))
    assert browser.post(address, {"number": "9"}).status_code == 403


@pytest.mark.parametrize(
    ("name", "permission"),
    [
        ("execute", "pipelines.execute_pipeline"),
        ("code", "pipelines.view_pipeline"),
        ("deploy", "pipelines.change_pipeline"),
        ("deployment", "pipelines.view_pipeline"),
        ("change", "pipelines.view_pipeline"),
        ("delete", "pipelines.delete_pipeline"),
    ],
)
def test_each_page_needs_its_permission(
    pipeline: Pipeline, person: Callable[..., User], name: str, permission: str
) -> None:
    client = Client()
    assert client.get(page(pipeline, name)).status_code == 401
    assert client.post(page(pipeline, name)).status_code == 401
    client.force_login(person(username="stranger"))
    assert client.get(page(pipeline, name)).status_code == 403
    assert client.post(page(pipeline, name)).status_code == 403
    client.force_login(person(permission, username="allowed"))
    assert client.get(page(pipeline, name)).status_code != 403


def test_the_bulk_action_is_not_offered_without_the_permission(
    pipeline: Pipeline, person: Callable[..., User]
) -> None:
    client = Client()
    client.force_login(person("pipelines.view_pipeline"))
    assert "execute_selected" not in text(client.get(LIST))
    assert page(pipeline, "execute") not in text(client.get(page(pipeline)))
    client.post(LIST, {"action": "execute_selected", "_selected_action": [str(pipeline.pk)]})
    assert not PipelineExecution.objects.exists()


def test_the_execute_page_says_that_a_draft_does_not_run(
    browser: Client, pipeline: Pipeline
) -> None:
    assert "and not the draft" not in text(browser.get(page(pipeline, "execute")))
    services.save_draft(pipeline, {"description": "drawn"}, user=None)
    assert "Revision 1 runs, as it was deployed, and not the draft" in text(
        browser.get(page(pipeline, "execute"))
    )
