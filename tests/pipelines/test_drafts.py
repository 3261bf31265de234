"""Drafts: what is drawn is kept without being deployed, and two people do not undo each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from pipelines import services
from pipelines.errors import PipelineGone
from pipelines.models import Pipeline, PipelineDraft
from tests.pipelines.conftest import URL, Queue, Save

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def bea(person: Callable[..., User]) -> APIClient:
    client = APIClient()
    client.force_authenticate(
        person("pipelines.change_pipeline", "pipelines.view_pipeline", username="bea")
    )
    return client


def put(api: APIClient, pipeline: Pipeline, status: int = 200, **body: Any) -> Any:
    answer = api.put(f"{URL}/{pipeline.pk}/draft", body)
    assert answer.status_code == status, answer.json()
    return answer.json()


def test_a_draft_is_kept_with_its_problems_and_changes_nothing_that_runs(
    api: APIClient, pipeline: Pipeline, queue: Queue
) -> None:
    queue.clear()
    unfinished = {"nodes": [{"id": "a b", "module": "extract.nothing"}], "edges": []}
    kept = put(api, pipeline, config=unfinished, default_params={}, schedule="often")
    assert (kept["config"], kept["schedule"], kept["by"]) == (unfinished, "often", "root")
    assert kept["revision"] == 1
    assert api.get(f"{URL}/{pipeline.pk}/draft").json() == kept
    pipeline.refresh_from_db()
    assert pipeline.schedule == ""
    assert pipeline.revisions.count() == 1
    assert queue == []
    told = api.get(f"{URL}/{pipeline.pk}").json()
    assert told["draft"]["by"] == "root"
    assert told["updated_by"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"config": {"nodes": ["\x00"]}}, "config"),
        ({"config": []}, "config"),
        ({"confg": {}}, "confg"),
        ({"name": {"a": 1}}, "name"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    api: APIClient, pipeline: Pipeline, body: Any, field: str
) -> None:
    refused = put(api, pipeline, 400, **body)
    assert [error["field"] for error in refused["errors"]] == [field]
    assert not PipelineDraft.objects.exists()


def test_the_second_who_saves_a_draft_is_told_who_when_and_what(
    api: APIClient, bea: APIClient, pipeline: Pipeline, graph: dict[str, Any]
) -> None:
    seen = pipeline.updated_at.isoformat()
    graph["nodes"][1]["config"]["condition"] = "amount > 5"
    theirs = put(bea, pipeline, config=graph, seen=seen)
    graph["nodes"][1]["config"]["condition"] = "amount > 6"
    refused = put(api, pipeline, 409, config=graph, seen=seen)
    assert refused["type"] == "pipeline-changed"
    assert "changed by bea" in refused["detail"]
    assert (refused["by"], refused["at"]) == ("bea", theirs["at"])
    assert refused["draft"]["config"] == theirs["config"]
    assert refused["diff"]["nodes"] == [
        {
            "node": "keep_paid",
            "kind": "changed",
            "module": "transform.filter",
            "changes": [
                {
                    "field": "config.condition",
                    "kind": "changed",
                    "old": "amount > 5",
                    "new": "amount > 6",
                }
            ],
        }
    ]
    mine = put(api, pipeline, config=graph, seen=refused["at"])
    assert mine["by"] == "root"
    put(bea, pipeline, 409, config=graph, seen=theirs["at"])


def test_a_pipeline_that_was_saved_meanwhile_is_a_conflict_too(
    api: APIClient, bea: APIClient, pipeline: Pipeline, graph: dict[str, Any]
) -> None:
    seen = pipeline.updated_at.isoformat()
    assert bea.patch(f"{URL}/{pipeline.pk}", {"description": "theirs"}).status_code == 200
    refused = put(api, pipeline, 409, config=graph, description="mine", seen=seen)
    assert refused["by"] == "bea"
    assert refused["pipeline"]["description"] == "theirs"
    assert [change["field"] for change in refused["diff"]["settings"]] == ["description"]


def test_a_conflict_between_unreadable_graphs_is_told_all_the_same(
    api: APIClient, bea: APIClient, pipeline: Pipeline
) -> None:
    seen = pipeline.updated_at.isoformat()
    put(bea, pipeline, config={"nodes": [{"id": 3}, 7], "edges": "x"}, seen=seen)
    refused = put(api, pipeline, 409, config={"nodes": {}}, tags="a", seen=seen)
    assert refused["by"] == "bea"


def test_a_draft_can_be_discarded(api: APIClient, pipeline: Pipeline) -> None:
    put(api, pipeline, description="drawn")
    address = f"{URL}/{pipeline.pk}/draft"
    assert api.delete(address).status_code == 204
    assert api.delete(address).status_code == 404
    assert api.get(address).json()["type"] == "no-draft"
    assert api.get(f"{URL}/{pipeline.pk}").json()["draft"] is None


def test_a_draft_that_somebody_has_saved_since_is_not_discarded(
    api: APIClient, bea: APIClient, pipeline: Pipeline
) -> None:
    mine = put(api, pipeline, description="mine")
    theirs = put(bea, pipeline, description="theirs", seen=mine["at"])
    address = f"{URL}/{pipeline.pk}/draft"
    refused = api.delete(f"{address}?{urlencode({'seen': mine['at']})}")
    assert refused.status_code == 409
    assert "changed by bea" in refused.json()["detail"]
    assert api.get(address).json()["description"] == "theirs"
    assert api.delete(f"{address}?{urlencode({'seen': theirs['at']})}").status_code == 204
    assert api.delete(f"{address}?seen=yesterday").status_code == 400


def test_a_draft_of_a_pipeline_that_was_deleted_meanwhile_cannot_be_kept(
    api: APIClient, pipeline: Pipeline
) -> None:
    known = Pipeline.objects.get(pk=pipeline.pk)
    pipeline.delete()
    with pytest.raises(PipelineGone):
        services.save_draft(known, {"description": "late"}, user=None)
    address = f"{URL}/{known.pk}/draft"
    assert api.put(address, {"description": "late"}).status_code == 404
    assert api.delete(address).status_code == 404


def test_deploying_a_draft_makes_a_revision_and_the_draft_is_gone(
    api: APIClient, pipeline: Pipeline, graph: dict[str, Any]
) -> None:
    graph["nodes"][1]["config"]["condition"] = "amount > 5"
    kept = put(api, pipeline, config=graph, schedule="@daily")
    done = api.post(f"{URL}/{pipeline.pk}/draft/deploy", {"seen": kept["at"]})
    assert done.status_code == 200
    assert (done.json()["revision"], done.json()["schedule"]) == (2, "@daily")
    assert done.json()["draft"] is None
    assert not PipelineDraft.objects.exists()
    assert api.post(f"{URL}/{pipeline.pk}/draft/deploy", {}).status_code == 404


def test_a_draft_with_problems_is_not_deployed_and_stays(
    api: APIClient, pipeline: Pipeline
) -> None:
    put(api, pipeline, schedule="often")
    refused = api.post(f"{URL}/{pipeline.pk}/draft/deploy", {})
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == ["schedule"]
    assert PipelineDraft.objects.exists()


def test_a_draft_that_was_saved_since_is_not_deployed(
    api: APIClient, bea: APIClient, pipeline: Pipeline
) -> None:
    kept = put(api, pipeline, description="mine")
    put(bea, pipeline, description="theirs", seen=kept["at"])
    refused = api.post(f"{URL}/{pipeline.pk}/draft/deploy", {"seen": kept["at"]})
    assert refused.status_code == 409
    assert refused.json()["by"] == "bea"


def test_saving_by_the_api_leaves_a_draft_where_it_is(api: APIClient, pipeline: Pipeline) -> None:
    put(api, pipeline, description="drawn")
    changed = api.patch(f"{URL}/{pipeline.pk}", {"is_active": False}).json()
    assert changed["draft"]["by"] == "root"


def test_a_new_pipeline_begins_as_a_draft_of_which_airflow_knows_nothing(
    api: APIClient, queue: Queue
) -> None:
    body = {"name": "Later", "config": {"nodes": [], "edges": []}, "default_params": {"a": 1}}
    made = api.post(f"{URL}/drafts", body)
    assert made.status_code == 201
    data = made.json()
    assert (data["deployment"]["status"], data["revision"]) == ("draft", None)
    assert data["draft"]["by"] == data["owner"] == "root"
    assert queue == []
    pipeline = Pipeline.objects.get()
    assert api.get(f"{URL}/{pipeline.pk}/draft").json()["default_params"] == {"a": 1}
    refused = api.post(f"{URL}/{pipeline.pk}/execute", {})
    assert (refused.status_code, refused.json()["type"]) == (409, "pipeline-without-revision")


def test_the_first_deployment_of_a_draft(api: APIClient, graph: dict[str, Any]) -> None:
    made = api.post(f"{URL}/drafts", {"name": "Later", "config": graph}).json()
    done = api.post(f"{URL}/{made['id']}/draft/deploy", {})
    assert done.status_code == 200
    assert (done.json()["revision"], done.json()["name"]) == (1, "Later")


@pytest.mark.parametrize("body", [{}, {"name": " "}, {"name": "Orders"}, {"name": 3, "x": 1}])
def test_a_draft_of_a_new_pipeline_needs_a_name_of_its_own(
    api: APIClient, pipeline: Pipeline, body: dict[str, Any]
) -> None:
    refused = api.post(f"{URL}/drafts", {"config": pipeline.config, **body})
    if body == {"name": 3, "x": 1}:
        assert [error["field"] for error in refused.json()["errors"]] == ["x"]
    else:
        assert [error["field"] for error in refused.json()["errors"]] == ["name"]
    assert refused.status_code == 400
    assert Pipeline.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "permission", "status"),
    [
        ("get", "view_pipeline", 404),
        ("put", "view_pipeline", 403),
        ("put", "change_pipeline", 200),
        ("delete", "view_pipeline", 403),
        ("delete", "delete_pipeline", 403),
        ("delete", "change_pipeline", 404),
    ],
)
def test_who_may_do_what_with_a_draft(
    pipeline: Pipeline,
    api_as: Callable[..., APIClient],
    method: str,
    permission: str,
    status: int,
) -> None:
    client = api_as(f"pipelines.{permission}")
    answer = getattr(client, method)(f"{URL}/{pipeline.pk}/draft", {"description": "a"})
    assert answer.status_code == status


def test_beginning_a_draft_needs_the_permission_to_add(
    pipeline: Pipeline, api_as: Callable[..., APIClient]
) -> None:
    body = {"name": "Later"}
    assert api_as("pipelines.change_pipeline").post(f"{URL}/drafts", body).status_code == 403


def test_a_pipeline_with_a_draft_can_be_deleted(api: APIClient, pipeline: Pipeline) -> None:
    put(api, pipeline, description="drawn")
    assert api.delete(f"{URL}/{pipeline.pk}").status_code == 204
    assert not PipelineDraft.objects.exists()


def test_the_list_of_pipelines_costs_no_query_a_draft(
    api: APIClient, save: Save, django_assert_num_queries: Any
) -> None:
    for name in ("One", "Two", "Three"):
        put(api, save(name=name), description="drawn")
    with django_assert_num_queries(2):
        assert len(api.get(URL).json()["results"]) == 3
