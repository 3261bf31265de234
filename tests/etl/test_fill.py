"""transform.fill: what empty values become."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ConfigError
from tests.etl.conftest import Lab
from tests.etl.ugly import COLUMNS, EMPTY, NAME, ROWS, UGLY, counts, in_a_lab, values

READINGS = [
    {"at": 1, "room": "a", "heat": None},
    {"at": 2, "room": "a", "heat": 10},
    {"at": 3, "room": "b", "heat": None},
    {"at": 4, "room": "a", "heat": None},
    {"at": 5, "room": "b", "heat": 25},
    {"at": 6, "room": "a", "heat": 10},
]


def heats(lab: Lab, fill: dict[str, Any], **config: Any) -> list[Any]:
    columns = [{"column": "Heat", **fill}]
    result = lab.run("transform.fill", {"columns": columns, **config}, READINGS)
    assert counts(result) == (6, 6, 0, 0, 0)
    assert result["schema"] == {"at": "BIGINT", "room": "VARCHAR", "heat": "BIGINT"}
    return [row["heat"] for row in sorted(lab.records(result), key=lambda row: row["at"])]


ORDER = [{"column": "at"}]
ROOMS = ["room"]


@pytest.mark.parametrize(
    ("method", "config", "expected"),
    [
        ("previous", {"order_by": ORDER}, [None, 10, 10, 10, 25, 10]),
        ("next", {"order_by": ORDER}, [10, 10, 25, 25, 25, 10]),
        ("previous", {"order_by": ORDER, "partition_by": ROOMS}, [None, 10, None, 10, 25, 10]),
        ("next", {"order_by": ORDER, "partition_by": ROOMS}, [10, 10, 25, 10, 25, 10]),
        (
            "previous",
            {"order_by": [{"column": "at", "descending": True}]},
            [10, 10, 25, 25, 25, 10],
        ),
        ("mean", {}, [15, 10, 15, 15, 25, 10]),
        ("mean", {"partition_by": ROOMS}, [10, 10, 25, 10, 25, 10]),
        ("median", {}, [10, 10, 10, 10, 25, 10]),
        ("median", {"partition_by": ROOMS}, [10, 10, 25, 10, 25, 10]),
        ("mode", {}, [10, 10, 10, 10, 25, 10]),
        ("mode", {"partition_by": ROOMS}, [10, 10, 25, 10, 25, 10]),
    ],
)
def test_values_come_from_where_the_method_says(
    lab: Lab, method: str, config: dict[str, Any], expected: list[int]
) -> None:
    assert heats(lab, {"method": method}, **config) == expected


def test_a_constant_has_the_type_of_its_column(lab: Lab) -> None:
    assert heats(lab, {"value": 0}) == [0, 10, 0, 0, 25, 10]
    columns = [
        {"column": "huge int", "value": "170141183460469231731687303716"},
        {"column": "beträge", "value": 0.1},
        {"column": "when?", "value": "2024-01-01 00:00:00+01"},
        {"column": NAME, "value": "it's"},
    ]

    result = lab.run("transform.fill", {"columns": columns}, UGLY)

    filled = lab.records(result)[2]
    assert result["columns"] == COLUMNS
    assert filled["huge int"] == Decimal(170141183460469231731687303716)
    assert filled["Beträge"] == Decimal("0.10")
    assert filled["when?"].astimezone(UTC) == datetime(2023, 12, 31, 23, tzinfo=UTC)
    assert filled[NAME] == "it's"


@pytest.mark.parametrize("value", ["some", 1.5, "1e30", "1e-999999999", True])
def test_a_constant_that_does_not_fit_is_refused_instead_of_rounded(lab: Lab, value: Any) -> None:
    with pytest.raises(ConfigError, match=r"is no BIGINT, which is the type of column 'heat'"):
        heats(lab, {"value": value})


def test_the_mode_of_equally_frequent_values_is_the_least(lab: Lab) -> None:
    rows = [{"v": value} for value in ("b", "a", None, "b", "a", "c")]

    for given_rows in (rows, rows[::-1]):
        result = lab.run(
            "transform.fill", {"columns": [{"column": "v", "method": "mode"}]}, given_rows
        )
        assert sorted(row["v"] for row in lab.records(result)) == ["a", "a", "a", "b", "b", "c"]


def test_empty_groups_are_groups_and_what_has_no_value_stays_empty(lab: Lab) -> None:
    rows = 'SELECT * FROM (VALUES (NULL, 1), (NULL, NULL), (\'x\', NULL)) t("a ""k", v)'
    for method in ("mean", "median", "mode"):
        config = {"columns": [{"column": "v", "method": method}], "partition_by": ['A "K']}
        found = {
            (row['a "k'], row["v"]) for row in lab.records(lab.run("transform.fill", config, rows))
        }
        assert found == {(None, 1), ("x", None)}


def test_what_is_filled_looks_at_the_input_and_not_at_other_filled_columns(lab: Lab) -> None:
    columns = [
        {"column": "room", "value": "b"},
        {"column": "at", "value": 0},
        {"column": "heat", "method": "next"},
    ]
    rows = [
        {"room": None, "at": 1, "heat": None},
        {"room": "b", "at": 2, "heat": 5},
        {"room": "b", "at": None, "heat": None},
    ]
    config = {"columns": columns, "partition_by": ["room"], "order_by": [{"column": "at"}]}

    found = lab.records(lab.run("transform.fill", config, rows))

    assert sorted((row["room"], row["at"], str(row["heat"])) for row in found) == [
        ("b", 0, "None"),
        ("b", 1, "None"),
        ("b", 2, "5"),
    ]


def test_means_of_times_and_decimals_keep_the_type(lab: Lab) -> None:
    columns = [{"column": name, "method": "mean"} for name in ("when?", "Beträge", "x")]
    result = lab.run("transform.fill", {"columns": columns}, UGLY)

    assert result["schema"] == lab.stage(UGLY)["schema"]
    assert all(row["when?"] is not None for row in lab.records(result))


def test_nothing_stays_nothing(lab: Lab) -> None:
    config = {"columns": [{"column": "x", "method": "next"}], "order_by": [{"column": "id"}]}

    assert counts(lab.run("transform.fill", config, EMPTY)) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"columns": [{"column": "heat", "method": "next"}]}, "no next row to fill 'heat' from"),
        ({"columns": [{"column": "heat"}]}, "'constant' has none. Set one"),
        ({"columns": [{"column": "heat", "method": "mean", "value": 1}]}, "'mean' has one"),
        ({"columns": [{"column": "room", "method": "mean"}]}, "is VARCHAR, of which there is no"),
        ({"columns": [{"column": "nope", "value": 1}]}, "'nope' does not exist"),
        ({"columns": [{"column": n, "value": 1} for n in ("at", "AT")]}, "named twice"),
        (
            {"columns": [{"column": "at", "value": 1}], "partition_by": ["no"]},
            "'no' does not exist",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(lab: Lab, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        lab.run("transform.fill", config, READINGS)


@in_a_lab
@given(rows=ROWS, method=st.sampled_from(["previous", "next", "mode", "median"]))
def test_only_empty_values_change_and_none_is_left_where_one_is_known(
    lab: Lab, rows: list[dict[str, Any]], method: str
) -> None:
    numbered = [{**row, "k": number} for number, row in enumerate(rows)]
    config = {"columns": [{"column": "s", "method": method}], "order_by": [{"column": "k"}]}
    if method == "median":
        config["columns"] = [{"column": "v", "method": method}]
    filled = config["columns"][0]["column"]

    result = lab.run("transform.fill", config, values(numbered))

    after = sorted(lab.records(result), key=lambda row: row["k"])
    known = [row[filled] for row in numbered if row[filled] is not None]
    assert [{**row, filled: 0} for row in after] == [{**row, filled: 0} for row in numbered]
    for old, new in zip(numbered, after, strict=True):
        assert old[filled] is None or new[filled] == old[filled]
    if method in {"mode", "median"} and known:
        assert all(row[filled] is not None for row in after)
