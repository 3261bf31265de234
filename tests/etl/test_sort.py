"""transform.sort: the order of rows, and a limit."""

from __future__ import annotations

from tests.etl.conftest import Lab
from tests.etl.people import PEOPLE, run


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
