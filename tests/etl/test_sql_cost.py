"""SQL whose columns can be asked for without computing much."""

from __future__ import annotations

import pytest

from etl.sql_cost import is_cheap


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM input WHERE amount > 1000000000",
        "SELECT * FROM range(1000000000000)",
        "SELECT * FROM generate_series(DATE '2024-01-01', DATE '2030-01-01', INTERVAL 1 DAY)",
        "SELECT lpad('5', 3, '0'), repeat('ab', 20), repeat(status, 1000000000) FROM input",
        "SELECT list_transform([1, 2], x -> x + 1) AS a FROM input",
        "WITH a AS (SELECT replace(status, 'a', 'b') AS s FROM input) SELECT s FROM a",
    ],
)
def test_what_people_write_is_cheap(query: str) -> None:
    assert is_cheap(query, expression=False)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM range(CAST(len(range(300000000)) AS BIGINT))",
        "SELECT * FROM repeat(repeat('x', 1000000000), 3)",
        "SELECT * FROM input LIMIT len(range(300000000))",
        "SELECT * FROM input LIMIT len(range(1000 * 1000 * 1000))",
        "SELECT repeat(repeat(repeat('x', 9000), 9000), 9000) FROM input",
        "SELECT columns(repeat('a', 500000000)) FROM input",
        "SELECT regexp_matches(status, lpad('a', 1000000000, 'b')) FROM input",
        "SELECT * FROM input LIMIT len(list_transform(range(9000), x -> range(9000)))",
        f"SELECT * FROM input LIMIT len(replace('{'a' * 2000}', 'a', 'b'))",
        "SELECT * FROM repeat(('x').repeat(1000000000), 3)",
    ],
)
def test_constants_that_are_computed_at_once_are_not(query: str) -> None:
    assert not is_cheap(query, expression=False)


def test_an_expression_is_looked_at_as_well() -> None:
    assert is_cheap("amount > 3", expression=True)
    assert not is_cheap("regexp_matches(status, repeat('a', 1000000000))", expression=True)
