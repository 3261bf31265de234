"""When a watermark moves, and what becomes of rows that were read and not loaded everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from etl.context import RunContext
from etl.errors import ConfigError
from etl.local import LocalRun
from etl.runner import run_node
from etl.watermarks import loading
from tests.etl.watermarks.conftest import PIPELINE, Incremental, numbered

# Whole executions, one after another.
pytestmark = pytest.mark.slow

REFUSE = "CREATE TRIGGER refuse BEFORE INSERT ON {} BEGIN SELECT RAISE(ABORT, 'closed'); END"


@pytest.fixture
def half_loaded(incremental: Incremental) -> Incremental:
    """After the rows 1 and 2 came to `orders` only, for `copies` refused them; 3 is new now."""
    incremental.tables = ("orders", "copies")
    incremental.source([])
    (incremental.data / "target.sqlite").touch()
    incremental.execute("CREATE TABLE copies (id INTEGER, name TEXT)")
    incremental.execute(REFUSE.format("copies"))
    incremental.source(numbered(1, 2))
    assert "closed" in str(incremental.failure())
    assert (incremental.ids("orders"), incremental.ids("copies")) == ([1, 2], [])
    incremental.source(numbered(1, 2, 3))
    return incremental


def test_it_does_not_move_while_one_of_the_loaders_has_not_committed(
    half_loaded: Incremental,
) -> None:
    assert half_loaded.position.number == 0


def test_the_next_execution_finishes_the_window_and_adds_nothing_twice(
    half_loaded: Incremental,
) -> None:
    half_loaded.execute("DROP TRIGGER refuse")
    read = half_loaded.read()
    assert read["watermark"] == {"column": "id", "start": None, "upto": "2", "repeated": True}
    assert "has not finished the rows up to id 2" in read["warnings"][0]
    assert (half_loaded.ids("orders"), half_loaded.ids("copies")) == ([1, 2], [1, 2])
    assert half_loaded.position.value == "2"

    half_loaded.read()
    assert (half_loaded.ids("orders"), half_loaded.ids("copies")) == ([1, 2, 3], [1, 2, 3])
    assert [p.value for p in half_loaded.store.history()] == ["3", "2"]


def test_a_window_is_finished_as_it_was_read_although_rows_came_late_within_it(
    half_loaded: Incremental,
) -> None:
    half_loaded.execute("DROP TRIGGER refuse")
    half_loaded.source([*numbered(1, 2), {"id": 2, "name": "late"}, *numbered(3)])
    half_loaded.read()
    assert half_loaded.ids("copies") == [1, 2]
    half_loaded.read()
    assert half_loaded.ids("orders") == half_loaded.ids("copies") == [1, 2, 2, 3]


def test_a_window_whose_source_has_changed_says_so(half_loaded: Incremental) -> None:
    half_loaded.execute("DROP TRIGGER refuse")
    half_loaded.source([{"id": 0, "name": "new"}, *numbered(1, 2)])
    done = half_loaded.run()
    assert done.error is None
    (warning,) = done.results["to_orders"]["warnings"]
    assert "3 rows came in of a window of which 2 rows were loaded" in warning
    metrics = done.results["to_orders"]["metrics"]
    assert (metrics["rows_in"], metrics["rows_out"], metrics["rows_removed"]) == (3, 0, 3)
    assert half_loaded.ids("orders") == [1, 2]
    assert half_loaded.ids("copies") == [0, 1, 2]


def test_a_window_that_cannot_be_finished_is_left_by_setting_the_watermark(
    half_loaded: Incremental,
) -> None:
    half_loaded.store.set("2", by="ada", reason="copies is closed for good", column="id")
    half_loaded.tables = ("orders",)
    half_loaded.read()
    # What is set by hand has seen no row: those at the value are read.
    assert half_loaded.ids("orders") == [1, 2, 2, 3]


def test_a_window_is_finished_by_the_loaders_that_are_left(half_loaded: Incremental) -> None:
    half_loaded.tables = ("orders",)
    half_loaded.read()
    half_loaded.read()
    assert half_loaded.ids("orders") == [1, 2, 3]
    assert half_loaded.position.value == "3"


def test_a_window_is_not_finished_by_another_column(half_loaded: Incremental) -> None:
    half_loaded.execute("DROP TRIGGER refuse")
    half_loaded.watermark = {"column": "name"}
    error = half_loaded.failure()
    assert error.field == "watermark.column"
    assert "the end '2' of what is not loaded yet is one of 'id'" in str(error)
    assert half_loaded.position.number == 0


def test_a_window_begins_where_it_was_read_from(half_loaded: Incremental) -> None:
    half_loaded.execute("DROP TRIGGER refuse")
    half_loaded.watermark = {"column": "id", "initial": 2}
    half_loaded.read()
    assert half_loaded.ids("copies") == [1, 2]


def test_a_loader_that_is_new_has_to_load_an_unfinished_window_too(
    half_loaded: Incremental,
) -> None:
    half_loaded.execute("DROP TRIGGER refuse")
    half_loaded.execute("CREATE TABLE third (id INTEGER, name TEXT)")
    half_loaded.execute(REFUSE.format("third"))
    half_loaded.tables = ("orders", "copies", "third")
    assert "closed" in str(half_loaded.failure())
    assert half_loaded.position.number == 0

    half_loaded.execute("DROP TRIGGER refuse")
    half_loaded.read()
    half_loaded.read()
    assert half_loaded.ids("third") == half_loaded.ids("copies") == [1, 2, 3]


def test_upserts_read_what_is_newest_after_a_failure(incremental: Incremental) -> None:
    incremental.load = {"mode": "upsert", "keys": ["id"]}
    (incremental.data / "target.sqlite").touch()
    incremental.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT)")
    incremental.execute(REFUSE.format("orders"))
    incremental.source(numbered(1, 2))
    incremental.failure()
    incremental.execute("DROP TRIGGER refuse")
    incremental.source(numbered(1, 2, 3))
    assert incremental.read()["watermark"]["repeated"] is False  # type: ignore[index]
    assert incremental.ids() == [1, 2, 3]


def test_a_process_that_died_between_commit_and_note_loses_nothing_and_doubles_nothing(
    incremental: Incremental, monkeypatch: pytest.MonkeyPatch
) -> None:
    def died(*_: object) -> None:
        raise MemoryError("killed")

    incremental.source(numbered(1, 2))
    with monkeypatch.context() as patch:
        patch.setattr(loading, "committed", died)
        incremental.failure()
    assert incremental.ids() == [1, 2]
    assert incremental.position.number == 0

    incremental.source(numbered(1, 2, 3))
    incremental.read()
    assert incremental.ids() == [1, 2]
    assert incremental.position.value == "2"
    incremental.read()
    assert incremental.ids() == [1, 2, 3]


def test_rows_that_the_target_refuses_are_quarantined_and_passed(incremental: Incremental) -> None:
    incremental.load = {"max_rejected": 1}
    (incremental.data / "target.sqlite").touch()
    incremental.execute("CREATE TABLE orders (id INTEGER, name TEXT NOT NULL)")
    incremental.source([*numbered(1), {"id": 2, "name": None}, *numbered(3)])
    done = incremental.run()
    assert done.error is None
    assert done.results["to_orders"]["metrics"]["rows_rejected"] == 1
    assert done.results["to_orders"]["advanced"] == [{"node": "read", "column": "id", "value": "3"}]
    assert incremental.read()["watermark"]["upto"] is None  # type: ignore[index]
    assert incremental.ids() == [1, 3]


def test_a_window_is_finished_with_the_rejected_rows_of_the_first_try(
    half_loaded: Incremental,
) -> None:
    half_loaded.store.set(None, by="ada", reason="anew", column="id")
    half_loaded.execute("DROP TABLE orders")
    half_loaded.execute("CREATE TABLE orders (id INTEGER, name TEXT NOT NULL)")
    half_loaded.load = {"max_rejected": 1}
    half_loaded.source([*numbered(1), {"id": 2, "name": None}])
    half_loaded.failure()
    assert half_loaded.ids("orders") == [1]

    half_loaded.execute("DROP TRIGGER refuse")
    done = half_loaded.run()
    assert done.error is None
    assert done.results["to_orders"]["metrics"]["rows_rejected"] == 1
    assert half_loaded.ids("orders") == [1]
    assert half_loaded.ids("copies") == [1, 2]


def test_setting_it_back_reads_rows_again(incremental: Incremental) -> None:
    incremental.load = {"mode": "upsert", "keys": ["id"]}
    incremental.source(numbered(1, 2, 3))
    incremental.read()
    incremental.store.set("2", by="ada", reason="row 2 was wrong", column="id")
    incremental.source([*numbered(1), {"id": 2, "name": "right"}, *numbered(3)])
    assert incremental.read()["metrics"]["rows_out"] == 2
    assert incremental.query("SELECT name FROM orders WHERE id = 2") == [("right",)]
    newest, by_hand, first = incremental.store.history()
    assert (newest.value, by_hand.value, first.value) == ("3", "2", "3")
    assert (by_hand.by, by_hand.reason) == ("ada", "row 2 was wrong")
    assert first.execution is not None
    assert by_hand.execution is None


def test_what_is_set_while_an_execution_loads_stays(
    incremental: Incremental, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = loading.committed

    def after_a_change(*arguments: Any) -> Any:
        incremental.store.set("1", by="ada", reason="again", column="id")
        return committed(*arguments)

    incremental.source(numbered(1, 2))
    with monkeypatch.context() as patch:
        patch.setattr(loading, "committed", after_a_change)
        done = incremental.run()
    assert done.error is None
    assert done.results["to_orders"]["advanced"] == []
    assert incremental.position.value == "1"


@pytest.mark.parametrize("load", [{"mode": "upsert", "keys": ["id"]}, {}])
def test_a_load_that_is_repeated_after_newer_rows_were_loaded_is_refused(
    incremental: Incremental, load: dict[str, Any]
) -> None:
    incremental.load = load
    incremental.watermark = {"column": "version"}
    incremental.source([{"id": 1, "version": 1}])
    first = incremental.run()
    repeat_load(incremental, first)
    incremental.store.set("1", by="ada", reason="again", column="version")
    repeat_load(incremental, first)

    incremental.source([{"id": 1, "version": 2}])
    second = incremental.run()
    loaded = incremental.query("SELECT * FROM orders")
    with pytest.raises(ConfigError, match=f"{second.execution_id} has loaded newer rows of 'read'"):
        repeat_load(incremental, first)
    repeat_load(incremental, second)
    assert incremental.query("SELECT * FROM orders") == loaded


def repeat_load(incremental: Incremental, run: LocalRun) -> None:
    """Run the loader of an execution alone, as somebody does who clears its task."""
    settings = incremental.settings
    node = incremental.graph()["nodes"][1]
    run_node(
        node_id=node["id"],
        module=node["module"],
        config=node["config"],
        inputs={"input": run.results["read"]},
        context=RunContext(
            execution_id=run.execution_id,
            node_id=node["id"],
            attempt=2,
            staging=settings.staging,
            state=settings.state,
            pipeline=PIPELINE,
            data_dirs=settings.data_dirs,
        ),
    )


def test_rows_through_an_aggregate_move_it_too(incremental: Incremental) -> None:
    incremental.source(numbered(1, 2))
    graph = incremental.graph()
    graph["nodes"].insert(
        1,
        {
            "id": "count",
            "module": "transform.aggregate",
            "config": {"measures": [{"name": "n", "function": "count"}]},
        },
    )
    graph["edges"] = [
        {"source": "read", "target": "count"},
        {"source": "count", "target": "to_orders"},
    ]
    incremental.graph = lambda: graph  # type: ignore[method-assign]
    incremental.read()
    incremental.source(numbered(1, 2, 3))
    incremental.read()
    assert incremental.query("SELECT n FROM orders ORDER BY n") == [(1,), (2,)]


def test_a_file_of_each_execution_is_written_once_although_another_loader_failed(
    half_loaded: Incremental,
) -> None:
    graph = half_loaded.graph()
    graph["nodes"].append(
        {"id": "file", "module": "load.csv", "config": {"path": "out/{{ run_id }}.csv"}}
    )
    graph["edges"].append({"source": "read", "target": "file"})
    half_loaded.graph = lambda: graph  # type: ignore[method-assign]
    half_loaded.failure()
    half_loaded.execute("DROP TRIGGER refuse")
    done = half_loaded.run()
    assert done.error is None
    metrics = done.results["file"]["metrics"]
    assert (metrics["rows_out"], metrics["rows_removed"]) == (0, 2)
    assert "were written by an execution before" in done.results["file"]["warnings"][0]
    (file,) = (half_loaded.data / "out").iterdir()
    assert file.read_text().splitlines() == ["id,name", "1,row 1", "2,row 2"]
