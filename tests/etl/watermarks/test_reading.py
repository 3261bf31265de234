"""Which rows an execution reads by a watermark, and where it leaves it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.etl.watermarks.conftest import Incremental, numbered

# Whole executions, one after another.
pytestmark = pytest.mark.slow


def test_the_second_execution_reads_only_what_is_new(incremental: Incremental) -> None:
    incremental.source(numbered(1, 2, 3))
    first = incremental.read()
    incremental.source(numbered(1, 2, 3, 4, 5))
    second = incremental.read()

    assert first["watermark"] == {"column": "id", "start": None, "upto": "3", "repeated": False}
    assert second["watermark"] == {"column": "id", "start": "3", "upto": "5", "repeated": False}
    assert second["metrics"]["rows_out"] == 2
    assert incremental.ids() == [1, 2, 3, 4, 5]
    assert incremental.position.value == "5"


def test_nothing_new_leaves_the_position_where_it_is(incremental: Incremental) -> None:
    incremental.source(numbered(1, 2))
    incremental.read()
    again = incremental.read()

    assert again["watermark"] == {"column": "id", "start": "2", "upto": None, "repeated": False}
    assert incremental.ids() == [1, 2]
    assert incremental.position.number == 1


def test_a_source_without_new_rows_at_the_first_time_moves_nothing(
    incremental: Incremental,
) -> None:
    incremental.watermark = {"column": "id", "initial": 10}
    incremental.source(numbered(1, 2))
    assert incremental.read()["watermark"] == {
        "column": "id",
        "start": "10",
        "upto": None,
        "repeated": False,
    }
    assert incremental.position.number == 0


def test_it_begins_at_the_initial_value_and_with_it(incremental: Incremental) -> None:
    incremental.watermark = {"column": "id", "initial": 2}
    incremental.source(numbered(1, 2, 3))
    assert incremental.read()["watermark"]["start"] == "2"  # type: ignore[index]
    assert incremental.ids() == [2, 3]


def test_rows_that_come_later_with_the_same_value_are_read_and_the_others_not_again(
    incremental: Incremental,
) -> None:
    incremental.watermark = {"column": "day"}
    first = [{"id": n, "day": "2024-05-01"} for n in (1, 2)]
    incremental.source(first)
    incremental.read()
    incremental.source([*first, {"id": 3, "day": "2024-05-01"}, {"id": 4, "day": "2024-05-02"}])
    incremental.read()
    assert incremental.ids() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"n": 1}, {"n": 1.5}),
        ({"n": 100}, {"n": 0.25}),
        ({"at": "2024-05-01"}, {"at": "2024-05-02 10:30:00"}),
        ({"at": "2024-05-01 10:30:00"}, {"at": "2024-05-01 10:30:00.5"}),
        ({}, {"note": "new"}),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
    ],
)
def test_what_newer_rows_make_of_the_columns_does_not_change_older_ones(
    incremental: Incremental, before: dict[str, Any], after: dict[str, Any]
) -> None:
    incremental.load = {"on_drift": "ignore"}
    first = {"id": 1, **before}
    incremental.source([first])
    incremental.read()
    # What was read before is first in the file, or last.
    incremental.source([first, {"id": 2, **after}])
    incremental.read()
    incremental.source([{"id": 3, **after}, {"id": 2, **after}, first])
    incremental.read()
    assert incremental.ids() == [1, 2, 3]


def test_rows_that_differ_in_digits_or_in_what_is_empty_are_different(
    incremental: Incremental,
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": 7, "n": 10, "a": "x", "b": None},
        {"id": 7, "n": 100, "a": "x", "b": None},
        {"id": 7, "n": 100.5, "a": "x", "b": None},
        {"id": 7, "n": 100.05, "a": "x", "b": None},
        {"id": 7, "n": 100.5, "a": None, "b": "x"},
        {"id": 7, "n": 100.5, "a": "", "b": "x"},
    ]
    for count in range(1, len(rows) + 1):
        incremental.source(rows[:count])
        incremental.read()
    assert incremental.ids() == [7] * len(rows)


def test_of_equal_rows_as_many_are_read_as_there_are_more(incremental: Incremental) -> None:
    incremental.watermark = {"column": "day"}
    row = {"id": 7, "day": "2024-05-01"}
    incremental.source([row, row])
    incremental.read()
    incremental.source([row] * 5)
    incremental.read()
    incremental.source([row] * 6)
    incremental.read()
    assert incremental.ids() == [7] * 6


@pytest.mark.parametrize("name", ["rows", "fingerprint", "value", "a", "b"])
def test_a_source_may_have_columns_of_any_name(incremental: Incremental, name: str) -> None:
    for column in ("id", name):
        incremental.watermark = {"column": column}
        incremental.store.set(None, by="ada", reason="anew", column=column)
        incremental.tables = (f"by_{column}",)
        incremental.source([{"id": 1, name: 1}])
        incremental.read()
        incremental.source([{"id": 1, name: 1}, {"id": 2, name: 2}])
        incremental.read()
        assert incremental.ids(f"by_{column}") == [1, 2]


def test_without_a_pipeline_each_run_begins_anew(incremental: Incremental) -> None:
    from etl.local import run_graph

    incremental.source(numbered(1, 2))
    for _ in range(2):
        done = run_graph(incremental.graph(), params={}, settings=incremental.settings)
        assert done.error is None
    assert incremental.ids() == [1, 1, 2, 2]
    assert not (incremental.folder / "state").exists()


def test_a_source_that_is_empty_now_gives_no_rows_in_the_columns_that_it_had(
    incremental: Incremental,
) -> None:
    incremental.source(numbered(1, 2))
    incremental.read()
    incremental.source([])
    empty = incremental.read()
    assert empty["shape"] == [0, 2]
    assert empty["schema"] == {"id": "BIGINT", "name": "VARCHAR"}
    assert incremental.position.value == "2"


def test_an_empty_file_beside_others_does_not_hide_their_rows(incremental: Incremental) -> None:
    incremental.source(numbered(1, 2))
    incremental.read()
    incremental.extract = {"path": "*.jsonl"}
    incremental.source(numbered(3))
    (incremental.data / "more.jsonl").touch()
    assert "file 'more.jsonl' is empty" in str(incremental.failure())
