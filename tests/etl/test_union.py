"""transform.union: the rows of several inputs below each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from etl.errors import ConfigError
from etl.results import NodeResult
from tests.etl.conftest import Lab
from tests.etl.ugly import COLUMNS, EMPTY, ROWS, UGLY, counted_records, counts, in_a_lab, values


def union(lab: Lab, config: dict[str, Any], **sources: Any) -> NodeResult:
    inputs = {port: lab.stage(rows, port) for port, rows in sources.items()}
    return lab.run("transform.union", config, inputs=inputs)


def test_columns_of_one_name_go_together_in_the_order_of_the_first_input(lab: Lab) -> None:
    result = union(lab, {}, a="SELECT 1 AS id, 'x' AS n", b="SELECT 'y' AS N, 2 AS ID")

    assert lab.records(result) == [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}]
    assert counts(result) == (2, 2, 0, 0, 0)


def test_by_position_the_first_input_names_the_columns(lab: Lab) -> None:
    result = union(lab, {"by": "position"}, a="SELECT 1 AS a, 2 AS b", b="SELECT 3 AS b, 4 AS a")

    assert lab.records(result) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


@pytest.mark.parametrize("by", ["name", "position"])
def test_a_missing_column_is_an_error_or_empty(lab: Lab, by: str) -> None:
    sources = {"a": "SELECT 1 AS id", "b": "SELECT 2 AS id, 'x' AS n", "c": "SELECT 3 AS id"}

    with pytest.raises(
        ConfigError, match=r"column 'n' is in 'b', but not in 'a', 'c'\. Bring it along there, or"
    ):
        union(lab, {"by": by}, **sources)
    result = union(lab, {"by": by, "missing": "null"}, **sources)
    assert lab.records(result) == [
        {"id": 1, "n": None},
        {"id": 2, "n": "x"},
        {"id": 3, "n": None},
    ]
    assert result["schema"] == {"id": "INTEGER", "n": "VARCHAR"}


def test_duplicates_are_removed_and_counted(lab: Lab) -> None:
    result = union(lab, {"rows": "distinct"}, a=UGLY, b=UGLY, c=EMPTY)

    assert counts(result) == (14, 5, 0, 9, 0)
    assert result["columns"] == COLUMNS


def test_ugly_rows_stay_as_they_are(lab: Lab) -> None:
    result = union(lab, {}, a=UGLY, input=EMPTY)

    assert counted_records(lab, result) == counted_records(lab, lab.stage(UGLY))


def test_an_only_input_goes_on(lab: Lab) -> None:
    assert counts(union(lab, {}, a=UGLY)) == (7, 7, 0, 0, 0)


def test_numbers_are_widened_without_losing_a_digit(lab: Lab) -> None:
    result = union(
        lab, {}, a="SELECT 9223372036854775807 AS n", b="SELECT 1.25::DECIMAL(10, 2) AS n"
    )

    assert [str(row["n"]) for row in lab.records(result)] == ["9223372036854775807.00", "1.25"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BIGINT", "VARCHAR"),
        ("BIGINT", "DOUBLE"),
        ("DECIMAL(18,2)", "DOUBLE"),
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
        ("DATE", "VARCHAR"),
    ],
)
def test_types_that_would_change_a_value_are_refused(lab: Lab, one: str, other: str) -> None:
    with pytest.raises(ConfigError) as caught:
        union(lab, {}, a=f"SELECT NULL::{one} AS n", b=f"SELECT NULL::{other} AS n")

    assert str(caught.value) == (
        f"Node 'node': column 'n' has types that do not go together: {one} in 'a', {other} in 'b'. "
        "Give it one type in an earlier node, with transform.cast."
    )


def test_a_column_named_like_its_own_count_is_no_matter(lab: Lab) -> None:
    rows = "SELECT 1 AS rows UNION ALL SELECT 1"

    assert counts(union(lab, {"rows": "distinct"}, a=rows, b=rows)) == (4, 1, 0, 3, 0)


@in_a_lab
@given(one=ROWS, other=ROWS)
def test_no_row_is_lost_and_none_made(
    lab: Lab, one: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    every = [tuple(repr(row[name]) for name in "kvs") for row in [*one, *other]]

    result = union(lab, {}, a=values(one), b=values(other))
    assert counted_records(lab, result) == sorted(every)
    distinct = union(lab, {"rows": "distinct"}, a=values(one), b=values(other))
    assert counted_records(lab, distinct) == sorted(set(every))
    assert distinct["metrics"]["rows_removed"] == len(every) - len(set(every))
