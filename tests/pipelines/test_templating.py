"""Templates to start from: each is valid, and runs on the example data."""

from __future__ import annotations

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from etl.local import run_graph
from etl.settings import PROJECT, RunSettings
from pipelines.services import PipelineTemplate, pipeline_templates, validate_pipeline
from tests.fake_airflow import FakeAirflow

# Some run whole pipelines.
pytestmark = pytest.mark.slow

TEMPLATES = pipeline_templates()


def test_there_are_several_to_choose_from(api: APIClient) -> None:
    found = api.get("/api/v1/templates").json()
    assert len(found) >= 6
    assert [template["name"] for template in found] == sorted(t["name"] for t in found)
    assert set(found[0]) == {
        *("id", "name", "description", "config", "default_params", "param_specs", "tags")
    }


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_a_template_is_a_valid_pipeline(template: PipelineTemplate, airflow: FakeAirflow) -> None:
    fields = {key: value for key, value in vars(template).items() if key != "id"}
    assert validate_pipeline(fields) == []
    assert all(node.get("position") for node in template.config["nodes"])
    assert all(node.get("name") for node in template.config["nodes"])
    assert set(template.param_specs) == set(template.default_params)
    assert all(spec["help"] for spec in template.param_specs.values())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
@pytest.mark.usefixtures("warehouse_url")
def test_a_template_runs_on_the_example_data(template: PipelineTemplate, tmp_path: Path) -> None:
    done = run_graph(
        template.config,
        params=template.default_params,
        settings=RunSettings(
            staging=str(tmp_path / "staging"),
            state=str(tmp_path / "state"),
            data_dirs=(tmp_path / "data", PROJECT / "examples" / "data"),
            memory_limit="512MB",
        ),
    )
    assert done.succeeded, done.error
    loaders = [node["id"] for node in template.config["nodes"] if node["module"][:4] == "load"]
    for node_id in loaders:
        assert done.results[node_id]["metrics"]["rows_in"] > 0
