"""Types of parameters: what a spec may say, which values fit, and the form that asks for them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from executions.models import PipelineExecution
from pipelines.errors import InvalidPipeline
from pipelines.models import Pipeline
from pipelines.services import required_params
from pipelines.services.params import spec_problems, value_problem
from pipelines.services.snapshots import hash_of, snapshot_of
from tests.pipelines.conftest import URL, Save

REGION = {"type": "enum", "choices": ["eu", "us", 7], "help": "Where it was sold."}
SPECS: dict[str, Any] = {
    "min_amount": {"type": "number", "min": 0, "max": 100, "help": "Smaller ones are left out."},
    "region": REGION,
    "since": {"type": "date", "required": True, "min": "2024-01-01"},
    "until": {"type": "datetime"},
    "strict": {"type": "boolean"},
    "top": {"type": "integer", "min": 1},
    "label": {"type": "string"},
    "only": {"type": "json"},
}


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        ({"type": "string"}, ["", "a"], [1, True, [], {}]),
        ({"type": "integer", "min": 1, "max": 3}, [1, 3], [0, 4, 1.5, "2", True]),
        ({"type": "number", "min": 0.5}, [0.5, 7], [0, "1", False]),
        ({"type": "boolean"}, [True, False], [0, "true"]),
        ({"type": "date", "max": "2024-05-31"}, ["2024-05-31"], ["2024-06-01", "31.5.2024", 3]),
        (
            {"type": "datetime", "min": "2024-05-31T06:00"},
            ["2024-05-31T06:00:00", "2024-05-31T08:00:00+02:00"],
            ["2024-05-31T07:59:00+02:00", "2024-05-31", "now", 1],
        ),
        ({"type": "enum", "choices": ["a", 1]}, ["a", 1], ["b", 2, "1", True, 1.0, ["a"]]),
        ({"type": "json"}, [1, "a", [1], {"b": 2}], []),
    ],
)
def test_a_value_fits_its_type_or_is_refused_with_what_would(
    spec: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    assert list(spec_problems({"p": spec})) == []
    assert [value_problem(spec, value) for value in good] == [None] * len(good)
    for value in bad:
        said = value_problem(spec, value)
        assert said is not None, value
        assert "Give it" in said


def test_null_fits_what_is_not_required() -> None:
    assert value_problem({"type": "number"}, None) is None
    assert value_problem({"type": "number", "required": True}, None) is not None


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        ([], "no object"),
        ({"1a": {"type": "string"}}, "no identifier"),
        ({"items": {"type": "string"}}, "another meaning"),
        ({"p": "string"}, "no object"),
        ({"p": {}}, "its type is none of"),
        ({"p": {"type": ["string"]}}, "its type is none of"),
        ({"p": {"type": "string", "default": 1}}, "'default' is nothing"),
        ({"p": {"type": "string", "help": 3}}, "help"),
        ({"p": {"type": "string", "required": 1}}, "'required' must be"),
        ({"p": {"type": "enum"}}, "needs its choices"),
        ({"p": {"type": "enum", "choices": [1, 1]}}, "twice"),
        ({"p": {"type": "enum", "choices": [[1]]}}, "choices must be"),
        ({"p": {"type": "string", "choices": ["a"]}}, "are for the type enum"),
        ({"p": {"type": "string", "min": 1}}, "is for numbers"),
        ({"p": {"type": "date", "min": "soon"}}, "'min' must be a date"),
        ({"p": {"type": "integer", "min": 3, "max": 1}}, "is larger than 'max'"),
    ],
)
def test_a_bad_spec_is_explained(specs: Any, said: str) -> None:
    problems = list(spec_problems(specs))
    assert len(problems) == 1
    assert said in problems[0]
    assert problems[0].endswith(".")


def test_a_default_must_fit_its_type(save: Save) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        save(param_specs=SPECS, default_params={"min_amount": "10", "region": "eu"})
    (problem,) = caught.value.errors
    assert problem.field == "default_params.min_amount"
    assert "Give it a number" in problem.message


def test_without_specs_a_revisions_hash_is_what_it_was(pipeline: Pipeline) -> None:
    assert pipeline.current_revision is not None
    snapshot = dict(pipeline.current_revision.snapshot)
    assert snapshot.pop("param_specs") == {}
    assert hash_of(snapshot) == pipeline.current_revision.sha256
    assert hash_of(snapshot_of(snapshot)) == pipeline.current_revision.sha256


def test_specs_are_a_part_of_the_revision_and_of_its_differences(
    api: APIClient, save: Save, pipeline: Pipeline
) -> None:
    save(pipeline, param_specs={"min_amount": {"type": "number"}})
    assert pipeline.current_revision is not None
    assert pipeline.current_revision.number == 2
    found = api.get(f"{URL}/{pipeline.pk}/revisions/1/diff").json()
    assert [change["field"] for change in found["settings"]] == ["param_specs.min_amount"]
    restored = api.post(f"{URL}/{pipeline.pk}/revisions/1/restore", {}).json()
    assert restored["pipeline"]["param_specs"] == {}


def test_a_required_param_without_a_default_forbids_a_schedule(
    save: Save, graph: dict[str, Any]
) -> None:
    assert required_params(graph, {"min_amount": 1}, SPECS) == {"since"}
    with pytest.raises(InvalidPipeline, match="its parameter 'since' has no default"):
        save(param_specs=SPECS, schedule="@daily")


def test_the_api_takes_and_gives_specs(api: APIClient, graph: dict[str, Any]) -> None:
    body = {"name": "Orders", "config": graph, "default_params": {"min_amount": 1}}
    made = api.post(URL, {**body, "param_specs": SPECS})
    assert made.status_code == 201
    assert made.json()["param_specs"] == SPECS
    refused = api.post(URL, {**body, "name": "Other", "param_specs": {"a": {"type": "int"}}})
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == ["param_specs"]


def test_executing_checks_params_against_their_specs(api: APIClient, save: Save) -> None:
    pipeline = save(param_specs=SPECS)
    address = f"{URL}/{pipeline.pk}/execute"
    answer = api.post(address, {"params": {"min_amount": 101, "region": "asia", "top": "3"}})
    assert answer.status_code == 400
    told = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert told == {
        "params.since": "Param 'since' is required and has no default. Give it a value.",
        "params.min_amount": "Param 'min_amount' is 101. Give it at most 100.",
        "params.region": "Param 'region' is \"asia\", which is none of its choices. "
        'Give it one of "eu", "us", 7.',
        "params.top": "Param 'top' is \"3\". Give it a whole number.",
    }
    given = {"min_amount": 5, "region": 7, "since": "2024-03-01", "top": None}
    assert api.post(address, {"params": given}).status_code == 202
    assert PipelineExecution.objects.get().params == given


def execute_page(pipeline: Pipeline) -> str:
    return reverse("admin:pipelines_pipeline_execute", args=[pipeline.pk])


def test_the_execute_page_has_typed_fields_with_help(browser: Client, save: Save) -> None:
    specs = {**SPECS, "label": {"type": "string", "help": "<b>Shown</b> in the report."}}
    page = browser.get(execute_page(save(param_specs=specs))).content.decode()
    assert 'type="date"' in page
    assert 'type="datetime-local"' in page
    assert "Smaller ones are left out." in page
    assert "&lt;b&gt;Shown&lt;/b&gt;" in page
    assert 'max="100"' in page
    for choice in ("eu", "us"):
        assert f'<option value="&quot;{choice}&quot;">{choice}</option>' in page


def test_the_execute_page_gives_values_of_their_types(browser: Client, save: Save) -> None:
    pipeline = save(param_specs=SPECS)
    sent = {
        "min_amount": "2.5",
        "region": "7",
        "since": "2024-03-01",
        "until": "2024-03-02T06:00",
        "strict": "false",
        "top": "3",
        "label": " b ",
        "only": '["x"]',
    }
    answer = browser.post(execute_page(pipeline), sent)
    assert answer.status_code == 302
    assert PipelineExecution.objects.get().params == {
        "min_amount": 2.5,
        "region": 7,
        "since": "2024-03-01",
        "until": "2024-03-02T06:00:00Z",
        "strict": False,
        "top": 3,
        "label": " b ",
        "only": ["x"],
    }


def test_what_is_left_empty_is_left_out(browser: Client, save: Save) -> None:
    pipeline = save(param_specs=SPECS)
    empty = dict.fromkeys(SPECS, "")
    answer = browser.post(execute_page(pipeline), {**empty, "since": "2024-03-01"})
    assert answer.status_code == 302
    assert PipelineExecution.objects.get().params == {"min_amount": 10, "since": "2024-03-01"}


def test_defaults_that_are_left_as_they_are_stay_as_they_are(browser: Client, save: Save) -> None:
    defaults = {
        "min_amount": 10,
        "region": "us",
        "since": "2024-03-01",
        "until": "2024-03-02T08:00:00+02:00",
        "strict": True,
        "top": 2,
        "label": "",
        "only": {"a": 1},
    }
    pipeline = save(param_specs=SPECS, default_params=defaults)
    form = browser.get(execute_page(pipeline)).context["form"]
    shown = {field.html_name: field.value() for field in form}
    assert shown["until"] == "2024-03-02T06:00:00"
    sent = {**shown, "until": "2024-03-02T06:00:00", "strict": "on"}
    assert browser.post(execute_page(pipeline), sent).status_code == 302
    assert PipelineExecution.objects.get().params == defaults


def test_the_execute_page_says_what_does_not_fit(browser: Client, save: Save) -> None:
    pipeline = save(param_specs=SPECS)
    sent = {"min_amount": "101", "region": "asia", "since": "", "top": "a"}
    answer = browser.post(execute_page(pipeline), sent)
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == {"min_amount", "region", "since", "top"}
    assert not PipelineExecution.objects.exists()


def test_the_pipelines_form_keeps_and_checks_specs(browser: Client, pipeline: Pipeline) -> None:
    page = reverse("admin:pipelines_pipeline_change", args=[pipeline.pk])
    form = browser.get(page).context["adminform"].form
    sent = {bound.html_name: bound.value() for bound in form}
    sent["timeout"] = ""
    sent |= {"revisions-TOTAL_FORMS": "0", "revisions-INITIAL_FORMS": "0", "is_active": "on"}
    refused = browser.post(page, {**sent, "param_specs": '{"min_amount": {"type": "text"}}'})
    assert "its type is none of" in refused.context["errors"].as_text()
    saved = browser.post(page, {**sent, "param_specs": '{"min_amount": {"type": "number"}}'})
    assert saved.status_code == 302
    pipeline.refresh_from_db()
    assert pipeline.param_specs == {"min_amount": {"type": "number"}}
