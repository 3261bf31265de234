"""Pipelines over REST: made, read, changed, listed and deleted."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from executions.models import PipelineExecution
from pipelines.errors import PipelineChanged
from pipelines.models import Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import URL

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def body(graph: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Orders", "config": graph, "default_params": {"min_amount": 10}}


def test_creating_answers_with_the_pipeline_and_its_deployment(
    api: APIClient, body: dict[str, Any]
) -> None:
    answer = api.post(URL, body)
    assert answer.status_code == 201
    pipeline = Pipeline.objects.get()
    data = answer.json()
    assert data["id"] == str(pipeline.pk)
    assert data["config"] == body["config"]
    assert data["revision"] == 1
    assert data["owner"] == "root"
    assert data["deployment"]["status"] == "registering"
    assert data["timezone"] == "UTC"


def test_every_problem_is_in_the_answer_those_of_reading_included(
    api: APIClient, body: dict[str, Any]
) -> None:
    body |= {"is_active": "perhaps", "schedule": "often", "shedule": "@daily"}
    body["config"]["edges"].append({"source": "keep_paid", "target": "read_orders"})
    answer = api.post(URL, body)
    assert answer.status_code == 400
    data = answer.json()
    assert set(data) == {"type", "title", "detail", "errors"}
    assert data["type"] == "invalid-pipeline"
    found = {(error["node"], error["field"]) for error in data["errors"]}
    assert {(None, "is_active"), (None, "schedule"), (None, "shedule")} <= found
    assert any("cycle" in error["message"] for error in data["errors"])
    assert not Pipeline.objects.exists()


@pytest.mark.parametrize(
    "sent", ["[]", '"text"', "null", "{", '{"name": NaN}', "[" * 100_000, "9" * 5000]
)
def test_a_body_that_is_no_pipeline_is_a_400_in_the_error_shape(api: APIClient, sent: str) -> None:
    answer = api.post(URL, sent, content_type="application/json")
    assert answer.status_code == 400
    assert set(answer.json()) == {"type", "title", "detail", "errors"}


def test_changing_one_field_keeps_the_others(api: APIClient, pipeline: Pipeline) -> None:
    answer = api.patch(f"{URL}/{pipeline.pk}", {"schedule": "@daily"})
    assert answer.status_code == 200
    assert answer.json()["schedule"] == "@daily"
    assert answer.json()["revision"] == 2
    pipeline.refresh_from_db()
    assert len(pipeline.config["nodes"]) == 3


def test_two_people_who_change_different_fields_at_once_both_succeed(
    api: APIClient, pipeline: Pipeline, airflow: FakeAirflow, save: Any
) -> None:
    # Asked about names, when the pipeline is read already and not saved yet.
    airflow.after("pool_names", lambda: save(Pipeline.objects.get(), description="theirs"))
    answer = api.patch(f"{URL}/{pipeline.pk}", {"schedule": "@daily"})
    assert answer.status_code == 200
    pipeline.refresh_from_db()
    assert (pipeline.description, pipeline.schedule) == ("theirs", "@daily")


def test_a_pipeline_that_keeps_changing_is_a_409(
    api: APIClient, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PipelineChanged("Orders")

    monkeypatch.setattr("pipelines.services.save_pipeline", refuse)
    answer = api.patch(f"{URL}/{pipeline.pk}", {"schedule": "@daily"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "pipeline-changed"


def test_what_was_read_can_be_sent_back(api: APIClient, pipeline: Pipeline) -> None:
    read = api.get(f"{URL}/{pipeline.pk}").json()
    answer = api.put(f"{URL}/{pipeline.pk}", read)
    assert answer.status_code == 200
    assert answer.json()["revision"] == 1


def test_a_put_without_a_name_is_refused(api: APIClient, pipeline: Pipeline) -> None:
    answer = api.put(f"{URL}/{pipeline.pk}", {"description": "x"})
    assert [error["field"] for error in answer.json()["errors"]] == ["name"]


def test_addresses_work_with_and_without_a_trailing_slash(
    api: APIClient, body: dict[str, Any]
) -> None:
    made = api.post(f"{URL}/", body)
    assert made.status_code == 201
    for address in (f"{URL}/{made.json()['id']}", f"{URL}/{made.json()['id']}/", URL, f"{URL}/"):
        assert api.get(address).status_code == 200


def test_the_list_is_paged_searched_and_filtered(api: APIClient, save: Any) -> None:
    save(name="Orders")
    save(name="Customers", is_active=False)

    def names(query: str) -> list[str]:
        return [found["name"] for found in api.get(f"{URL}?{query}").json()["results"]]

    assert names("") == ["Customers", "Orders"]
    assert names("name=Orders") == ["Orders"]
    assert names("is_active=false") == ["Customers"]
    assert names("search=cust") == ["Customers"]
    assert names("ordering=-name") == ["Orders", "Customers"]
    assert names("page_size=1&page=2") == ["Orders"]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "name: This field is required. Send it."),
        ({"name": None}, "name: This field may not be null. Send a value."),
        (
            {"name": "x", "is_active": "so"},
            "is_active: Must be a valid boolean. GET /api",
        ),
    ],
)
def test_what_the_framework_finds_wrong_is_told_with_what_to_do(
    api: APIClient, sent: dict[str, Any], message: str
) -> None:
    errors = api.post(URL, sent).json()["errors"]
    assert [error for error in errors if error["message"].startswith(message)], errors


def test_a_pipeline_with_an_active_execution_is_not_deleted(
    api: APIClient, pipeline: Pipeline
) -> None:
    api.post(f"{URL}/{pipeline.pk}/execute", {})
    answer = api.delete(f"{URL}/{pipeline.pk}")
    assert answer.status_code == 409
    PipelineExecution.objects.update(status="success")
    assert api.delete(f"{URL}/{pipeline.pk}").status_code == 204
    assert PipelineExecution.objects.get().pipeline is None


@pytest.mark.parametrize("pk", ["1", "not-a-uuid", "6f1b3b0e-0000-4000-8000-000000000000"])
def test_an_address_without_a_pipeline_is_a_404(api: APIClient, db: None, pk: str) -> None:
    answer = api.get(f"{URL}/{pk}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "not-found"
