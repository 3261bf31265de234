"""A pipeline as a file: exported, imported, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from pipelines.models import Pipeline
from tests.pipelines.conftest import URL, Save

pytestmark = pytest.mark.usefixtures("surroundings")


def exported(api: APIClient, pipeline: Pipeline) -> Any:
    answer = api.get(f"{URL}/{pipeline.pk}/export")
    assert answer.status_code == 200
    return answer.json()


def test_a_pipeline_comes_back_from_its_file_as_it_was(api: APIClient, save: Save) -> None:
    specs = {"min_amount": {"type": "number", "help": "Größe"}}
    pipeline = save(name="Größe & Co", schedule="@daily", timeout=60, tags=["a"], param_specs=specs)
    answer = api.get(f"{URL}/{pipeline.pk}/export")
    assert answer["Content-Disposition"] == 'attachment; filename="Gr-e-Co.json"'
    file = answer.json()
    assert (file["format"], file["version"]) == ("logidata-pipeline", 1)
    made = api.post(f"{URL}/import?name=Copy", file)
    assert made.status_code == 201
    assert made.json()["problems"] == []
    copy = Pipeline.objects.get(name="Copy")
    assert copy.current_revision is not None
    assert exported(api, copy) == {**file, "name": "Copy"}


def test_a_pipeline_with_problems_is_imported_as_a_draft(
    api: APIClient, pipeline: Pipeline
) -> None:
    file = {**exported(api, pipeline), "name": "Copy", "schedule": "often"}
    file["config"]["nodes"][0]["module"] = "extract.nothing"
    made = api.post(f"{URL}/import", file)
    assert made.status_code == 201
    assert {problem["field"] for problem in made.json()["problems"]} == {"schedule", "module"}
    assert made.json()["pipeline"]["deployment"]["status"] == "draft"
    copy = Pipeline.objects.get(name="Copy")
    assert api.get(f"{URL}/{copy.pk}/draft").json()["config"] == file["config"]


def test_a_good_pipeline_can_be_imported_as_a_draft_to_look_at_first(
    api: APIClient, pipeline: Pipeline
) -> None:
    made = api.post(f"{URL}/import?name=Copy&draft=true", exported(api, pipeline))
    assert made.json()["problems"] == []
    assert made.json()["pipeline"]["deployment"]["status"] == "draft"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"format": "something"}, "format"),
        ({"version": 2}, "version"),
        ({"confg": {}}, "confg"),
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "Copy", "config": 3}, "config"),
        ({"name": "Copy", "description": "\x00"}, "description"),
    ],
)
def test_what_no_draft_can_be_made_of_is_refused(
    api: APIClient, pipeline: Pipeline, change: dict[str, Any], field: str
) -> None:
    refused = api.post(f"{URL}/import", {**exported(api, pipeline), **change})
    assert refused.status_code == 400
    assert {error["field"] for error in refused.json()["errors"]} == {field}
    assert Pipeline.objects.count() == 1


@pytest.mark.parametrize("file", [[], "text", {}])
def test_a_file_without_a_pipeline_is_refused(api: APIClient, file: Any) -> None:
    assert api.post(f"{URL}/import", file).status_code == 400


def test_who_may_look_may_export_and_who_may_add_may_import(
    pipeline: Pipeline, api_as: Callable[..., APIClient], api: APIClient
) -> None:
    file = exported(api, pipeline)
    viewer = api_as("pipelines.view_pipeline")
    assert exported(viewer, pipeline) == file
    assert viewer.post(f"{URL}/import?name=Copy", file).status_code == 403
