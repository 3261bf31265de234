"""transform.quality: expectations that warn, set rows aside, or fail the node."""

from __future__ import annotations

import json
import logging
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given

from etl.errors import ConfigError, DataError
from etl.quarantine import TooManyRejectedError
from etl.results import NodeResult
from tests.etl.conftest import Lab
from tests.etl.ugly import (
    COLUMNS,
    EMPTY,
    NAME,
    ROWS,
    UGLY,
    counted_records,
    counts,
    in_a_lab,
    values,
)

pytestmark = pytest.mark.slow

ORDERS = [
    {"id": 1, "state": "paid", "amount": 5.0, "code": "A-1"},
    {"id": 2, "state": "open", "amount": -1.0, "code": "A-2"},
    {"id": 2, "state": "lost", "amount": float("nan"), "code": "b2"},
    {"id": None, "state": None, "amount": None, "code": None},
    {"id": None, "state": "paid", "amount": 7.0, "code": "A-3x"},
]


def check(lab: Lab, *expectations: dict[str, Any], rows: Any = ORDERS, **config: Any) -> NodeResult:
    return lab.run("transform.quality", {"expectations": list(expectations), **config}, rows)


# What each kind finds in ORDERS: the places of the rows that break it.
KINDS = [
    ({"expect": "not_null", "columns": ["ID"]}, [3, 4]),
    ({"expect": "not_null", "columns": ["id", "code"]}, [3, 4]),
    ({"expect": "unique", "columns": ["Id"]}, [1, 2]),
    ({"expect": "unique", "columns": ["id", "state"]}, []),
    ({"expect": "range", "columns": ["amount"], "min": 0}, [1, 2]),
    ({"expect": "range", "columns": ["amount"], "max": 5}, [2, 4]),
    ({"expect": "range", "columns": ["id"], "min": 1.5}, [0]),
    ({"expect": "range", "columns": ["id"], "max": "1.5"}, [1, 2]),
    ({"expect": "range", "columns": ["state"], "min": "open", "max": "oz"}, [0, 2, 4]),
    ({"expect": "set", "columns": ["state"], "values": ["paid", "open"]}, [2]),
    ({"expect": "pattern", "columns": ["code"], "pattern": "[A-Z]-[0-9]+"}, [2, 4]),
    ({"expect": "expression", "condition": "amount > 0 -- not owed"}, [1]),
]


@pytest.mark.parametrize(("expectation", "places"), KINDS)
def test_rows_that_break_an_expectation_are_set_aside_under_its_name(
    lab: Lab, expectation: dict[str, Any], places: list[int]
) -> None:
    named = {**expectation, "action": "quarantine", "name": "it's so"}

    result = check(lab, named, max_rejected="100%")

    kept = [row for place, row in enumerate(ORDERS) if place not in places]
    assert [row["code"] for row in lab.records(result)] == [row["code"] for row in kept]
    assert counts(result) == (5, len(kept), len(places), 0, 0)
    assert result["warnings"] == []
    if places:
        assert result["rejected"] is not None
        assert {item["reason"] for item in result["rejected"]["reasons"]} == {"it's so"}


@pytest.mark.parametrize(("expectation", "places"), KINDS)
def test_a_warning_says_how_many_break_it_and_lets_them_go_on(
    lab: Lab, caplog: pytest.LogCaptureFixture, expectation: dict[str, Any], places: list[int]
) -> None:
    with caplog.at_level(logging.WARNING):
        result = check(lab, {**expectation, "action": "warn", "name": "so"})

    assert counts(result) == (5, 5, 0, 0, 0)
    assert len(result["warnings"]) == (1 if places else 0)
    for text in result["warnings"]:
        assert text.startswith(f"{len(places)} of 5 rows break the expectation 'so', such as {{")
        assert text in caplog.text


