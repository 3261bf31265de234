"""What comes late, within a lag behind the position."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from etl.context import RunContext
from etl.watermarks.config import Watermark
from etl.watermarks.reading import Reading
from etl.watermarks.store import Window
from tests.etl.watermarks.conftest import PIPELINE, Incremental, numbered

# Whole executions, one after another.
pytestmark = pytest.mark.slow


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
