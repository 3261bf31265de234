"""What a watermark cannot read by, and what it warns of."""

from __future__ import annotations

import pytest

from tests.etl.watermarks.conftest import Incremental, numbered


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
