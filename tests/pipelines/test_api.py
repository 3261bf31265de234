"""Pipelines over REST: what is asked, what is answered, who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from executions.models import PipelineExecution
from pipelines.errors import PipelineChanged
from pipelines.models import Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import Queue

URL = "/api/v1/pipelines"
Sign = Callable[..., APIClient]


@pytest.fixture(autouse=True)
def surroundings(airflow: FakeAirflow, queue: Queue, dags_dir: Any) -> None:
    """No test here reaches a worker or an Airflow."""


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


def test_a_choice_that_is_none_is_told_with_where_the_choices_are(
    api: APIClient, pipeline: Pipeline
) -> None:
    answer = api.post(f"{URL}/{pipeline.pk}/execute", {"trigger_type": "scheduled"})
    [error] = answer.json()["errors"]
    assert error["message"] == (
        '"scheduled" is not a valid choice. Choose one that GET /api/v1/schema lists.'
    )


def test_validating_reports_what_saving_would_and_saves_nothing(
    api: APIClient, pipeline: Pipeline
) -> None:
    address = f"{URL}/{pipeline.pk}/validate"
    assert api.post(address).json() == {"valid": True, "errors": []}
    answer = api.post(address, {"timezone": "Nowhere", "default_params": {}, "schedule": "@daily"})
    assert answer.status_code == 200
    assert answer.json()["valid"] is False
    assert {error["field"] for error in answer.json()["errors"]} == {"timezone", "default_params"}
    pipeline.refresh_from_db()
    assert pipeline.timezone == "UTC"


def test_executing_answers_202_with_the_ids(api: APIClient, pipeline: Pipeline) -> None:
    answer = api.post(
        f"{URL}/{pipeline.pk}/execute", {"params": {"min_amount": 3}, "trigger_type": "manual"}
    )
    assert answer.status_code == 202
    execution = PipelineExecution.objects.get()
    assert answer.json() == {
        "task_id": execution.celery_task_id,
        "execution_id": str(execution.pk),
        "status": "pending",
    }
    assert execution.params == {"min_amount": 3}
    assert execution.trigger_type == "manual"


@pytest.mark.parametrize(
    "sent",
    [{"params": []}, {"params": {"unknown": 1}}, {"trigger_type": "scheduled"}, {"params": None}],
)
def test_executing_with_what_does_not_fit_starts_nothing(
    api: APIClient, pipeline: Pipeline, sent: dict[str, Any]
) -> None:
    answer = api.post(f"{URL}/{pipeline.pk}/execute", sent)
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert not PipelineExecution.objects.exists()


def test_a_misspelt_key_is_refused_by_name_rather_than_run_with_the_defaults(
    api: APIClient, pipeline: Pipeline
) -> None:
    answer = api.post(
        f"{URL}/{pipeline.pk}/execute", {"parms": {"min_amount": 3}, "trigger_type": "x"}
    )
    assert answer.status_code == 400
    errors = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert set(errors) == {"parms", "trigger_type"}
    assert "the fields are: params, trigger_type" in errors["parms"]
    assert not PipelineExecution.objects.exists()


def test_the_browsable_apis_form_starts_an_execution(api: APIClient, pipeline: Pipeline) -> None:
    answer = api.post(
        f"{URL}/{pipeline.pk}/execute",
        {"params": "{}", "trigger_type": "api", "csrfmiddlewaretoken": "x"},
        format="multipart",
        HTTP_ACCEPT="text/html",
    )
    assert answer.status_code == 202


def test_a_pipeline_that_is_not_active_is_not_executed(api: APIClient, save: Any) -> None:
    pipeline = save(is_active=False)
    answer = api.post(f"{URL}/{pipeline.pk}/execute", {})
    assert answer.status_code == 409
    assert "active" in answer.json()["detail"]


def test_the_generated_dag_is_plain_text_for_a_terminal_and_json_where_asked(
    api: APIClient, pipeline: Pipeline
) -> None:
    address = f"{URL}/{pipeline.pk}/dag"
    answer = api.get(address)
    assert answer["Content-Type"].startswith("text/plain")
    assert "ETLOperator(" in answer.content.decode()
    assert api.get(address, HTTP_ACCEPT="application/json").json()["code"] == (
        answer.content.decode()
    )


def test_revisions_are_listed_newest_first(api: APIClient, pipeline: Pipeline, save: Any) -> None:
    save(pipeline, description="new")
    found = api.get(f"{URL}/{pipeline.pk}/revisions").json()["results"]
    assert [(item["number"], item["snapshot"]["description"]) for item in found] == [
        (2, "new"),
        (1, ""),
    ]


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


def test_the_catalogue_lists_modules_with_the_schema_of_their_config(api: APIClient) -> None:
    modules = {module["key"]: module for module in api.get("/api/v1/modules").json()}
    assert modules["extract.csv"]["kind"] == "extract"
    assert "path" in modules["extract.csv"]["config_schema"]["properties"]


def calls(pipeline: Pipeline) -> list[tuple[str, str, str]]:
    """Return (method, address, the permission that it needs) for all that pipelines offer."""
    one = f"{URL}/{pipeline.pk}"
    return [
        ("get", URL, "pipelines.view_pipeline"),
        ("post", URL, "pipelines.add_pipeline"),
        ("get", one, "pipelines.view_pipeline"),
        ("put", one, "pipelines.change_pipeline"),
        ("patch", one, "pipelines.change_pipeline"),
        ("delete", one, "pipelines.delete_pipeline"),
        ("post", f"{one}/validate", "pipelines.view_pipeline"),
        ("post", f"{one}/execute", "pipelines.execute_pipeline"),
        ("get", f"{one}/dag", "pipelines.view_pipeline"),
        ("get", f"{one}/revisions", "pipelines.view_pipeline"),
    ]


def test_anonymous_requests_get_401_everywhere(pipeline: Pipeline) -> None:
    for method, address, _ in [*calls(pipeline), ("get", "/api/v1/modules", "")]:
        answer = getattr(APIClient(), method)(address)
        assert answer.status_code == 401, address
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer.json()["type"] == "not-authenticated"


def test_users_without_the_permission_get_403_everywhere(pipeline: Pipeline, api_as: Sign) -> None:
    client = api_as()
    for method, address, _ in calls(pipeline):
        answer = getattr(client, method)(address, HTTP_ACCEPT="application/json")
        assert answer.status_code == 403, address
        assert answer.json()["type"] == "permission-denied"


@pytest.mark.parametrize("number", range(10))
def test_that_one_permission_is_enough(pipeline: Pipeline, api_as: Sign, number: int) -> None:
    method, address, permission = calls(pipeline)[number]
    answer = getattr(api_as(permission), method)(address, {}, HTTP_ACCEPT="application/json")
    assert answer.status_code not in {401, 403}


def test_the_browsable_api_draws_a_form(api: APIClient, pipeline: Pipeline) -> None:
    for address in (URL, f"{URL}/{pipeline.pk}", f"{URL}/{pipeline.pk}/execute", "/api/v1"):
        page = api.get(address, HTTP_ACCEPT="text/html")
        assert page.status_code in {200, 405}
        assert "text/html" in page["Content-Type"]


def test_the_browsable_apis_form_can_be_sent(api: APIClient, graph: dict[str, Any]) -> None:
    import json

    answer = api.post(
        URL,
        {
            "name": "By form",
            "config": json.dumps(graph),
            "default_params": '{"min_amount": 1}',
            "tags": "[]",
            "schedule": "",
            "timezone": "UTC",
            "is_active": "true",
            "csrfmiddlewaretoken": "x",
        },
        format="multipart",
        HTTP_ACCEPT="text/html",
    )
    assert answer.status_code == 201
    assert Pipeline.objects.get().config == graph
