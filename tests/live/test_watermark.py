"""Only what is new is read and loaded; nothing is lost when rows are rejected or a load fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.client import Json, LiveStack, eventually
from tests.live.nodes import chain, load_node

FIRST = "(1, '10.5', '2024-05-01 08:00'), (2, '20', '2024-05-01 09:00')"
SECOND = "(3, '30', '2024-05-01 10:00'), (4, '12,50', '2024-05-01 11:00')"
LATE = "(5, '50', '2024-05-01 10:30')"


def read_node(table: str, **watermark: Any) -> Json:
    return {
        "id": "read_orders",
        "module": "extract.sql",
        "config": {"connection": "warehouse", "query": f"SELECT * FROM {table}"},
        "watermark": {"column": "updated_at", **watermark},
    }


def numbers_node() -> Json:
    return {
        "id": "to_numbers",
        "module": "transform.cast",
        "config": {"types": {"amount": "DOUBLE"}, "max_rejected": 1},
    }


def source(live: LiveStack, table: str, rows: str = FIRST) -> None:
    live.warehouse(f"CREATE TABLE {table} (order_id bigint, amount text, updated_at timestamp)")
    add(live, table, rows)


def add(live: LiveStack, table: str, rows: str) -> None:
    live.warehouse(f"INSERT INTO {table} VALUES {rows}")


def load(live: LiveStack, table: str) -> list[tuple[int, float]]:
    rows = live.warehouse(f"SELECT order_id, amount FROM {table} ORDER BY order_id, amount")
    return [(row["order_id"], row["amount"]) for row in rows]


def watermark(live: LiveStack, pipeline: Json) -> Json:
    (found,) = live.call("GET", f"pipelines/{pipeline['id']}/watermarks")
    return found  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def pipeline(live: LiveStack) -> Json:
    """Reads `live_feed` by a watermark into `live_fed`, setting aside what is no number."""
    source(live, "live_feed")
    return live.create(
        *chain(
            read_node("live_feed", lag="1 hour"),
            numbers_node(),
            load_node("live_fed", mode="append"),
        )
    )


@pytest.fixture(scope="module")
def first(live: LiveStack, pipeline: Json) -> Json:
    return live.run(pipeline)


@pytest.fixture(scope="module")
def second(live: LiveStack, pipeline: Json, first: Json) -> Json:
    add(live, "live_feed", SECOND)
    return live.run(pipeline)


@pytest.fixture(scope="module")
def replay(live: LiveStack, second: Json) -> Json:
    body = {"node": "to_numbers", "records": {"0": {"amount": "12.50"}}}
    started = live.call("POST", f"executions/{second['id']}/replay", body)
    return live.wait(started["execution_id"])


def test_the_first_execution_reads_everything(live, pipeline, first):
    assert first["status"] == "success", first
    assert first["tasks"][0]["output"]["watermark"] == {
        "column": "updated_at",
        "start": None,
        "upto": "2024-05-01 09:00:00",
        "repeated": False,
    }
    assert first["tasks"][2]["output"]["advanced"] == [
        {"node": "read_orders", "column": "updated_at", "value": "2024-05-01 09:00:00"}
    ]


def test_the_second_reads_what_is_new_and_the_watermark_advances(live, pipeline, second):
    assert second["status"] == "success", second
    read, cast, loaded = second["tasks"]
    assert (read["rows_out"], cast["rows_rejected"], loaded["rows_out"]) == (2, 1, 1)
    found = watermark(live, pipeline)
    assert found["position"]["value"] == "2024-05-01 11:00:00"
    assert found["position"]["execution_id"] == second["id"]
    assert [p["value"] for p in found["history"]] == ["2024-05-01 11:00:00", "2024-05-01 09:00:00"]


def test_what_was_rejected_arrives_by_a_replay_which_moves_nothing(live, pipeline, replay):
    assert replay["status"] == "success", replay
    assert load(live, "live_fed") == [(1, 10.5), (2, 20), (3, 30), (4, 12.5)]
    assert len(watermark(live, pipeline)["history"]) == 2


def test_a_run_that_airflow_starts_goes_on_from_there_and_finds_what_came_late(
    live, pipeline, replay
):
    add(live, "live_feed", LATE)
    dag = f"dags/pipeline_{pipeline['id']}"
    run = live.airflow_call("POST", f"{dag}/dagRuns", {"logical_date": None}).json()

    def ended() -> bool:
        answer = live.airflow_call("GET", f"{dag}/dagRuns/{run['dag_run_id']}").json()
        assert answer["state"] != "failed"
        return bool(answer["state"] == "success")

    eventually(ended, 60)
    assert load(live, "live_fed") == [(1, 10.5), (2, 20), (3, 30), (4, 12.5), (5, 50)]
    # It is within the lag, and not newer than what was reached.
    assert watermark(live, pipeline)["position"]["value"] == "2024-05-01 11:00:00"


def test_a_failed_load_loses_nothing_and_doubles_nothing(live):
    source(live, "live_halves")
    live.warehouse("CREATE TABLE live_half_b (order_id bigint CHECK (order_id <> 2))")
    nodes = [
        read_node("live_halves"),
        load_node("live_half_a", "to_a", mode="append"),
        load_node("live_half_b", "to_b", mode="append", on_drift="ignore"),
    ]
    edges: list[tuple[str, str] | Json] = [("read_orders", "to_a"), ("read_orders", "to_b")]
    pipeline = live.create(nodes, edges)
    failed = live.wait(live.execute(pipeline))
    assert failed["status"] == "failed", failed
    assert watermark(live, pipeline)["position"] is None

    live.warehouse("ALTER TABLE live_half_b DROP CONSTRAINT live_half_b_order_id_check")
    add(live, "live_halves", SECOND)
    again = live.run(pipeline)
    assert again["tasks"][0]["output"]["watermark"]["repeated"] is True
    assert watermark(live, pipeline)["position"]["value"] == "2024-05-01 09:00:00"
    live.run(pipeline)
    for table in ("live_half_a", "live_half_b"):
        rows = live.warehouse(f"SELECT order_id FROM {table} ORDER BY order_id")
        assert [row["order_id"] for row in rows] == [1, 2, 3, 4]


def test_a_watermark_that_is_set_back_reads_again(live):
    source(live, "live_redo")
    pipeline = live.create(
        *chain(
            read_node("live_redo"),
            numbers_node(),
            load_node("live_redone", mode="upsert", keys=["order_id"]),
        )
    )
    live.run(pipeline)
    live.warehouse("UPDATE live_redo SET amount = '99' WHERE order_id = 2")
    live.run(pipeline)
    assert load(live, "live_redone") == [(1, 10.5), (2, 99)]
    live.warehouse("UPDATE live_redo SET amount = '11' WHERE order_id = 1")
    body = {"value": "2024-05-01 08:00", "reason": "order 1 was corrected at the source"}
    changed = live.call("POST", f"pipelines/{pipeline['id']}/watermarks/read_orders", body)
    assert changed["position"]["reason"] == body["reason"]
    live.run(pipeline)
    assert load(live, "live_redone") == [(1, 11), (2, 99)]
