"""Running an execution again over REST and in the admin: who may, and what is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from executions import services
from executions.models import PipelineExecution
from pipelines.models import Pipeline
from tests.executions.conftest import GRAPH, SHORTER, again, key, revise
from tests.fake_airflow import FakeAirflow

VIEW, EXECUTE = "view_pipelineexecution", "execute_pipeline"


@pytest.fixture
def failed(running: PipelineExecution, airflow: FakeAirflow) -> PipelineExecution:
    airflow.fail(*key(running), "read", {"message": "no such file"})
    services.sync_active()
    return again(running)


@pytest.fixture
def operator(api: APIClient, permit: Callable[..., None]) -> APIClient:
    permit(VIEW, EXECUTE)
    return api


@pytest.fixture
def admin_operator(client: Client, user: Any, permit: Callable[..., None]) -> Client:
    permit(VIEW, EXECUTE, "view_pipeline")
    client.force_login(user)
    return client


def url(execution: PipelineExecution, action: str) -> str:
    return f"/api/v1/executions/{execution.pk}/{action}"


@pytest.mark.parametrize("action", ["retry", "run-again"])
def test_who_may_not_execute_may_not_run_again(
    failed: PipelineExecution, api: APIClient, permit: Callable[..., None], action: str
) -> None:
    permit(VIEW)
    assert APIClient().post(url(failed, action)).status_code == 401
    assert api.post(url(failed, action)).status_code == 403
    assert again(failed).status == "failed"


def test_a_retry_answers_with_the_attempt_and_its_nodes(
    failed: PipelineExecution, operator: APIClient, user: Any
) -> None:
    answer = operator.post(url(failed, "retry"))
    assert (answer.status_code, answer.json()) == (
        202,
        {
            "execution_id": str(failed.pk),
            "status": "pending",
            "attempt": 2,
            "nodes": ["read", "keep", "write"],
            "warnings": [],
        },
    )
    first, second = operator.get(url(failed, "")).json()["attempts"]
    assert (first["status"], second["status"]) == ("failed", "pending")
    assert second["requested_by"] == user.username
    assert {node["status"] for node in first["nodes"]} == {"failed", "skipped"}


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"nodes": ["nowhere"]}, 404, "unknown-node"),
        ({"nodes": []}, 400, "invalid"),
        ({"node": "read"}, 400, "invalid"),
        ({"nodes": ["write"]}, 409, "not-retryable"),
    ],
)
def test_a_retry_that_cannot_be_is_refused(
    failed: PipelineExecution, operator: APIClient, body: Any, status: int, kind: str
) -> None:
    answer = operator.post(url(failed, "retry"), body, format="json")
    assert (answer.status_code, answer.json()["type"]) == (status, kind)
    assert again(failed).status == "failed"


def test_what_still_runs_is_not_retried(running: PipelineExecution, operator: APIClient) -> None:
    answer = operator.post(url(running, "retry"))
    assert answer.status_code == 409
    assert "still running" in answer.json()["detail"]


def test_running_again_takes_the_params_and_the_revision_along(
    pipeline: Pipeline, operator: APIClient
) -> None:
    first = services.start_execution(pipeline, params={"min_amount": 3})
    revise(pipeline, name="renamed")
    started = operator.post(url(first, "run-again")).json()
    execution = PipelineExecution.objects.get(pk=started["execution_id"])
    assert execution.pk != first.pk
    assert execution.params == {"min_amount": 3}
    assert execution.revision == first.revision
    assert execution.trigger_type == "api"


def test_running_again_with_other_params_and_another_revision(
    pipeline: Pipeline, operator: APIClient
) -> None:
    first = services.start_execution(pipeline, params={"min_amount": 3})
    revise(pipeline, name="renamed")
    body = {"params": {"min_amount": 5}, "revision": 2, "trigger_type": "manual"}
    started = operator.post(url(first, "run-again"), body, format="json").json()
    execution = PipelineExecution.objects.get(pk=started["execution_id"])
    assert execution.params == {"min_amount": 5}
    assert execution.revision is not None
    assert execution.revision.number == 2
    assert execution.trigger_type == "manual"


def test_a_revision_that_is_not_there_is_refused(pipeline: Pipeline, operator: APIClient) -> None:
    first = services.start_execution(pipeline)
    missing = operator.post(url(first, "run-again"), {"revision": 7}, format="json")
    assert (missing.status_code, missing.json()["type"]) == (404, "unknown-revision")


def test_a_revision_with_a_watermark_and_other_nodes_is_refused(
    make_pipeline: Callable[..., Pipeline], operator: APIClient
) -> None:
    read, *others = GRAPH["nodes"]
    pipeline = make_pipeline(
        name="marked",
        graph=GRAPH | {"nodes": [read | {"watermark": {"column": "order_id"}}, *others]},
    )
    first = services.start_execution(pipeline)
    revise(pipeline, config=SHORTER)
    other = operator.post(url(first, "run-again"), format="json")
    assert (other.status_code, other.json()["type"]) == (409, "revision-not-served")
    assert "Restore revision 1" in other.json()["detail"]


def test_the_button_retries_and_the_page_lists_the_attempts(
    failed: PipelineExecution, admin_operator: Client
) -> None:
    page = reverse("admin:executions_pipelineexecution_change", args=[failed.pk])
    retry = reverse("admin:executions_pipelineexecution_retry", args=[failed.pk])
    assert retry in admin_operator.get(page).content.decode()
    shown = admin_operator.post(retry, follow=True).content.decode()
    assert "Runs again: read, keep, write." in shown
    assert ">Attempts</h2>" in shown
    assert "no such file" in shown
    assert again(failed).attempt == 2


def test_a_node_has_a_button_of_its_own(failed: PipelineExecution, admin_operator: Client) -> None:
    retry = reverse("admin:executions_pipelineexecution_retry", args=[failed.pk])
    shown = admin_operator.post(retry, {"node": "write"}, follow=True).content.decode()
    assert "needs the output of &#x27;keep&#x27;" in shown
    admin_operator.post(retry, {"node": "read"})
    assert again(failed).attempt_nodes == ["keep", "read", "write"]


def test_who_may_not_execute_sees_no_buttons(
    failed: PipelineExecution, client: Client, user: Any, permit: Callable[..., None]
) -> None:
    permit(VIEW)
    client.force_login(user)
    page = reverse("admin:executions_pipelineexecution_change", args=[failed.pk])
    retry = reverse("admin:executions_pipelineexecution_retry", args=[failed.pk])
    assert retry not in client.get(page).content.decode()
    assert client.post(retry).status_code == 403


def test_run_again_fills_in_what_the_execution_was_given(
    pipeline: Pipeline, admin_operator: Client
) -> None:
    first = services.start_execution(pipeline, params={"min_amount": 3})
    revise(pipeline, default_params={"min_amount": 20})
    page = reverse("admin:pipelines_pipeline_execute", args=[pipeline.pk])
    address = f"{page}?again={first.pk}&revision=1"
    shown = admin_operator.get(address).content.decode()
    assert 'value="3"' in shown
    assert "Execute revision 1</button>" in shown
    admin_operator.post(address, {"min_amount": "4"})
    newest = PipelineExecution.objects.order_by("-created_at").first()
    assert newest is not None
    assert (newest.params, newest.revision) == ({"min_amount": 4}, first.revision)
