"""transform.join: where the rows of both sides went."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import DataError
from etl.modules import join
from etl.modules.join import Join
from tests.etl.conftest import Lab
from tests.etl.ugly import EMPTY, ROWS, UGLY, counts, in_a_lab, values

pytestmark = pytest.mark.slow

# Of the left, 2 rows match twice, 1 never, and 1 has no key; of the right, 1 never matches.
LEFT = "SELECT * FROM (VALUES (1, 'a'), (1, 'b'), (5, 'c'), (NULL, 'd')) t(k, l)"
RIGHT = "SELECT * FROM (VALUES (1, 'x'), (1, 'y'), (9, 'z')) t(k, \"rows\")"


@pytest.mark.parametrize(
    ("how", "out", "removed", "added"),
    [
        ("inner", 4, 2 + 3, 2),
        ("left", 6, 3, 2),
        ("right", 5, 2 + 2, 2),
        ("full", 7, 2, 2),
        ("semi", 2, 2 + 3, 0),
        ("anti", 2, 2 + 3, 0),
    ],
)
def test_what_found_no_match_and_what_was_multiplied_is_counted(
    lab: Lab, caplog: pytest.LogCaptureFixture, how: str, out: int, removed: int, added: int
) -> None:
    inputs = {"left": lab.stage(LEFT, "a"), "right": lab.stage(RIGHT, "b")}

    with caplog.at_level("INFO"):
        result = lab.run("transform.join", {"how": how, "left_keys": ["K"]}, inputs=inputs)

    assert counts(result) == (7, out, 0, removed, added)
    assert (
        f"{how} join: 2 of 4 left rows and 1 of 3 right rows found no match, and {added} rows were "
        "added by matches after the first" in caplog.text
    )


def test_a_join_that_lost_a_row_fails(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = Join._columns
    monkeypatch.setitem(join._SQL, "inner", "SEMI JOIN")
    monkeypatch.setattr(
        Join, "_columns", lambda self, *args: [c for c in columns(self, *args) if c[0] == "l"]
    )
    inputs = {"left": lab.stage(LEFT, "a"), "right": lab.stage(RIGHT, "b")}

    with pytest.raises(DataError, match=r"its rows do not add up: .*, so 2 are missing"):
        lab.run("transform.join", {"left_keys": ["k"]}, inputs=inputs)


@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
def test_nothing_joins(lab: Lab, how: str) -> None:
    for left, right in ((UGLY, EMPTY), (EMPTY, UGLY), (EMPTY, EMPTY)):
        inputs = {"left": lab.stage(left, "a"), "right": lab.stage(right, "b")}
        for keys in (["x"], ["id", 'the "NAME'], ["when?"], ["huge int", "beträge"]):
            lab.run("transform.join", {"how": how, "left_keys": keys}, inputs=inputs)


@in_a_lab
@given(
    left=ROWS,
    right=ROWS,
    keys=st.sampled_from([["k"], ["k", "s"]]),
    how=st.sampled_from(["inner", "left", "right", "full", "semi", "anti"]),
)
def test_the_account_of_any_join_closes(
    lab: Lab, left: list[dict[str, Any]], right: list[dict[str, Any]], keys: list[str], how: str
) -> None:
    inputs = {"left": lab.stage(values(left), "a"), "right": lab.stage(values(right), "b")}

    result = lab.run("transform.join", {"how": how, "left_keys": keys}, inputs=inputs)

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in keys)

    pairs = [(a, b) for a in left for b in right if None not in key(a) and key(a) == key(b)]
    alone = [a for a in left if None in key(a) or key(a) not in map(key, right)]
    assert result["metrics"]["rows_added"] == (
        0 if how in {"semi", "anti"} else len(pairs) - len(left) + len(alone)
    )
    if how == "inner":
        assert result["metrics"]["rows_out"] == len(pairs)
