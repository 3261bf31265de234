"""transform.deduplicate: one row of those that are the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ConfigError
from tests.etl.conftest import Lab
from tests.etl.ugly import COLUMNS, EMPTY, NAME, ROWS, UGLY, counts, in_a_lab, values

VERSIONS = [
    {"id": 1, "at": "2024-01-02", "note": "new"},
    {"id": 1, "at": "2024-01-01", "note": "old"},
    {"id": 1, "at": None, "note": "undated"},
    {"id": 2, "at": None, "note": "only"},
]


def notes(lab: Lab, config: dict[str, Any], rows: Any = VERSIONS) -> list[str]:
    result = lab.run("transform.deduplicate", config, rows)
    return [row["note"] for row in sorted(lab.records(result), key=lambda row: row["id"])]


@pytest.mark.parametrize(("keep", "expected"), [("first", "old"), ("last", "new")])
def test_the_order_says_which_is_kept_and_empty_values_lose(
    lab: Lab, keep: str, expected: str
) -> None:
    config = {"keys": ["ID"], "order_by": [{"column": "At"}], "keep": keep}

    assert notes(lab, config) == [expected, "only"]


def test_a_descending_order_turns_first_and_last_around(lab: Lab) -> None:
    config = {"keys": ["id"], "order_by": [{"column": "at", "descending": True}]}

    assert notes(lab, config) == ["new", "only"]
    assert notes(lab, {**config, "keep": "last"}) == ["old", "only"]


def test_a_tie_is_broken_the_same_way_whatever_the_order_of_the_input(lab: Lab) -> None:
    rows = [{"id": 1, "at": "2024-01-01", "note": note} for note in ("b", "a", "c")]
    config = {"keys": ["id"], "order_by": [{"column": "at"}]}

    assert notes(lab, config, rows) == notes(lab, config, rows[::-1]) == ["a"]
    assert notes(lab, {"keys": ["id"]}, rows) == ["a"]


def test_without_keys_whole_rows_are_compared(lab: Lab) -> None:
    result = lab.run("transform.deduplicate", {}, UGLY)

    assert counts(result) == (7, 5, 0, 2, 0)
    assert result["columns"] == COLUMNS


@pytest.mark.parametrize("key", [*COLUMNS, NAME.upper(), "rows"])
def test_every_kind_of_value_can_be_a_key(lab: Lab, key: str) -> None:
    rows = UGLY if key != "rows" else "SELECT 1 AS rows, 2 AS b UNION ALL SELECT 1, 3"
    result = lab.run("transform.deduplicate", {"keys": [key]}, rows)

    kept = [repr(row) for row in lab.records(result)]
    assert len(kept) < counts(result)[0]
    assert counts(result)[1] + counts(result)[3] == counts(result)[0]


def test_nothing_stays_nothing(lab: Lab) -> None:
    assert counts(lab.run("transform.deduplicate", {}, EMPTY)) == (0, 0, 0, 0, 0)
    assert counts(lab.run("transform.deduplicate", {"keys": ["id"]}, EMPTY)) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"keys": ["nope"]}, "'nope' does not exist in the input, which has: id, at, note"),
        ({"keys": ["id"], "order_by": [{"column": "nope"}]}, "'nope' does not exist"),
        ({"keys": ["id", "ID"]}, "'ID' is named twice"),
        ({"order_by": [{"column": "at"}]}, "have no order. Set keys, or remove order_by and keep"),
        ({"keep": "last"}, "have no order"),
    ],
)
def test_what_cannot_be_meant_is_refused(lab: Lab, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        lab.run("transform.deduplicate", config, VERSIONS)


@in_a_lab
@given(rows=ROWS, keys=st.sets(st.sampled_from(["k", "v", "s"])), last=st.booleans())
def test_of_every_key_one_of_its_rows_is_kept(
    lab: Lab, rows: list[dict[str, Any]], keys: set[str], last: bool
) -> None:
    order = {"order_by": [{"column": "v"}], "keep": "last" if last else "first"} if keys else {}

    result = lab.run("transform.deduplicate", {"keys": sorted(keys), **order}, values(rows))

    compared = sorted(keys) or ["k", "v", "s"]
    kept = lab.records(result)
    found = [tuple(row[key] for key in compared) for row in kept]
    assert len(set(found)) == len(found)
    assert set(found) == {tuple(row[key] for key in compared) for row in rows}
    assert all(row in rows for row in kept)
    assert counts(result) == (len(rows), len(kept), 0, len(rows) - len(kept), 0)
