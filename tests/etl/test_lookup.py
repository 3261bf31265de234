"""transform.lookup: columns of a second input, and each row exactly once."""

from __future__ import annotations

import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given

from etl.errors import ConfigError, DataError
from etl.quarantine import TooManyRejectedError
from etl.results import NodeResult
from tests.etl.conftest import Lab
from tests.etl.ugly import COLUMNS, EMPTY, NAME, ROWS, UGLY, counts, in_a_lab, values

ORDERS = [
    {"id": 1, "land": "at"},
    {"id": 2, "land": "fr"},
    {"id": 3, "land": "xx"},
    {"id": 4, "land": None},
]
LANDS = [
    {"code": "at", "title": "Austria", "people": 9},
    {"code": "fr", "title": None, "people": 68},
    {"code": None, "title": "nowhere", "people": 0},
    {"code": None, "title": "nowhere", "people": 0},
]
BY_CODE = {"keys": ["Land"], "lookup_keys": ["CODE"]}


def look_up(
    lab: Lab, config: dict[str, Any], rows: Any = ORDERS, lookup: Any = LANDS
) -> NodeResult:
    inputs = {"input": lab.stage(rows, "rows"), "lookup": lab.stage(lookup, "lands")}
    return lab.run("transform.lookup", config, inputs=inputs)


def records(lab: Lab, result: NodeResult) -> list[dict[str, Any]]:
    return sorted(lab.records(result), key=lambda row: row["id"])


def test_every_row_goes_on_once_with_the_columns_of_its_key(lab: Lab) -> None:
    result = look_up(lab, BY_CODE)

    assert result["columns"] == ["id", "land", "title", "people"]
    assert [row["people"] for row in records(lab, result)] == [9, 68, None, None]
    assert counts(result) == (8, 4, 0, 4, 0)


def test_columns_can_be_picked_and_prefixed(lab: Lab) -> None:
    result = look_up(lab, {**BY_CODE, "columns": ["TITLE", "code"], "prefix": "land_"})

    assert result["columns"] == ["id", "land", "land_title", "land_code"]


def test_a_missing_key_takes_the_default_and_a_found_empty_value_does_not(lab: Lab) -> None:
    config = {**BY_CODE, "missing": "default", "defaults": {"Title": "it's unknown"}}

    result = look_up(lab, config)

    assert [(row["title"], row["people"]) for row in records(lab, result)] == [
        ("Austria", 9),
        (None, 68),
        ("it's unknown", None),
        ("it's unknown", None),
    ]


def test_a_missing_key_can_be_rejected_with_its_row(lab: Lab) -> None:
    result = look_up(lab, {**BY_CODE, "missing": "reject", "max_rejected": 2})

    assert [row["id"] for row in records(lab, result)] == [1, 2]
    assert counts(result) == (8, 2, 2, 4, 0)
    rejected = result["rejected"]
    assert rejected is not None
    assert rejected["reasons"] == [
        {"reason": "'xx' is not in the lookup", "field": "Land", "rows": 1},
        {"reason": "the key is empty", "field": "Land", "rows": 1},
    ]
    rows = pq.read_table(f"{rejected['uri']}/part-0.parquet").to_pylist()
    assert {"id": "3", "land": "xx"} in [json.loads(row["record"]) for row in rows]


def test_a_missing_key_fails_the_node_where_none_may_be_rejected(lab: Lab) -> None:
    with pytest.raises(TooManyRejectedError, match="1 x 'xx' is not in the lookup"):
        look_up(lab, {**BY_CODE, "missing": "reject"})


def test_a_share_of_missing_keys_is_one_of_the_input_whatever_the_size_of_the_lookup(
    lab: Lab,
) -> None:
    lookup = "SELECT i::VARCHAR AS code FROM range(1000) t(i) UNION ALL SELECT 'at'"

    with pytest.raises(TooManyRejectedError, match="3 of 4 rows are faulty, and max_rejected acc"):
        look_up(lab, {**BY_CODE, "missing": "reject", "max_rejected": "50%"}, lookup=lookup)


