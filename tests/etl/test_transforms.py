"""The transformers on made-up rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab

PEOPLE = [
    {"id": 1, "name": "Ann", "city": "Graz", "age": 30},
    {"id": 2, "name": "Bob", "city": "Lyon", "age": None},
    {"id": 3, "name": "Cyd", "city": "Graz", "age": 50},
]


def run(lab: Lab, module: str, config: dict[str, Any], rows: Any = PEOPLE) -> list[dict[str, Any]]:
    return lab.records(lab.run(module, config, rows))


def test_filter_keeps_rows_for_which_the_condition_is_true(lab: Lab) -> None:
    assert [r["id"] for r in run(lab, "transform.filter", {"condition": "age > 29 -- why"})] == [
        1,
        3,
    ]


def test_filter_may_compare_with_the_whole_input(lab: Lab) -> None:
    condition = "age = (SELECT max(age) FROM input)"

    assert [r["id"] for r in run(lab, "transform.filter", {"condition": condition})] == [3]


def test_filter_names_a_column_that_does_not_exist(lab: Lab) -> None:
    with pytest.raises(ConfigError) as caught:
        run(lab, "transform.filter", {"condition": "agee > 1"})

    assert str(caught.value).startswith(
        "Node 'node': column 'agee' does not exist in the input. Did you mean"
    )
    assert '"age"' in str(caught.value)


def test_filter_on_a_value_that_does_not_cast_is_a_data_error(lab: Lab) -> None:
    with pytest.raises(DataError, match=r"Could not convert string 'Ann'.*TRY_CAST"):
        run(lab, "transform.filter", {"condition": "CAST(name AS INTEGER) > 1"})


def test_filter_with_a_function_that_does_not_exist_is_a_config_error(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="nofunction"):
        run(lab, "transform.filter", {"condition": "nofunction(age)"})


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


ORDERS = [
    {"order": 10, "person": 1, "name": "chair"},
    {"order": 11, "person": 1, "name": "table"},
    {"order": 12, "person": 9, "name": "lamp"},
]


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
    with pytest.raises(ConfigError, match="no input at its port 'right'"):
        lab.run(
            "transform.join", {"left_keys": ["order"]}, inputs={"left": lab.stage(ORDERS, "orders")}
        )


def test_sort_puts_empty_values_last_and_limits(lab: Lab) -> None:
    by = [{"column": "age", "descending": True}]

    assert [r["id"] for r in run(lab, "transform.sort", {"by": by})] == [3, 1, 2]
    assert [r["id"] for r in run(lab, "transform.sort", {"by": by, "limit": "2"})] == [3, 1]


def test_sort_accounts_for_what_its_limit_drops(lab: Lab) -> None:
    by = [{"column": "Age"}]

    assert lab.run("transform.sort", {"by": by, "limit": 2}, PEOPLE)["metrics"]["rows_removed"] == 1
    assert lab.run("transform.sort", {"by": by, "limit": 9}, PEOPLE)["metrics"]["rows_removed"] == 0
    assert lab.run("transform.sort", {"by": by}, PEOPLE)["metrics"]["rows_removed"] == 0


def test_sort_with_a_limit_breaks_ties_whatever_the_order_of_the_input(lab: Lab) -> None:
    config = {"by": [{"column": "city"}], "limit": 1}

    assert run(lab, "transform.sort", config) == run(lab, "transform.sort", config, PEOPLE[::-1])


def test_sql_reads_its_inputs_by_name(lab: Lab) -> None:
    inputs = {"orders": lab.stage(ORDERS, "orders"), "people": lab.stage(PEOPLE, "people")}
    query = """
        SELECT p.name, count(*) AS n FROM orders o JOIN people p ON p.id = o.person GROUP BY ALL
    """

    result = lab.run("transform.sql", {"query": query}, inputs=inputs)

    assert lab.records(result) == [{"name": "Ann", "n": 2}]
    assert result["metrics"]["rows_in"] == 6


def test_sql_calls_an_only_input_input_too(lab: Lab) -> None:
    source = lab.stage(PEOPLE, "people")
    query = "SELECT count(*) AS n FROM input JOIN people USING (id)"

    result = lab.run("transform.sql", {"query": query}, inputs={"people": source})

    assert lab.records(result) == [{"n": 3}]


def test_sql_refuses_two_columns_of_one_name(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="more than one column named 'id'"):
        run(lab, "transform.sql", {"query": "SELECT id, name AS id FROM input"})


def test_sql_that_does_not_fit_its_input_says_why(lab: Lab) -> None:
    with pytest.raises(ConfigError, match=r"sum\(VARCHAR\)"):
        run(lab, "transform.sql", {"query": "SELECT sum(name) AS s FROM input"})
