"""transform.select and transform.derive: which columns there are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab
from tests.etl.people import PEOPLE, run


def test_select_keeps_renames_and_casts(lab: Lab) -> None:
    config = {
        "keep": ["age", "ID"],
        "rename": {"id": "person"},
        "cast": {"age": "DECIMAL(5, 2)"},
    }

    result = lab.run("transform.select", config, PEOPLE)

    assert result["schema"] == {"age": "DECIMAL(5,2)", "person": "BIGINT"}
    assert lab.records(result)[0] == {"age": Decimal("30.00"), "person": 1}


def test_select_without_keep_keeps_all_columns(lab: Lab) -> None:
    assert run(lab, "transform.select", {"rename": {"city": "town"}})[0] == {
        "id": 1,
        "name": "Ann",
        "town": "Graz",
        "age": 30,
    }


def test_select_names_columns_that_do_not_exist(lab: Lab) -> None:
    for config in ({"keep": ["nope"]}, {"rename": {"nope": "x"}}, {"cast": {"nope": "INT"}}):
        with pytest.raises(ConfigError, match="'nope' does not exist in the input, which has: id"):
            run(lab, "transform.select", config)


def test_select_stops_at_a_value_that_does_not_cast(lab: Lab) -> None:
    with pytest.raises(DataError, match="Could not convert string 'Ann'"):
        run(lab, "transform.select", {"cast": {"name": "INTEGER"}})


def test_select_refuses_two_columns_of_one_name(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="more than one column named 'name'"):
        run(lab, "transform.select", {"rename": {"city": "NAME"}})


@pytest.mark.parametrize(
    "config", [{}, {"keep": []}, {"keep": ["id", "ID"]}, {"keep": ["id"], "cast": {"age": "INT"}}]
)
def test_select_refuses_a_config_that_cannot_be_meant(lab: Lab, config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        run(lab, "transform.select", config)


def test_select_can_name_what_to_drop_instead(lab: Lab) -> None:
    config = {"drop": ["CITY", "age"], "rename": {"name": "who"}}

    assert run(lab, "transform.select", config)[0] == {"id": 1, "who": "Ann"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"drop": ["nope"]}, "'nope' does not exist in the input"),
        ({"drop": ["id", "ID"]}, "'ID' is named twice"),
        ({"drop": ["id"], "keep": ["age"]}, "Set either keep or drop"),
        ({"drop": ["id"], "rename": {"ID": "x"}}, "is renamed or cast, but dropped"),
        ({"drop": ["id", "name", "city", "age"]}, "no column is left"),
    ],
)
def test_select_refuses_to_drop_what_cannot_be_meant(
    lab: Lab, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        run(lab, "transform.select", config)


def test_derive_adds_and_replaces_in_place(lab: Lab) -> None:
    config = {
        "columns": [
            {"name": "AGE", "expression": "age + 1"},
            {"name": "twice", "expression": "age * 2"},
            {"name": "label", "expression": "name || '@' || city"},
        ]
    }

    assert run(lab, "transform.derive", config)[0] == {
        "id": 1,
        "name": "Ann",
        "city": "Graz",
        "AGE": 31,
        "twice": 60,
        "label": "Ann@Graz",
    }