TWICE = [*LANDS, {"code": "at", "title": "Österreich", "people": 8}]


def test_a_key_that_is_in_the_lookup_twice_is_an_error(lab: Lab) -> None:
    with pytest.raises(DataError) as caught:
        look_up(lab, BY_CODE, lookup=TWICE)

    assert str(caught.value) == (
        "Node 'node': the lookup has duplicate keys (1 in all), such as 'at', which is in 2 rows. "
        "Remove duplicates in an earlier node, or set duplicates to first."
    )


def test_or_its_first_row_by_an_order_is_taken(lab: Lab) -> None:
    for order, expected in (([], 9), ([{"column": "People"}], 8)):
        for lookup in (TWICE, TWICE[::-1]):
            config = {**BY_CODE, "duplicates": "first", "order_by": order, "columns": ["people"]}
            result = look_up(lab, config, lookup=lookup)
            assert records(lab, result)[0]["people"] == expected
            assert counts(result) == (9, 4, 0, 5, 0)


@pytest.mark.parametrize(
    "keys", [["id", NAME.upper()], ["huge INT"], ["beträge"], ["When?"], ["X"]]
)
def test_ugly_keys_find_themselves(lab: Lab, keys: list[str]) -> None:
    config = {"keys": keys, "duplicates": "first", "prefix": 'a "b '}

    result = look_up(lab, config, UGLY, UGLY)

    used = {key.casefold() for key in keys}
    added = [f'a "b {name}' for name in COLUMNS if name.casefold() not in used]
    assert result["columns"] == [*COLUMNS, *added]
    assert counts(result) == (14, 7, 0, 7, 0)


def test_nothing_looks_up_and_nothing_is_found_in_nothing(lab: Lab) -> None:
    config = {"keys": ["id"], "prefix": "x"}

    assert counts(look_up(lab, config, EMPTY, EMPTY)) == (0, 0, 0, 0, 0)
    assert counts(look_up(lab, config, UGLY, EMPTY)) == (7, 7, 0, 0, 0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"keys": ["land"]}, "'land' does not exist in the lookup, which has: code, title, people"),
        ({**BY_CODE, "keys": ["no"]}, "'no' does not exist in the input"),
        ({**BY_CODE, "columns": ["no"]}, "'no' does not exist in the lookup"),
        ({**BY_CODE, "keys": ["id"]}, "key 'id' has types that do not go together: BIGINT in the"),
        ({**BY_CODE, "lookup_keys": ["code", "title"]}, "There are 1 keys but 2 lookup keys"),
        ({**BY_CODE, "missing": "default"}, "Set defaults and missing to default"),
        ({**BY_CODE, "defaults": {"title": "x"}}, "Set defaults and missing to default"),
        ({**BY_CODE, "missing": "default", "defaults": {"code": "x"}}, "'code' does not exist"),
        ({**BY_CODE, "missing": "default", "defaults": {"people": "x"}}, "'x' is no BIGINT"),
        ({**BY_CODE, "order_by": [{"column": "people"}]}, "Remove order_by"),
    ],
)
def test_what_cannot_be_meant_is_refused(lab: Lab, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        look_up(lab, config)


def test_an_added_column_cannot_have_the_name_of_one_that_is_there(lab: Lab) -> None:
    with pytest.raises(ConfigError, match="'id' is there already"):
        look_up(lab, BY_CODE, lookup=[{"code": "at", "id": 5}])


@in_a_lab
@given(rows=ROWS, lookup=ROWS)
def test_rows_are_neither_lost_nor_multiplied(
    lab: Lab, rows: list[dict[str, Any]], lookup: list[dict[str, Any]]
) -> None:
    config = {"keys": ["k", "s"], "prefix": "x_", "duplicates": "first"}

    result = look_up(lab, config, values(rows), values(lookup))

    found = sorted(repr((row["k"], row["v"], row["s"])) for row in lab.records(result))
    assert found == sorted(repr((row["k"], row["v"], row["s"])) for row in rows)
