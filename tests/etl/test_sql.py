"""transform.sql: a query over named inputs."""

from __future__ import annotations

import pytest

from etl.errors import ConfigError
from tests.etl.conftest import Lab
from tests.etl.people import ORDERS, PEOPLE, run


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
