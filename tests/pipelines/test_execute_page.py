"""The page that executes a pipeline: its params as fields, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from executions.models import PipelineExecution
from pipelines.models import Pipeline
from tests.pipelines.admin_pages import page, text

pytestmark = pytest.mark.usefixtures("surroundings")


def test_the_execute_page_has_a_field_for_every_param(browser: Client, save: Any) -> None:
    defaults = {"min_amount": 10, "label": "a", "strict": True, "only": ["x"]}
    pipeline = save(default_params=defaults)
    fields = browser.get(page(pipeline, "execute")).context["form"].fields
    assert {name: field.initial for name, field in fields.items()} == defaults


def test_executing_takes_the_params_with_their_types(browser: Client, save: Any) -> None:
    pipeline = save(default_params={"min_amount": 10, "label": "a", "strict": True, "only": []})
    answer = browser.post(
        page(pipeline, "execute"), {"min_amount": "2.5", "label": " b ", "only": '["x"]'}
    )
    execution = PipelineExecution.objects.get()
    assert execution.params == {"min_amount": 2.5, "label": " b ", "strict": False, "only": ["x"]}
    assert execution.trigger_type == "manual"
    assert execution.triggered_by is not None
    assert answer["Location"] == f"/admin/executions/pipelineexecution/{execution.pk}/change/"


def test_a_number_or_json_field_left_empty_takes_the_default(browser: Client, save: Any) -> None:
    pipeline = save(default_params={"min_amount": 10, "label": "a", "only": ["x"]})
    browser.post(page(pipeline, "execute"), {"min_amount": "", "label": "", "only": ""})
    assert PipelineExecution.objects.get().params == {
        "min_amount": 10,
        "label": "",
        "only": ["x"],
    }


def test_null_can_be_given_where_the_default_is_json(browser: Client, save: Any) -> None:
    pipeline = save(default_params={"min_amount": 10, "only": ["x"]})
    browser.post(page(pipeline, "execute"), {"min_amount": "1", "only": "null"})
    assert PipelineExecution.objects.get().params == {"min_amount": 1, "only": None}


@pytest.mark.parametrize("typed", ["9" * 400, "9" * 5000, "1e999", "nan"])
def test_a_number_beyond_all_bounds_is_an_error_of_its_field(
    browser: Client, pipeline: Pipeline, typed: str
) -> None:
    answer = browser.post(page(pipeline, "execute"), {"min_amount": typed})
    assert answer.status_code == 200
    assert "min_amount" in answer.context["form"].errors


def test_a_param_without_default_must_be_given(browser: Client, save: Any) -> None:
    pipeline = save(default_params={})
    answer = browser.post(page(pipeline, "execute"), {"min_amount": ""})
    assert "min_amount" in answer.context["form"].errors
    assert not PipelineExecution.objects.exists()
    browser.post(page(pipeline, "execute"), {"min_amount": "7"})
    assert PipelineExecution.objects.get().params == {"min_amount": 7}


def test_a_refused_execution_says_why_on_the_form(browser: Client, save: Any) -> None:
    pipeline = save(is_active=False)
    answer = browser.post(page(pipeline, "execute"), {"min_amount": "1"})
    assert answer.status_code == 200
    assert "is not active" in text(answer)
