"""docker-compose.yml is a Compose file."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.compose.compose_file import Compose

SCHEMA = Path(__file__).with_name("compose-spec.json")


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(SCHEMA.read_text())
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    return validator_class(schema)


def test_the_file_is_valid_by_the_published_compose_schema(
    compose: Compose, validator: Any
) -> None:
    problems = [
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose.raw)
    ]
    assert problems == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("restarts", "always"), ("depends_on", {"redis": {"condition": "healthy"}}), ("image", 7)],
)
def test_the_schema_refuses_what_compose_would_refuse(
    compose: Compose, validator: Any, key: str, value: object
) -> None:
    broken = copy.deepcopy(dict(compose.raw))
    broken["services"]["web"][key] = value
    assert not validator.is_valid(broken)
