"""transform.limit and transform.sample: fewer rows, and which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ConfigError
from tests.etl.conftest import Lab
from tests.etl.ugly import COLUMNS, EMPTY, ROWS, UGLY, counted_records, counts, in_a_lab, values

NUMBERS = "SELECT i, 'even' AS same FROM range(20000) t(i)"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"rows": 2}, [0, 1]),
        ({"rows": 2, "offset": 3}, [3, 4]),
        ({"rows": 9, "offset": 3}, [3, 4]),
        ({"rows": 2, "offset": 9}, []),
        ({"rows": 2**62, "offset": 2**62}, []),
    ],
)
def test_limit_keeps_rows_in_their_order(
    lab: Lab, config: dict[str, int], expected: list[int]
) -> None:
    result = lab.run("transform.limit", config, "SELECT i FROM range(5) t(i)")

    assert [row["i"] for row in lab.records(result)] == expected
    assert counts(result) == (5, len(expected), 0, 5 - len(expected), 0)


def test_limit_takes_what_comes_first_also_of_many_rows(lab: Lab) -> None:
    result = lab.run("transform.limit", {"rows": 3, "offset": 300_000}, "FROM range(400000) t(i)")

    assert [row["i"] for row in lab.records(result)] == [300_000, 300_001, 300_002]


@pytest.mark.parametrize("module", ["transform.limit", "transform.sample"])
def test_ugly_rows_stay_as_they_are(lab: Lab, module: str) -> None:
    result = lab.run(module, {"rows": 100}, UGLY)

    assert result["columns"] == COLUMNS
    assert counted_records(lab, result) == counted_records(lab, lab.stage(UGLY))
    assert counts(lab.run(module, {"rows": 1}, EMPTY)) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "field 'rows' is missing. Add it"),
        ({"rows": 0}, "field 'rows' is wrong: input should be greater than or equal to 1"),
        ({"rows": 1, "offset": -1}, "field 'offset' is wrong"),
    ],
)
def test_limit_refuses_what_is_no_number_of_rows(
    lab: Lab, config: dict[str, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        lab.run("transform.limit", config, NUMBERS)


def test_a_sample_of_rows_has_so_many_in_their_order(lab: Lab) -> None:
    result = lab.run("transform.sample", {"rows": 500, "seed": 7}, NUMBERS)
    drawn = [row["i"] for row in lab.records(result)]

    assert len(set(drawn)) == 500
    assert drawn == sorted(drawn)
    assert 9000 < sum(drawn) / 500 < 11000
    assert counts(result) == (20000, 500, 0, 19500, 0)
    assert result["columns"] == ["i", "same"]


def test_a_share_of_equal_rows_is_a_share_all_the_same(lab: Lab) -> None:
    result = lab.run("transform.sample", {"share": 0.1}, "SELECT 1 AS one FROM range(20000)")

    assert 1800 < result["metrics"]["rows_out"] < 2200


@pytest.mark.parametrize("config", [{"rows": 500}, {"share": 0.1}])
def test_a_retry_draws_the_same_rows_and_another_seed_others(
    lab: Lab, config: dict[str, float]
) -> None:
    def drawn(seed: int, attempt: int) -> list[int]:
        result = lab.run("transform.sample", {**config, "seed": seed}, NUMBERS, attempt=attempt)
        return [row["i"] for row in lab.records(result)]

    first = drawn(1, attempt=1)
    assert drawn(1, attempt=2) == first
    other = drawn(2, attempt=1)
    # Two draws of a tenth, and of a fortieth, have about a tenth of themselves in common.
    assert len(set(first) & set(other)) < len(first) * 0.2


def test_a_sample_of_a_column_named_like_its_own_keeps_it(lab: Lab) -> None:
    result = lab.run("transform.sample", {"rows": 1}, "SELECT 5 AS PLACE, 6 AS place_, 7 AS draw")

    assert lab.records(result) == [{"PLACE": 5, "place_": 6, "draw": 7}]
    share = lab.run("transform.sample", {"share": 1}, "SELECT 5 AS draw")
    assert lab.records(share) == [{"draw": 5}]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "Set either rows or share"),
        ({"rows": 1, "share": 0.5}, "Set either rows or share"),
        ({"share": 0}, "field 'share' is wrong: input should be greater than 0."),
        ({"share": 1.5}, "field 'share' is wrong: input should be less than or equal to 1."),
        ({"rows": 0}, "field 'rows' is wrong"),
        ({"rows": 1, "seed": -1}, "field 'seed' is wrong"),
    ],
)
def test_sample_needs_either_a_number_or_a_share(
    lab: Lab, config: dict[str, float], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        lab.run("transform.sample", config, NUMBERS)


@in_a_lab
@given(rows=ROWS, share=st.floats(0.01, 1), seed=st.integers(0, 9))
def test_a_sample_holds_rows_of_its_input_only(
    lab: Lab, rows: list[dict[str, object]], share: float, seed: int
) -> None:
    source = lab.stage(values(rows))
    for config in ({"share": share, "seed": seed}, {"rows": seed + 1, "seed": seed}):
        result = lab.run("transform.sample", config, inputs={"input": source})
        left = counted_records(lab, source)
        for record in counted_records(lab, result):
            left.remove(record)
        assert len(left) == result["metrics"]["rows_removed"]
