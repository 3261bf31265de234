"""transform.cast: values that do not fit are set aside, left out, or fail the node."""

from __future__ import annotations

import json
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from etl.errors import ConfigError, DataError
from etl.quarantine import TooManyRejectedError
from tests.etl.conftest import Lab

ROWS = [
    {"id": 1, "amount": "1.50", "note": "a"},
    {"id": 2, "amount": "much", "note": "b"},
    {"id": 3, "amount": None, "note": "c"},
]
TO_DECIMAL = {"types": {"Amount": "DECIMAL(10, 2)"}}


def test_values_that_fit_are_cast_and_the_rest_stays(lab: Lab) -> None:
    result = lab.run("transform.cast", TO_DECIMAL, [ROWS[0], ROWS[2]])

    assert lab.records(result) == [
        {"id": 1, "amount": Decimal("1.50"), "note": "a"},
        {"id": 3, "amount": None, "note": "c"},
    ]
    assert result["rejected"] is None


def test_a_row_that_does_not_fit_fails_the_node_and_is_kept_to_be_seen(lab: Lab) -> None:
    with pytest.raises(TooManyRejectedError) as caught:
        lab.run("transform.cast", TO_DECIMAL, ROWS)

    assert str(caught.value) == (
        "Node 'node': 1 of 3 rows are faulty, and none is accepted: 1 x 'much' is no "
        "DECIMAL(10, 2). Correct the data, or raise max_rejected to set such rows aside."
    )
    quarantine = caught.value.as_dict()["quarantine"]
    assert quarantine is not None
    assert quarantine["data"][0]["field"] == "amount"


def test_up_to_the_limit_faulty_rows_are_set_aside_whole(lab: Lab) -> None:
    result = lab.run("transform.cast", {**TO_DECIMAL, "max_rejected": "34%"}, ROWS)

    assert [row["id"] for row in lab.records(result)] == [1, 3]
    assert result["metrics"]["rows_rejected"] == 1
    rejected = result["rejected"]
    assert rejected is not None
    assert rejected["reasons"] == [
        {"reason": "'much' is no DECIMAL(10, 2)", "field": "amount", "rows": 1}
    ]
    [row] = pq.read_table(f"{rejected['uri']}/part-0.parquet").to_pylist()
    assert json.loads(row["record"]) == {"id": "2", "amount": "much", "note": "b"}


def test_more_than_the_limit_fail(lab: Lab) -> None:
    with pytest.raises(DataError, match="1 of 3 rows are faulty, and max_rejected accepts 33%"):
        lab.run("transform.cast", {**TO_DECIMAL, "max_rejected": "33%"}, ROWS)


def test_values_can_be_left_out_instead(lab: Lab) -> None:
    result = lab.run("transform.cast", {**TO_DECIMAL, "on_error": "null"}, ROWS)

    assert [row["amount"] for row in lab.records(result)] == [Decimal("1.50"), None, None]


def test_an_unknown_column_is_named(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="column 'price' does not exist"):
        lab.run("transform.cast", {"types": {"price": "INTEGER"}}, ROWS)


@pytest.mark.parametrize("limit", [-1, "lots", "101%", "%"])
def test_a_limit_that_is_none_is_refused(lab: Lab, limit: int | str) -> None:
    with pytest.raises(ConfigError, match="max_rejected"):
        lab.run("transform.cast", {**TO_DECIMAL, "max_rejected": limit}, ROWS)
