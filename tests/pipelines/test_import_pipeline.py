"""Importing a pipeline from a file."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pipelines.models import Pipeline
from tests.fake_airflow import FakeAirflow
from tests.pipelines.conftest import Queue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def surroundings(airflow: FakeAirflow, queue: Queue, dags_dir: Any) -> None:
    """No test here reaches a worker or an Airflow."""


def load(path: Path, body: object) -> str:
    file = path / "pipeline.json"
    file.write_text(body if isinstance(body, str) else json.dumps(body))
    out = StringIO()
    call_command("import_pipeline", str(file), stdout=out)
    return out.getvalue()


@pytest.fixture
def body(graph: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Orders", "config": graph, "default_params": {"min_amount": 10}}


def test_the_name_decides_whether_it_is_created_or_updated(
    tmp_path: Path, body: dict[str, Any]
) -> None:
    assert load(tmp_path, body).startswith("Created")
    assert load(tmp_path, body | {"schedule": "@daily"}).startswith("Updated")
    assert Pipeline.objects.get().schedule == "@daily"


def test_space_around_the_name_does_not_make_another_pipeline(
    tmp_path: Path, body: dict[str, Any]
) -> None:
    assert load(tmp_path, body | {"name": " Orders "}).startswith("Created")
    assert load(tmp_path, body | {"name": " Orders "}).startswith("Updated")
    assert Pipeline.objects.get().name == "Orders"


def test_every_problem_is_listed(tmp_path: Path, body: dict[str, Any]) -> None:
    with pytest.raises(CommandError) as caught:
        load(tmp_path, body | {"timezone": "Nowhere", "colour": "red"})
    assert "Nowhere" in str(caught.value)
    assert "colour" in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", "3", ""])
def test_a_file_without_a_json_object_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CommandError, match=r"pipeline\.json"):
        load(tmp_path, text)