def test_a_failure_names_every_broken_expectation_with_counts_and_examples(lab: Lab) -> None:
    with pytest.raises(DataError) as caught:
        check(
            lab,
            {"expect": "not_null", "columns": ["state"]},
            {"expect": "range", "columns": ["amount"], "min": 6},
            {"expect": "set", "columns": ["id"], "values": [1, 2]},
        )

    assert str(caught.value) == (
        "Node 'node': 1 of 5 rows break the expectation 'not_null state', such as "
        '{"id":null,"state":null,"amount":null,"code":null}. '
        "3 of 5 rows break the expectation 'range amount', such as "
        '{"id":"1","state":"paid","amount":"5.0","code":"A-1"}, '
        '{"id":"2","state":"open","amount":"-1.0","code":"A-2"}, '
        '{"id":"2","state":"lost","amount":"nan","code":"b2"}. '
        "Correct the data, or the expectation or its action."
    )


def test_a_row_that_breaks_two_expectations_is_set_aside_once_for_the_first(lab: Lab) -> None:
    result = check(
        lab,
        {"expect": "unique", "columns": ["id"], "action": "quarantine"},
        {"expect": "range", "columns": ["amount"], "min": 0, "action": "quarantine"},
        {"expect": "not_null", "columns": ["id"], "action": "warn"},
        max_rejected=2,
    )

    rejected = result["rejected"]
    assert rejected is not None
    assert rejected["reasons"] == [{"reason": "unique id", "field": "id", "rows": 2}]
    rows = pq.read_table(f"{rejected['uri']}/part-0.parquet").to_pylist()
    assert [json.loads(row["record"])["code"] for row in rows] == ["A-2", "b2"]
    assert len(result["warnings"]) == 1


def test_more_than_max_rejected_fail(lab: Lab) -> None:
    with pytest.raises(TooManyRejectedError, match="2 x not_null id"):
        check(
            lab, {"expect": "not_null", "columns": ["id"], "action": "quarantine"}, max_rejected=1
        )


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ({"min": 6}, "There are 5 rows; the expectation 'row_count' wants at least 6."),
        ({"min": 1, "max": 4}, "There are 5 rows; the expectation 'row_count' wants at most 4."),
        ({"min": 5, "max": 5}, None),
    ],
)
def test_the_number_of_all_rows_is_expected(
    lab: Lab, bounds: dict[str, int], text: str | None
) -> None:
    result = check(lab, {"expect": "row_count", "action": "warn", **bounds})

    assert result["warnings"] == ([text] if text else [])
    if text:
        with pytest.raises(DataError, match=text):
            check(lab, {"expect": "row_count", **bounds})


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMPTZ", "DATE"])
def test_the_newest_value_is_expected_to_be_young(lab: Lab, kind: str) -> None:
    def warnings(hours: int, age: str) -> list[str]:
        rows = f"""
            SELECT CAST(now() - INTERVAL {hours} HOUR AS {kind}) AS made
            UNION ALL SELECT TIMESTAMP '2001-01-01' UNION ALL SELECT NULL
        """
        rows = f"SELECT CAST(made AS {kind}) AS made FROM ({rows})"
        expectation = {"expect": "freshness", "columns": ["Made"], "max_age": age, "action": "warn"}
        return check(lab, expectation, rows=rows)["warnings"]

    assert warnings(1, "2 days") == []
    [text] = warnings(80, "2 days")
    assert text.startswith("The newest value of 'Made' is of 20")
    assert text.endswith("UTC; the expectation 'freshness Made' wants 2 days at most.")


def test_nothing_is_not_fresh_but_breaks_nothing_else(lab: Lab) -> None:
    every = [
        {"expect": "not_null", "columns": COLUMNS},
        {"expect": "unique", "columns": COLUMNS},
        {"expect": "row_count", "max": 0},
    ]
    assert check(lab, *every, rows=EMPTY)["warnings"] == []
    with pytest.raises(DataError, match="not known, for there is none; the expectation"):
        check(lab, {"expect": "freshness", "columns": ["when?"], "max_age": "1 week"}, rows=EMPTY)


