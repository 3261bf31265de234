"""transform.pivot and transform.unpivot: values to columns, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab
from tests.etl.ugly import COLUMNS, EMPTY, NAME, ROWS, UGLY, counts, in_a_lab, values

SALES = [
    {"shop": "b", "month": "jan", "sold": 1},
    {"shop": "a", "month": "jan", "sold": 2},
    {"shop": "a", "month": "jan", "sold": 3},
    {"shop": "a", "month": "feb", "sold": 4},
    {"shop": "c", "month": None, "sold": 5},
    {"shop": "a", "month": "mar", "sold": 6},
]
PIVOT = {"rows": ["Shop"], "column": "Month", "values": ["jan", "feb"], "value": "Sold"}


def test_values_become_columns_in_the_order_of_the_config(lab: Lab) -> None:
    result = lab.run("transform.pivot", PIVOT, SALES[:4])

    assert lab.records(result) == [
        {"shop": "a", "jan": 5, "feb": 4},
        {"shop": "b", "jan": 1, "feb": None},
    ]
    assert result["schema"]["jan"] == "BIGINT"
    assert counts(result) == (4, 2, 0, 2, 0)


def test_values_that_are_not_listed_stop_the_node_and_are_named(lab: Lab) -> None:
    with pytest.raises(DataError) as caught:
        lab.run("transform.pivot", PIVOT, SALES)

    assert str(caught.value) == (
        "Node 'node': column \"month\" has values that are not listed: 'mar' (1 rows), "
        "empty (1 rows). Add them to values, or set unlisted to ignore or other."
    )


def test_values_that_are_not_listed_can_be_ignored_or_put_together(lab: Lab) -> None:
    ignored = lab.run("transform.pivot", {**PIVOT, "unlisted": "ignore"}, SALES)
    assert lab.records(ignored)[2] == {"shop": "c", "jan": None, "feb": None}
    other = lab.run("transform.pivot", {**PIVOT, "unlisted": "other", "other": "rest"}, SALES)
    assert [row["rest"] for row in lab.records(other)] == [6, None, 5]


def test_a_prefix_names_the_columns_of_numbers_and_rows_can_be_counted(lab: Lab) -> None:
    config = {"column": "sold", "values": [1, 9], "prefix": "n_", "function": "count"}

    result = lab.run("transform.pivot", {**config, "unlisted": "ignore"}, SALES)

    assert lab.records(result) == [{"n_1": 1, "n_9": 0}]


def test_ugly_columns_pivot(lab: Lab) -> None:
    config = {
        "rows": [NAME],
        "column": "beträge",
        "values": ["1.10", 0],
        "value": "HUGE INT",
        "unlisted": "other",
        "other": 'a "rest"',
    }

    result = lab.run("transform.pivot", config, UGLY)

    assert result["columns"] == [NAME, "1.10", "0", 'a "rest"']
    assert sum(row["0"] or 0 for row in lab.records(result)) == -2
    assert lab.run("transform.pivot", config, EMPTY)["shape"] == [0, 4]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**PIVOT, "value": None}, "sum needs a column to aggregate. Set value"),
        ({**PIVOT, "values": []}, "field 'values' is wrong"),
        ({**PIVOT, "values": ["jan", "JAN"]}, "'JAN' is named twice"),
        ({**PIVOT, "values": ["shop"]}, "'shop' is named twice"),
        ({**PIVOT, "values": [""]}, "An empty value gives no name"),
        ({**PIVOT, "column": "no"}, "'no' does not exist"),
        ({**PIVOT, "rows": ["no"]}, "'no' does not exist"),
        ({**PIVOT, "value": "no"}, "'no' does not exist"),
        ({**PIVOT, "column": "sold", "values": ["many"]}, "'many' is no BIGINT"),
    ],
)
def test_a_pivot_that_cannot_be_meant_is_refused(
    lab: Lab, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        lab.run("transform.pivot", config, SALES)


WIDE = 'SELECT * FROM (VALUES (1, 10, NULL), (2, NULL, NULL), (3, 30, 31)) t(id, a, "b ""c")'


def test_columns_become_rows_in_their_order(lab: Lab) -> None:
    result = lab.run("transform.unpivot", {"ids": ["ID"]}, WIDE)

    assert [tuple(row.values()) for row in lab.records(result)] == [
        (1, "a", 10),
        (3, "a", 30),
        (3, 'b "c', 31),
    ]
    assert result["columns"] == ["id", "name", "value"]
    assert counts(result) == (3, 3, 0, 3, 3)


def test_empty_values_can_be_kept(lab: Lab) -> None:
    config = {"columns": ["A", 'b "C'], "keep_nulls": True, "name_column": "x", "value_column": "y"}

    result = lab.run("transform.unpivot", config, WIDE)

    assert counts(result) == (3, 6, 0, 0, 3)
    assert result["columns"] == ["id", "x", "y"]


def test_columns_that_are_named_nowhere_are_left_out(lab: Lab) -> None:
    result = lab.run("transform.unpivot", {"ids": ["id"], "columns": ["a"]}, WIDE)

    assert counts(result) == (3, 2, 0, 1, 0)
    assert result["columns"] == ["id", "name", "value"]


def test_exact_numbers_unpivot_without_losing_a_digit(lab: Lab) -> None:
    config = {"columns": ["huge int", "id"], "keep_nulls": True}

    result = lab.run("transform.unpivot", config, UGLY)

    assert result["columns"] == [
        *(c for c in COLUMNS if c not in {"huge int", "Id"}),
        "name",
        "value",
    ]
    assert str(lab.records(result)[0]["value"]) == "170141183460469231731687303715"
    assert lab.run("transform.unpivot", config, EMPTY)["shape"] == [0, 6]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "Set ids, columns or both"),
        ({"ids": ["id"], "columns": ["ID"]}, "'ID' is named twice"),
        ({"ids": ["id"], "name_column": "ID"}, "'ID' is named twice"),
        ({"columns": ["a"], "value_column": "ID"}, "'ID' is there already"),
        ({"columns": ["no"]}, "'no' does not exist"),
        ({"ids": ["id", "a", 'b "c']}, "every column is an id"),
    ],
)
def test_an_unpivot_that_cannot_be_meant_is_refused(
    lab: Lab, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        lab.run("transform.unpivot", config, WIDE)


def test_columns_whose_types_do_not_go_together_are_refused(lab: Lab) -> None:
    with pytest.raises(ConfigError, match=r"do not go together: INTEGER in 'id', VARCHAR in 'n'"):
        lab.run("transform.unpivot", {"columns": ["id", "n"]}, "SELECT 1 AS id, 'x' AS n")


@in_a_lab
@given(rows=ROWS)
def test_every_value_becomes_a_row(lab: Lab, rows: list[dict[str, Any]]) -> None:
    result = lab.run("transform.unpivot", {"ids": ["s"]}, values(rows))

    found = sorted(repr(tuple(row.values())) for row in lab.records(result))
    assert found == sorted(
        repr((row["s"], name, row[name]))
        for row in rows
        for name in ("k", "v")
        if row[name] is not None
    )
