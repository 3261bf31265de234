"""transform.filter: which rows stay."""

from __future__ import annotations

import pytest

from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab
from tests.etl.people import run


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
