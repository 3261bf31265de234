"""transform.join: which rows of two inputs meet."""

from __future__ import annotations

from typing import Any

import pytest

from etl.errors import ConfigError
from tests.etl.conftest import Lab
from tests.etl.people import ORDERS, PEOPLE


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("inner", {(10, 1, "Ann"), (11, 1, "Ann")}),
        ("left", {(10, 1, "Ann"), (11, 1, "Ann"), (12, 9, None)}),
        ("right", {(10, 1, "Ann"), (11, 1, "Ann"), (None, 2, "Bob"), (None, 3, "Cyd")}),
        (
            "full",
            {
                (10, 1, "Ann"),
                (11, 1, "Ann"),
                (12, 9, None),
                (None, 2, "Bob"),
                (None, 3, "Cyd"),
            },
        ),
    ],
)
def test_join_keeps_what_it_says(lab: Lab, how: str, expected: set[tuple[Any, ...]]) -> None:
    inputs = {"left": lab.stage(ORDERS, "orders"), "right": lab.stage(PEOPLE, "people")}
    config = {"how": how, "left_keys": ["person"], "right_keys": ["id"]}

    result = lab.run("transform.join", config, inputs=inputs)

    assert result["columns"] == ["order", "person", "name", "name_right", "city", "age"]
    assert {(r["order"], r["person"], r["name_right"]) for r in lab.records(result)} == expected


@pytest.mark.parametrize(("how", "expected"), [("semi", [10, 11]), ("anti", [12])])
def test_join_can_keep_left_rows_only(lab: Lab, how: str, expected: list[int]) -> None:
    inputs = {"left": lab.stage(ORDERS, "orders"), "right": lab.stage(PEOPLE, "people")}
    config = {"how": how, "left_keys": ["person"], "right_keys": ["id"]}

    result = lab.run("transform.join", config, inputs=inputs)

    assert result["columns"] == ["order", "person", "name"]
    assert [row["order"] for row in lab.records(result)] == expected


def test_join_names_the_side_that_lacks_a_key(lab: Lab) -> None:
    inputs = {"left": lab.stage(ORDERS, "orders"), "right": lab.stage(PEOPLE, "people")}

    with pytest.raises(ConfigError, match="'person' does not exist in the right input") as caught:
        lab.run("transform.join", {"left_keys": ["person"]}, inputs=inputs)

    assert caught.value.field == "config.right_keys"


def test_join_needs_both_inputs(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="its port 'right' has no input"):
        lab.run(
            "transform.join", {"left_keys": ["order"]}, inputs={"left": lab.stage(ORDERS, "orders")}
        )
