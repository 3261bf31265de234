"""Revisions over REST: listed, read, compared, restored."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from pipelines.models import Pipeline
from tests.pipelines.conftest import URL, Save

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def changed(save: Save, graph: dict[str, Any]) -> Pipeline:
    """A pipeline of three revisions."""
    pipeline = save()
    save(pipeline, default_params={"min_amount": 20}, schedule="@daily")
    graph["nodes"][1]["config"] = {"condition": "true"}
    graph["edges"][1]["target"] = "archive"
    graph["nodes"][2]["id"] = "archive"
    return save(pipeline, config=graph)


def test_revisions_are_listed_newest_first(api: APIClient, pipeline: Pipeline, save: Any) -> None:
    save(pipeline, description="new")
    found = api.get(f"{URL}/{pipeline.pk}/revisions").json()["results"]
    assert [(item["number"], item["snapshot"]["description"]) for item in found] == [
        (2, "new"),
        (1, ""),
    ]


def test_a_revision_can_be_read(api: APIClient, changed: Pipeline) -> None:
    for address in (
        f"{URL}/{changed.pk}/revisions/2",
        f"{URL}/{changed.pk}/revisions/2/",
    ):
        data = api.get(address).json()
        assert data["number"] == 2
        assert data["snapshot"]["schedule"] == "@daily"
        assert len(data["sha256"]) == 64


def test_the_difference_is_what_has_changed_since(api: APIClient, changed: Pipeline) -> None:
    assert api.get(f"{URL}/{changed.pk}/revisions/1/diff").json() == {
        "from_revision": 1,
        "to_revision": 3,
        "settings": [
            {"field": "schedule", "kind": "changed", "old": "", "new": "@daily"},
            {"field": "default_params.min_amount", "kind": "changed", "old": 10, "new": 20},
        ],
        "nodes": [
            {
                "node": "archive",
                "kind": "added",
                "module": "load.csv",
                "changes": [
                    {"field": "config.path", "kind": "added", "old": None, "new": "paid.csv"}
                ],
            },
            {
                "node": "keep_paid",
                "kind": "changed",
                "module": "transform.filter",
                "changes": [
                    {
                        "field": "config.condition",
                        "kind": "changed",
                        "old": "amount > {{ params.min_amount }}",
                        "new": "true",
                    }
                ],
            },
            {
                "node": "write",
                "kind": "removed",
                "module": "load.csv",
                "changes": [
                    {"field": "config.path", "kind": "removed", "old": "paid.csv", "new": None}
                ],
            },
        ],
        "edges": [
            {
                "kind": "added",
                "source": "keep_paid",
                "target": "archive",
                "port": None,
                "output": None,
            },
            {
                "kind": "removed",
                "source": "keep_paid",
                "target": "write",
                "port": None,
                "output": None,
            },
        ],
    }


def test_with_another_it_leads_from_this_one_to_that(api: APIClient, changed: Pipeline) -> None:
    data = api.get(f"{URL}/{changed.pk}/revisions/2/diff?with=1").json()
    assert (data["from_revision"], data["to_revision"]) == (2, 1)
    assert {change["field"]: change["new"] for change in data["settings"]} == {
        "schedule": "",
        "default_params.min_amount": 10,
    }
    assert data["nodes"] == data["edges"] == []
    same = api.get(f"{URL}/{changed.pk}/revisions/3/diff").json()
    assert same["settings"] == same["nodes"] == same["edges"] == []


@pytest.mark.parametrize("rest", ["9", "9/diff", "1/diff?with=9", "0", "9" * 19])
def test_a_revision_that_does_not_exist_is_a_404_that_says_which_do(
    api: APIClient, changed: Pipeline, rest: str
) -> None:
    answer = api.get(f"{URL}/{changed.pk}/revisions/{rest}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "unknown-revision"
    assert "up to 3" in answer.json()["detail"]


@pytest.mark.parametrize("rest", ["x", "9" * 5000, "-1", "1/x"])
def test_what_is_no_number_is_a_404(api: APIClient, changed: Pipeline, rest: str) -> None:
    answer = api.get(f"{URL}/{changed.pk}/revisions/{rest}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "not-found"


@pytest.mark.parametrize("other", ["x", "0", "-1", "1.5", "9" * 5000])
def test_another_that_is_no_number_is_an_error_of_that_field(
    api: APIClient, changed: Pipeline, other: str
) -> None:
    answer = api.get(f"{URL}/{changed.pk}/revisions/1/diff?with={other}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["with"]


def test_restoring_answers_with_the_new_revision_and_the_pipeline(
    api: APIClient, changed: Pipeline
) -> None:
    address = f"{URL}/{changed.pk}/revisions/1/restore"
    data = api.post(address, {}).json()
    assert (data["restored"], data["revision"], data["made"]) == (1, 4, True)
    assert data["pipeline"]["revision"] == 4
    assert data["pipeline"]["default_params"] == {"min_amount": 10}
    assert data["pipeline"]["schedule"] == "@daily"
    assert data["pipeline"]["deployment"]["status"] == "registering"
    again = api.post(address).json()
    assert (again["revision"], again["made"]) == (4, False)
    assert "stays the current one" in again["detail"]
    assert api.post(address, {"when": True}).json()["pipeline"]["schedule"] == ""


def test_what_cannot_be_restored_today_is_a_400_with_every_problem(
    api: APIClient, changed: Pipeline, save: Save
) -> None:
    save(changed, name="Sales")
    save(name="Orders")
    answer = api.post(f"{URL}/{changed.pk}/revisions/1/restore", {})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["name"]
    changed.refresh_from_db()
    assert changed.name == "Sales"


def test_what_someone_saves_meanwhile_is_a_409(
    api: APIClient, changed: Pipeline, save: Save, airflow: Any
) -> None:
    airflow.after("pool_names", lambda: save(Pipeline.objects.get(), description="theirs"))
    answer = api.post(f"{URL}/{changed.pk}/revisions/1/restore", {})
    assert answer.status_code == 409
    assert answer.json()["type"] == "pipeline-changed"
    changed.refresh_from_db()
    assert changed.default_params == {"min_amount": 20}


@pytest.mark.parametrize("sent", [{"wenn": True}, {"when": "perhaps"}])
def test_a_body_that_does_not_fit_restores_nothing(
    api: APIClient, changed: Pipeline, sent: dict[str, Any]
) -> None:
    answer = api.post(f"{URL}/{changed.pk}/revisions/1/restore", sent)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == list(sent)
    assert changed.revisions.count() == 3
