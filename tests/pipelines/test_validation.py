"""Every problem of a pipeline is found, and all of them at once."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from pipelines.services import FIELDS, required_params, validate_pipeline
from tests.airflow_bridge.stub_server import Answer, Asked, serve
from tests.fake_airflow import FakeAirflow

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def fields(graph: dict[str, Any], airflow: FakeAirflow) -> dict[str, Any]:
    return {"name": "Orders", "config": graph, "default_params": {"min_amount": 10}}


def test_a_good_pipeline_has_no_problem(fields: dict[str, Any]) -> None:
    assert validate_pipeline(fields) == []


def test_an_airflow_that_hangs_does_not_hold_up_saving(
    graph: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def hanging(_: Asked) -> Answer:
        go_on.wait(10)
        return Answer({}, 500)

    monkeypatch.setattr("pipelines.services.validation.NAMES_WITHIN_SECONDS", 0.2)
    started = time.monotonic()
    with serve(hanging) as wire:
        settings.AIRFLOW_API_URL = wire.url
        found = validate_pipeline({"name": "Orders", "config": graph})
        go_on.set()
    assert found == []
    assert time.monotonic() - started < 3


def test_problems_of_all_fields_are_reported_at_once(fields: dict[str, Any]) -> None:
    fields |= {"name": " ", "schedule": "every day", "timezone": "Mars/Olympus", "is_active": 1}
    fields |= {"default_params": [], "tags": "a", "shedule": ""}
    fields["config"]["nodes"][0]["module"] = "extract.nothing"
    problems = validate_pipeline(fields)
    assert {problem.field for problem in problems if problem.node is None} == {
        "name", "schedule", "timezone", "is_active", "default_params", "tags", "shedule"
    }  # fmt: skip
    assert ("read_orders", "module") in {(problem.node, problem.field) for problem in problems}


@pytest.mark.parametrize(
    "schedule",
    ["0 6 * * 1-5", "*/5 * * * *", "@daily", "@quarterly", "0 0 29 2 *", ""],
)
def test_a_schedule_that_airflow_knows_is_taken(fields: dict[str, Any], schedule: str) -> None:
    assert validate_pipeline(fields | {"schedule": schedule}) == []


@pytest.mark.parametrize(
    "schedule",
    [
        "0 6 * *",
        "0 0 6 * * *",
        "R R * * *",
        "h(0-5) 6 * * *",
        "61 * * * *",
        "@reboot",
        "@every 5m",
        "0 0 31 2 *",
        "x" * 5000,
        5,
    ],
)
def test_a_schedule_that_airflow_would_refuse_is_a_problem(
    fields: dict[str, Any], schedule: object
) -> None:
    (problem,) = validate_pipeline(fields | {"schedule": schedule})
    assert problem.field == "schedule"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 201),
        ("name", "a\nb"),
        ("name", "a\0b"),
        ("description", "a\0b"),
        ("description", None),
        ("timezone", "../etc/passwd"),
        ("default_params", {"not a name": 1, "min_amount": 1}),
        ("default_params", {"logidata": 1, "min_amount": 1}),
        ("default_params", {"values": 1, "min_amount": 1}),
        ("default_params", {"min_amount": float("nan")}),
        ("tags", ["a", "a"]),
        ("tags", ["revision:1"]),
        ("tags", ["sha256:00"]),
        ("tags", ["a, b"]),
        ("tags", ["\ud800"]),
        ("tags", [1]),
    ],
)
def test_a_value_that_could_not_be_stored_or_served_is_one_problem(
    fields: dict[str, Any], field: str, value: object
) -> None:
    assert [problem.field for problem in validate_pipeline(fields | {field: value})] == [field]


def test_a_config_nested_too_deeply_is_a_problem(fields: dict[str, Any]) -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"a": deep}
    (problem,) = validate_pipeline(fields | {"config": deep})
    assert problem.field == "config"


def test_a_schedule_needs_defaults_for_the_params_that_the_graph_needs(
    fields: dict[str, Any],
) -> None:
    fields |= {"default_params": {}, "schedule": "@daily"}
    (problem,) = validate_pipeline(fields)
    assert problem.field == "default_params"
    assert "min_amount" in problem.message
    assert validate_pipeline(fields | {"schedule": ""}) == []
    assert validate_pipeline(fields | {"is_active": False}) == []


def test_a_param_with_a_fallback_in_the_template_is_not_required(graph: dict[str, Any]) -> None:
    graph["nodes"][1]["config"]["condition"] = "amount > {{ params.least | default(3) }}"
    assert required_params(graph, {}) == set()


def test_an_unknown_connection_is_a_problem_only_while_airflow_can_be_asked(
    fields: dict[str, Any], airflow: FakeAirflow
) -> None:
    fields["config"]["nodes"][2] = {
        "id": "write",
        "module": "load.postgres",
        "config": {"connection": "nowhere", "table": "orders", "mode": "append"},
    }
    (problem,) = validate_pipeline(fields)
    assert (problem.node, problem.field) == ("write", "config.connection")
    airflow.outage = "Airflow is down."
    assert validate_pipeline(fields) == []


def test_a_connection_defined_outside_airflows_database_is_known(
    fields: dict[str, Any], settings: Any
) -> None:
    settings.LOGIDATA_CONNECTIONS = frozenset({"nowhere"})
    fields["config"]["nodes"][2] = {
        "id": "write",
        "module": "load.postgres",
        "config": {"connection": "nowhere", "table": "orders", "mode": "append"},
    }
    assert validate_pipeline(fields) == []


@trying(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.sampled_from([*FIELDS, "other"]), JSON))
def test_no_json_whatever_makes_validation_fail(airflow: FakeAirflow, body: dict[str, Any]) -> None:
    for problem in validate_pipeline(body):
        assert problem.message
