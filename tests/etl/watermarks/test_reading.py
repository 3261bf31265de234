"""Which rows an execution reads by a watermark, and where it leaves it."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from etl.context import RunContext
from etl.watermarks.config import Watermark
from etl.watermarks.reading import Reading
from etl.watermarks.store import Window
from tests.etl.watermarks.conftest import PIPELINE, Incremental


def numbered(*ids: int) -> list[dict[str, Any]]:
    return [{"id": number, "name": f"row {number}"} for number in ids]


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


@pytest.mark.parametrize(
    ("column", "lag", "values"),
    [
        ("id", 10, [100, 120, 111, 109]),
        ("at", "2 hours", ["2024-05-01 10:00:00", "2024-05-01 12:00:00", "2024-05-01 10:30:00",
                           "2024-05-01 09:59:59"]),
        ("at", "1 day", ["2024-05-01", "2024-05-03", "2024-05-02", "2024-05-01"]),
    ],
)  # fmt: skip
def test_rows_that_come_late_are_read_within_the_lag_once(
    incremental: Incremental, column: str, lag: object, values: list[Any]
) -> None:
    incremental.watermark = {"column": column, "lag": lag}
    early, newest, late, too_late = (
        {"id": number, column: value, "what": f"row {number}"}
        for number, value in enumerate(values)
    )
    incremental.source([early, newest])
    incremental.read()
    incremental.source([early, newest, late, too_late])
    incremental.read()
    incremental.read()
    whats = [row[0] for row in incremental.query("SELECT what FROM orders ORDER BY what")]
    assert whats == ["row 0", "row 1", "row 2"]


def test_what_was_seen_within_the_lag_is_known_over_several_executions(
    incremental: Incremental,
) -> None:
    incremental.watermark = {"column": "id", "lag": 100}
    rows: list[dict[str, Any]] = []
    for number in (10, 30, 20, 40, 25):
        rows.append({"id": number, "name": "x"})
        incremental.source(rows)
        incremental.read()
    assert incremental.ids() == [10, 20, 25, 30, 40]


@pytest.mark.parametrize(
    ("kind", "lag"),
    [("UINTEGER", 100), ("UBIGINT", 1e30), ("TINYINT", 100), ("BIGINT", 0.5), ("DOUBLE", 100)],
)
def test_a_lag_reaches_beyond_the_least_number_of_the_column(
    incremental: Incremental, kind: str, lag: float
) -> None:
    def source(*ids: int) -> None:
        values = ", ".join(f"({number})" for number in ids)
        duckdb.sql(f"SELECT id::{kind} AS id FROM (VALUES {values}) t(id)").write_parquet(
            str(incremental.data / "source.parquet")
        )

    incremental.watermark = {"column": "id", "lag": lag}
    incremental.extractor, incremental.extract = "extract.parquet", {"path": "source.parquet"}
    source(3, 5)
    incremental.read()
    source(3, 5, 5, 6)
    incremental.read()
    assert [int(number) for number in incremental.ids()] == [3, 5, 5, 6]


def test_what_is_spared_does_not_hang_on_the_zone_of_the_machine(
    incremental: Incremental, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = incremental.store
    at = "2024-03-31 12:00:00+00"
    window = Window(
        "w", "read", 0, "at", "TIMESTAMP WITH TIME ZONE", None, at, ("load",), "execution"
    )
    store.loaded(window, "load")
    connect = duckdb.connect

    def elsewhere(*arguments: Any) -> Any:
        connection = connect(*arguments)
        connection.execute("SET TimeZone = 'Europe/Paris'")
        return connection

    monkeypatch.setattr(duckdb, "connect", elsewhere)
    reading = Reading.begin(
        Watermark(column="at", lag="1 day"),
        ("load",),
        RunContext(
            "execution", "read", "staging", state=incremental.settings.state, pipeline=PIPELINE
        ),
    )
    assert reading.bounds().low == "2024-03-30 12:00:00+00"


def test_no_lag_reaches_below_the_initial_value(incremental: Incremental) -> None:
    incremental.watermark = {"column": "id", "initial": 5, "lag": 100}
    incremental.source(numbered(4, 5, 6))
    for _ in range(3):
        incremental.read()
    assert incremental.ids() == [5, 6]


def test_no_lag_reaches_below_a_position_that_was_set(incremental: Incremental) -> None:
    incremental.watermark = {"column": "id", "lag": 100}
    incremental.source(numbered(1, 2, 3))
    incremental.read()
    incremental.store.set("2", by="ada", reason="again", column="id")
    for _ in range(3):
        incremental.read()
    assert incremental.ids() == [1, 2, 2, 3, 3]


def test_a_row_that_changed_within_the_lag_is_read_again(incremental: Incremental) -> None:
    incremental.watermark = {"column": "id", "lag": 5}
    incremental.load = {"mode": "upsert", "keys": ["id"]}
    incremental.source([{"id": 1, "name": "old"}, {"id": 2, "name": "same"}])
    incremental.read()
    incremental.source([{"id": 1, "name": "new"}, {"id": 2, "name": "same"}])
    assert incremental.read()["metrics"]["rows_out"] == 1
    assert incremental.query("SELECT id, name FROM orders ORDER BY id") == [(1, "new"), (2, "same")]


def test_rows_without_a_value_fail_the_execution_and_nothing_moves(
    incremental: Incremental,
) -> None:
    incremental.source([{"id": 1, "name": "a"}, {"id": None, "name": "b"}])
    error = incremental.failure()
    assert error.field == "watermark.column"
    assert "1 of its 2 rows have no value in the column 'id'" in str(error)
    assert incremental.position.number == 0

    incremental.source([{"id": 1, "name": "a"}])
    incremental.read()
    incremental.source([{"id": 1, "name": "a"}, {"id": None, "name": "b"}])
    assert "have no value" in str(incremental.failure())


def test_infinity_is_nothing_that_a_watermark_could_go_to(incremental: Incremental) -> None:
    incremental.watermark = {"column": "day"}
    incremental.source([{"id": 1, "day": "2024-05-01"}, {"id": 2, "day": "infinity"}])
    assert "1 of its 2 rows have no finite value in the column 'day'" in str(incremental.failure())
    assert incremental.position.number == 0


def test_a_faulty_value_that_makes_texts_of_dates_does_not_become_the_position(
    incremental: Incremental,
) -> None:
    incremental.watermark = {"column": "day"}
    rows = [{"id": 1, "day": "2024-05-01"}]
    incremental.source(rows)
    incremental.read()
    incremental.source([*rows, {"id": 2, "day": "unknown"}])
    error = incremental.failure()
    assert error.field == "watermark.column"
    assert "was a DATE when it was last read, and is a VARCHAR now" in str(error)

    incremental.source(
        [{"id": 1, "day": "2024-05-01 00:00:00"}, {"id": 2, "day": "2024-05-02 10:00:00"}]
    )
    incremental.read()
    assert incremental.ids() == [1, 2]


def test_a_column_of_another_type_is_read_once_the_watermark_is_set(
    incremental: Incremental,
) -> None:
    incremental.watermark = {"column": "id"}
    incremental.load = {"keys": ["name"], "mode": "upsert"}
    incremental.source([{"id": "2024-05-01", "name": "x"}])
    incremental.read()
    incremental.source([{"id": "unknown", "name": "x"}, {"id": "2024-05-02", "name": "y"}])
    incremental.failure()
    incremental.store.set("2024-05-02", by="ada", reason="texts it is", column="id")
    assert incremental.read()["metrics"]["rows_out"] == 2


def test_a_lag_that_does_not_fit_the_column_is_refused(incremental: Incremental) -> None:
    incremental.watermark = {"column": "id", "lag": "2 hours"}
    incremental.source(numbered(1))
    error = incremental.failure()
    assert error.field == "watermark.lag"
    assert "'id', which is a BIGINT. Write a number" in str(error)


def test_an_initial_value_of_another_type_is_refused(incremental: Incremental) -> None:
    incremental.watermark = {"column": "id", "initial": "yesterday"}
    incremental.source(numbered(1))
    error = incremental.failure()
    assert error.field == "watermark.initial"
    assert "'yesterday' of its watermark is no BIGINT" in str(error)


def test_a_column_that_is_not_there_is_named_with_those_that_are(incremental: Incremental) -> None:
    incremental.watermark = {"column": "updated"}
    incremental.extract = {"path": "source.jsonl"}
    incremental.source(numbered(1))
    from etl.graph import GraphError

    with pytest.raises(GraphError, match="there is no column 'updated' for its watermark"):
        incremental.run()


def test_a_value_in_the_future_is_warned_of(incremental: Incremental) -> None:
    incremental.watermark = {"column": "day"}
    incremental.source([{"id": 1, "day": "2999-01-01"}])
    (warning,) = incremental.read()["warnings"]
    assert "The watermark goes to 2999-01-01, which lies in the future" in warning


def test_another_column_does_not_take_over_the_position(incremental: Incremental) -> None:
    incremental.source(numbered(1, 2))
    incremental.read()
    incremental.watermark = {"column": "name"}
    error = incremental.failure()
    assert error.field == "watermark.column"
    assert "its position '2' is one of 'id'" in str(error)

    incremental.store.set(None, by="ada", reason="names count now", column="name")
    incremental.read()
    assert incremental.ids() == [1, 1, 2, 2]


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
