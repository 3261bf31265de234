"""What REST does with a pipeline, and tells of it: validate, execute, DAG, modules."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from executions.models import PipelineExecution
from pipelines.models import Pipeline
from tests.pipelines.conftest import URL

pytestmark = pytest.mark.usefixtures("surroundings")


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


def test_the_catalogue_lists_modules_with_the_schema_of_their_config(api: APIClient) -> None:
    modules = {module["key"]: module for module in api.get("/api/v1/modules").json()}
    assert modules["extract.csv"]["kind"] == "extract"
    assert "path" in modules["extract.csv"]["config_schema"]["properties"]