def test_ugly_values_are_compared_exactly(lab: Lab) -> None:
    huge = "170141183460469231731687303715"
    holds = [
        {"expect": "range", "columns": ["huge int"], "min": -1, "max": huge},
        {"expect": "range", "columns": ["Beträge"], "min": 0, "max": "99999999999999999999.995"},
        {"expect": "set", "columns": ["huge int"], "values": [huge, -1, 9007199254740993]},
        {"expect": "pattern", "columns": [NAME], "pattern": r"Zoë|\s*|日本 '\"; --"},
        {"expect": "range", "columns": ["when?"], "min": "2024-03-31 00:30:00Z"},
    ]
    assert check(lab, *holds, rows=UGLY)["warnings"] == []
    breaks = [
        ({"expect": "range", "columns": ["huge int"], "max": huge[:-1] + "4"}, 2),
        ({"expect": "range", "columns": ["Beträge"], "max": "99999999999999999999.98"}, 1),
        ({"expect": "set", "columns": ["huge int"], "values": [9007199254740992]}, 5),
        ({"expect": "range", "columns": ["when?"], "max": "2024-10-27 01:00:00Z"}, 1),
        ({"expect": "unique", "columns": COLUMNS}, 2),
        ({"expect": "not_null", "columns": COLUMNS}, 3),
    ]
    for expectation, number in breaks:
        [text] = check(lab, {**expectation, "action": "warn"}, rows=UGLY)["warnings"]
        assert text.startswith(f"{number} of 7 rows break")


@pytest.mark.parametrize(
    ("expectation", "message"),
    [
        ({"expect": "not_null"}, "not_null needs columns. Set it"),
        ({"expect": "not_null", "columns": ["no"]}, "'no' does not exist in the input"),
        ({"expect": "unique", "columns": ["id"], "min": 1}, "unique takes no min. Remove it"),
        ({"expect": "range", "columns": ["id"]}, "range needs min, max or both"),
        ({"expect": "range", "columns": ["id"], "min": "low"}, "'low' is no BIGINT"),
        ({"expect": "range", "columns": ["id"], "min": "nan"}, "'nan' is no BIGINT"),
        ({"expect": "range", "columns": ["id"], "max": "Infinity"}, "'Infinity' is no BIGINT"),
        ({"expect": "range", "columns": ["id"], "max": "1e999999"}, "'1e999999' is no BIGINT"),
        ({"expect": "set", "columns": ["id"], "values": [1.5]}, "'1.5' is no BIGINT"),
        ({"expect": "pattern", "columns": ["code"], "pattern": "("}, "cannot be read"),
        ({"expect": "expression", "condition": "no > 1"}, "column 'no' does not exist"),
        ({"expect": "expression", "condition": "random() > 1"}, "is another at each look"),
        ({"expect": "row_count", "min": 1, "action": "quarantine"}, "no row can be set aside"),
        ({"expect": "row_count", "min": 1.5}, "1.5 is no number of rows"),
        ({"expect": "freshness", "columns": ["id"], "max_age": "1 day"}, "is BIGINT, which has no"),
        ({"expect": "freshness", "columns": ["id"], "max_age": "soon"}, "'soon' is no age"),
        ({"expect": "freshness", "columns": ["no"], "max_age": "1 day"}, "'no' does not exist"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    lab: Lab, expectation: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        check(lab, expectation)


def test_two_expectations_of_one_name_are_refused(lab: Lab) -> None:
    twice = {"expect": "not_null", "columns": ["id"]}

    with pytest.raises(ConfigError, match="Two expectations are called 'not_null id'"):
        check(lab, twice, twice)


@in_a_lab
@given(rows=ROWS)
def test_each_row_goes_on_or_is_set_aside(lab: Lab, rows: list[dict[str, Any]]) -> None:
    expectations = [
        {"expect": "unique", "columns": ["k", "s"], "action": "quarantine"},
        {"expect": "range", "columns": ["v"], "min": 0, "max": 2, "action": "quarantine"},
    ]

    result = check(lab, *expectations, rows=values(rows), max_rejected="100%")

    keys = [(row["k"], row["s"]) for row in rows if None not in (row["k"], row["s"])]
    good = [
        row
        for row in rows
        if keys.count((row["k"], row["s"])) < 2 and (row["v"] is None or 0 <= row["v"] <= 2)
    ]
    assert counted_records(lab, result) == sorted(
        tuple(repr(row[name]) for name in "kvs") for row in good
    )
    assert result["metrics"]["rows_rejected"] == len(rows) - len(good)
