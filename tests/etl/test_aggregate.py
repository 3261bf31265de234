"""transform.aggregate: groups, the plain functions, those beyond, and groups that are dropped."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab
from tests.etl.people import PEOPLE, run
from tests.etl.ugly import COLUMNS, EMPTY, NAME, UGLY, counts

VISITS = [
    {"city": "Graz", "at": 2, "who": "Bob", "paid": 1.0},
    {"city": "Graz", "at": 1, "who": "Ann", "paid": 3.0},
    {"city": "Graz", "at": None, "who": "Cyd", "paid": None},
    {"city": "Lyon", "at": 5, "who": None, "paid": 5.0},
]


def aggregate(lab: Lab, measures: list[dict[str, Any]], rows: Any = VISITS, **config: Any) -> Any:
    named = [{"name": f"m{number}", **measure} for number, measure in enumerate(measures)]
    result = lab.run("transform.aggregate", {"measures": named, **config}, rows)
    return [tuple(record.values()) for record in lab.records(result)]


def test_aggregate_groups_in_the_order_of_keys(lab: Lab) -> None:
    config = {
        "group_by": ["city"],
        "measures": [
            {"name": "n", "function": "count"},
            {"name": "with_age", "function": "count", "column": "age"},
            {"name": "names", "function": "count_distinct", "column": "name"},
            {"name": "total", "function": "sum", "column": "age"},
            {"name": "mean", "function": "avg", "column": "age"},
            {"name": "least", "function": "min", "column": "name"},
            {"name": "most", "function": "max", "column": "age"},
            {"name": "middle", "function": "median", "column": "age"},
        ],
    }

    result = lab.run("transform.aggregate", config, PEOPLE)

    assert lab.records(result) == [
        {
            "city": "Graz",
            "n": 2,
            "with_age": 2,
            "names": 2,
            "total": 80,
            "mean": 40.0,
            "least": "Ann",
            "most": 50,
            "middle": 40.0,
        },
        {
            "city": "Lyon",
            "n": 1,
            "with_age": 0,
            "names": 1,
            "total": None,
            "mean": None,
            "least": "Bob",
            "most": None,
            "middle": None,
        },
    ]
    assert result["schema"]["total"] == "BIGINT"


def test_aggregate_without_groups_gives_one_row_even_of_nothing(lab: Lab) -> None:
    config = {"measures": [{"name": "n", "function": "count"}]}

    assert run(lab, "transform.aggregate", config, "SELECT 1 AS a WHERE false") == [{"n": 0}]


def test_aggregate_names_columns_that_do_not_exist(lab: Lab) -> None:
    for config in (
        {"group_by": ["nope"], "measures": [{"name": "n", "function": "count"}]},
        {"measures": [{"name": "n", "function": "sum", "column": "nope"}]},
    ):
        with pytest.raises(ConfigError, match="'nope' does not exist"):
            run(lab, "transform.aggregate", config)


def test_a_sum_beyond_64_bits_is_an_error_and_never_a_rounded_number(lab: Lab) -> None:
    config = {"measures": [{"name": "total", "function": "sum", "column": "a"}]}

    with pytest.raises(DataError):
        run(lab, "transform.aggregate", config, "SELECT 9223372036854775807 AS a FROM range(2)")


def test_spread_and_quantiles(lab: Lab) -> None:
    measures = [
        {"function": "stddev", "column": "paid"},
        {"function": "variance", "column": "paid"},
        {"function": "quantile", "column": "paid", "fraction": 0.25},
        {"function": "quantile", "column": "paid"},
    ]

    assert aggregate(lab, measures) == [(2.0, 4.0, 2.0, 3.0)]
    assert aggregate(lab, measures, group_by=["city"])[1] == ("Lyon", None, None, 5.0, 5.0)


def test_first_and_last_go_by_an_order_in_which_empty_values_lose(lab: Lab) -> None:
    order = [{"column": "AT"}]
    measures = [
        {"function": "first", "column": "who", "order_by": order},
        {"function": "last", "column": "who", "order_by": order},
        {"function": "first", "column": "who", "order_by": [{"column": "at", "descending": True}]},
    ]

    assert aggregate(lab, measures, group_by=["city"]) == [
        ("Graz", "Ann", "Bob", "Bob"),
        ("Lyon", None, None, None),
    ]


def test_first_breaks_ties_whatever_the_order_of_the_input(lab: Lab) -> None:
    rows = [{"k": 1, "v": value} for value in (None, "b", "a", "c")]
    measures = [
        {"function": "first", "column": "v", "order_by": [{"column": "k"}]},
        {"function": "last", "column": "v", "order_by": [{"column": "k"}]},
    ]

    assert aggregate(lab, measures, rows) == aggregate(lab, measures, rows[::-1]) == [("a", "c")]


def test_values_are_listed_in_order(lab: Lab) -> None:
    measures = [
        {"function": "list", "column": "who"},
        {"function": "list", "column": "who", "order_by": [{"column": "at"}]},
        {"function": "string_agg", "column": "who", "separator": "' | "},
        {"function": "string_agg", "column": "at", "order_by": [{"column": "paid"}]},
    ]

    assert aggregate(lab, measures) == [
        (["Ann", "Bob", "Cyd", None], ["Ann", "Bob", None, "Cyd"], "Ann' | Bob' | Cyd", "2, 1, 5")
    ]


def test_groups_can_be_dropped_by_what_was_computed(lab: Lab) -> None:
    measures = [{"name": "paid", "function": "sum", "column": "paid"}]

    result = lab.run(
        "transform.aggregate",
        {"group_by": ["city"], "measures": measures, "having": "paid > 4 -- twice"},
        VISITS,
    )

    assert lab.records(result) == [{"city": "Lyon", "paid": 5.0}]
    assert counts(result) == (4, 1, 0, 3, 0)


def test_ugly_values_keep_their_digits(lab: Lab) -> None:
    measures = [
        {"function": "max", "column": "huge int"},
        {"function": "last", "column": "beträge", "order_by": [{"column": "Id"}]},
        {"function": "count_distinct", "column": "when?"},
        {"function": "string_agg", "column": NAME, "separator": ""},
    ]

    assert aggregate(lab, measures, UGLY) == [
        (
            Decimal(170141183460469231731687303715),
            Decimal("99999999999999999999.99"),
            3,
            " ZoëZoë日本 '\"; --",
        )
    ]


def test_nothing_gives_one_row_without_groups_and_none_with_them(lab: Lab) -> None:
    measures = [{"function": "stddev", "column": "id"}, {"function": "list", "column": "id"}]

    assert aggregate(lab, measures, EMPTY) == [(None, None)]
    assert aggregate(lab, measures, EMPTY, group_by=COLUMNS) == []


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ({"function": "first", "column": "who"}, "first needs an order. Set order_by"),
        (
            {"function": "sum", "column": "at", "order_by": [{"column": "at"}]},
            "sum has no order. Remove order_by",
        ),
        ({"function": "list"}, "list needs a column"),
        ({"function": "list", "column": "who", "order_by": [{"column": "no"}]}, "'no' does not"),
        ({"function": "quantile", "column": "at", "fraction": 2}, "less than or equal to 1"),
        ({"function": "stddev", "column": "who"}, "the SQL does not fit the input"),
    ],
)
def test_what_cannot_be_meant_is_refused(lab: Lab, measure: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        aggregate(lab, [measure])


def test_having_names_the_columns_of_the_output_only(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="column 'who' does not exist"):
        aggregate(lab, [{"function": "count"}], group_by=["city"], having="who = 'Ann'")
