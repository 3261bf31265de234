"""transform.window: columns that look at other rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from etl.errors import ConfigError
from tests.etl.conftest import Lab
from tests.etl.ugly import COLUMNS, EMPTY, NAME, ROWS, UGLY, counts, in_a_lab, values

SALES = [
    {"shop": "a", "day": 1, "sold": 10},
    {"shop": "a", "day": 2, "sold": None},
    {"shop": "a", "day": 3, "sold": 30},
    {"shop": "b", "day": 1, "sold": 5},
]
DAYS = {"partition_by": ["Shop"], "order_by": [{"column": "Day"}]}


def window(lab: Lab, function: dict[str, Any], rows: Any = SALES, **config: Any) -> list[Any]:
    settings = {"functions": [{"name": "w", **function}], **config}
    result = lab.run("transform.window", settings, rows)
    assert counts(result) == (len(rows), len(rows), 0, 0, 0)
    ordered = sorted(lab.records(result), key=lambda row: (row["shop"], row["day"]))
    return [row["w"] for row in ordered]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ({"function": "row_number"}, [1, 2, 3, 1]),
        ({"function": "rank"}, [1, 2, 3, 1]),
        ({"function": "dense_rank"}, [1, 2, 3, 1]),
        ({"function": "percent_rank"}, [0, 0.5, 1, 0]),
        ({"function": "ntile", "buckets": 2}, [1, 1, 2, 1]),
        ({"function": "lag", "column": "sold"}, [None, 10, None, None]),
        ({"function": "lag", "column": "sold", "default": 0}, [0, 10, None, 0]),
        ({"function": "lead", "column": "sold", "offset": 2}, [30, None, None, None]),
        ({"function": "first_value", "column": "sold"}, [10, 10, 10, 5]),
        ({"function": "last_value", "column": "sold"}, [30, 30, 30, 5]),
        ({"function": "sum", "column": "sold"}, [40, 40, 40, 5]),
        ({"function": "avg", "column": "sold"}, [20, 20, 20, 5]),
        ({"function": "min", "column": "sold"}, [10, 10, 10, 5]),
        ({"function": "max", "column": "sold"}, [30, 30, 30, 5]),
        ({"function": "count", "column": "sold"}, [2, 2, 2, 1]),
        ({"function": "count"}, [3, 3, 3, 1]),
    ],
)
def test_functions_compute_within_a_partition(
    lab: Lab, function: dict[str, Any], expected: list[Any]
) -> None:
    assert window(lab, function, **DAYS) == expected


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ({"end": 0}, [10, 10, 40, 5]),
        ({"start": -1, "end": 0}, [10, 10, 30, 5]),
        ({"start": 1}, [30, 30, None, None]),
        ({"start": -1, "end": 1}, [10, 40, 30, 5]),
        ({}, [40, 40, 40, 5]),
    ],
)
def test_a_frame_says_which_rows_count(
    lab: Lab, frame: dict[str, int], expected: list[Any]
) -> None:
    function = {"function": "sum", "column": "sold"}

    assert window(lab, function, frame=frame, **DAYS) == expected


def test_ranks_are_equal_for_ties_and_row_numbers_always_the_same(lab: Lab) -> None:
    rows = [{"shop": "a", "day": day, "sold": 1} for day in (3, 1, 2)]
    order = [{"column": "sold"}]

    assert window(lab, {"function": "rank"}, rows, order_by=order) == [1, 1, 1]
    for given_rows in (rows, rows[::-1]):
        assert window(lab, {"function": "row_number"}, given_rows, order_by=order) == [1, 2, 3]


def test_integers_are_summed_in_64_bits(lab: Lab) -> None:
    config = {"functions": [{"name": "w", "function": "sum", "column": "sold"}]}

    assert lab.run("transform.window", config, SALES)["schema"]["w"] == "BIGINT"


def test_ugly_rows_stay_as_they_are_beside_the_new_column(lab: Lab) -> None:
    config = {
        "functions": [
            {"name": "n'th \"", "function": "row_number"},
            {"name": "before", "function": "lag", "column": "huge int", "default": 7},
        ],
        "partition_by": [NAME.upper()],
        "order_by": [{"column": "WHEN?"}, {"column": "x"}],
    }

    result = lab.run("transform.window", config, UGLY)

    assert result["columns"] == [*COLUMNS, "n'th \"", "before"]
    assert counts(result) == (7, 7, 0, 0, 0)
    assert counts(lab.run("transform.window", config, EMPTY)) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"functions": [{"name": "w", "function": "rank"}]}, "rank needs an order of the rows"),
        (
            {"functions": [{"name": "w", "function": "count"}], "frame": {"end": 0}},
            "A frame needs an order",
        ),
        ({"functions": [{"name": "w", "function": "lag"}], **DAYS}, "lag needs a column"),
        (
            {"functions": [{"name": "w", "function": "rank", "column": "day"}], **DAYS},
            "rank takes no column",
        ),
        ({"functions": [{"name": "DAY", "function": "count"}]}, "'DAY' is there already"),
        (
            {"functions": [{"name": "w", "function": "sum", "column": "no"}]},
            "'no' does not exist in the input, which has: shop, day, sold",
        ),
        (
            {
                "functions": [{"name": "w", "function": "count"}],
                "frame": {"start": 1, "end": 0},
                **DAYS,
            },
            r"The frame ends \(0\) before it starts \(1\)",
        ),
        (
            {
                "functions": [{"name": "w", "function": "lag", "column": "day", "default": "x"}],
                **DAYS,
            },
            "'x' is no BIGINT",
        ),
        ({"functions": [{"name": n, "function": "count"} for n in "wW"]}, "'W' is named twice"),
    ],
)
def test_what_cannot_be_meant_is_refused(lab: Lab, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        lab.run("transform.window", config, SALES)


@in_a_lab
@given(rows=ROWS)
def test_row_numbers_count_a_partition_through_and_rows_are_kept(
    lab: Lab, rows: list[dict[str, Any]]
) -> None:
    config = {
        "functions": [{"name": "n", "function": "row_number"}],
        "partition_by": ["k"],
        "order_by": [{"column": "v"}],
    }

    result = lab.records(lab.run("transform.window", config, values(rows)))

    def key(row: dict[str, Any]) -> str:
        return repr((row["k"], row["v"], row["s"]))

    assert sorted(map(key, result)) == sorted(map(key, rows))
    for k in {row["k"] for row in rows}:
        found = sorted(row["n"] for row in result if row["k"] == k)
        assert found == list(range(1, len(found) + 1))
