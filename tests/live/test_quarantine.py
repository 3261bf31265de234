"""Faulty rows are set aside, looked at, and loaded after a fix: none is lost, none comes twice."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.live.client import Json, LiveStack
from tests.live.nodes import chain, csv_node, load_node

ORDERS = 'order_id,amount\n1,10.5\n2,"12,50"\n3,30\n4,n/a\n5,5\n'
# Guessing would make the column text because of the faulty values; so it does, and says so here.
TEXTS = {"types": {"order_id": "BIGINT", "amount": "VARCHAR"}}


def cast_node(**config: Any) -> Json:
    return {
        "id": "to_numbers",
        "module": "transform.cast",
        "config": {"types": {"amount": "DOUBLE"}, "max_rejected": 10} | config,
    }


def repair_node() -> Json:
    """The fix: a comma in an amount is a decimal point."""
    return {
        "id": "to_numbers",
        "module": "transform.derive",
        "config": {
            "columns": [
                {
                    "name": "amount",
                    "expression": "TRY_CAST(replace(amount, ',', '.') AS DOUBLE)",
                }
            ],
        },
    }


def load(live: LiveStack, table: str) -> list[tuple[int, float | None]]:
    rows = live.warehouse(f"SELECT order_id, amount FROM {table} ORDER BY order_id, amount")
    return [(row["order_id"], row["amount"]) for row in rows]


def create(live: LiveStack, table: str, **loader: Any) -> Json:
    (live.data / f"{table}.csv").write_text(ORDERS)
    return live.create(
        *chain(
            csv_node(f"{table}.csv", **TEXTS),
            cast_node(),
            load_node(table, **({"mode": "append"} | loader)),
        )
    )


@pytest.fixture(scope="module")
def executed(live: LiveStack) -> tuple[Json, Json]:
    """A pipeline, and an execution of it that has set aside two of five rows."""
    pipeline = create(live, "live_quarantine")
    return pipeline, live.run(pipeline)


@pytest.fixture(scope="module")
def replayed(live: LiveStack, executed: tuple[Json, Json]) -> Json:
    """The replay of these rows after the pipeline was put right."""
    pipeline, execution = executed
    config = pipeline["config"]
    config["nodes"] = [
        repair_node() if node["id"] == "to_numbers" else node for node in config["nodes"]
    ]
    live.call("PATCH", f"pipelines/{pipeline['id']}", {"config": config})
    body = {"node": "to_numbers"}
    started = live.call("POST", f"executions/{execution['id']}/replay", body)
    return live.wait(started["execution_id"])


def test_a_success_with_rejected_rows_says_so(live, executed):
    _, execution = executed
    assert execution["status"] == "success", execution
    assert (execution["has_rejected"], execution["rows_rejected"]) == (True, 2)
    cast = execution["tasks"][1]
    assert (cast["rows_in"], cast["rows_out"], cast["rows_rejected"]) == (5, 3, 2)
    found = live.call("GET", f"executions?pipeline={execution['pipeline']}&has_rejected=true")
    assert execution["id"] in [item["id"] for item in found["results"]]


def test_rejected_rows_are_listed(live, executed):
    _, execution = executed
    page = live.call("GET", f"executions/{execution['id']}/quarantine?node=to_numbers")
    assert page["count"] == 2
    assert [row["reason"] for row in page["results"]] == [
        "'12,50' is no DOUBLE",
        "'n/a' is no DOUBLE",
    ]
    assert json.loads(page["results"][0]["record"]) == {"order_id": "2", "amount": "12,50"}


def test_rejected_rows_are_downloaded(live, executed):
    _, execution = executed
    path = f"executions/{execution['id']}/quarantine/download?node=to_numbers"
    as_csv = live.request("GET", path)
    assert as_csv.ok, as_csv.text
    assert len(list(csv.DictReader(io.StringIO(as_csv.text)))) == 2
    as_parquet = live.request("GET", f"{path}&format=parquet")
    assert as_parquet.ok, as_parquet.text
    assert pq.read_table(io.BytesIO(as_parquet.content)).num_rows == 2


def test_after_the_fix_the_rejected_rows_arrive_and_nothing_comes_twice(live, executed, replayed):
    _, execution = executed
    assert replayed["status"] == "success", replayed
    assert (replayed["replay_of"], replayed["replay_node"]) == (execution["id"], "to_numbers")
    told = {
        task["node_id"]: (task["status"], task["rows_in"], task["rows_out"])
        for task in replayed["tasks"]
    }
    assert told == {
        "read_orders": ("skipped", None, None),
        "to_numbers": ("success", 2, 2),
        "to_warehouse": ("success", 2, 2),
    }
    assert load(live, "live_quarantine") == [(1, 10.5), (2, 12.5), (3, 30), (4, None), (5, 5)]


def test_the_first_execution_remembers_its_replay(live, executed, replayed):
    _, execution = executed
    body = {"node": "to_numbers"}
    answer = live.request("POST", f"executions/{execution['id']}/replay", body)
    assert (answer.status_code, answer.json()["type"]) == (409, "already-replayed")
    replays = live.execution(execution["id"])["replays"]
    assert [item["id"] for item in replays] == [replayed["id"]]


def test_corrected_rows_are_replayed_and_the_rest_is_rejected_again(live):
    pipeline = create(live, "live_corrected", mode="upsert", keys=["order_id"])
    execution = live.run(pipeline)
    body = {"node": "to_numbers", "records": {"0": {"amount": 12.5}}}
    started = live.call("POST", f"executions/{execution['id']}/replay", body)
    replay = live.wait(started["execution_id"])
    assert (replay["status"], replay["rows_rejected"]) == ("success", 1), replay
    assert load(live, "live_corrected") == [(1, 10.5), (2, 12.5), (3, 30), (5, 5)]


def test_a_replay_that_would_replace_what_is_loaded_is_refused(live):
    execution = live.run(create(live, "live_replaced", mode="replace"))
    body = {"node": "to_numbers"}
    answer = live.request("POST", f"executions/{execution['id']}/replay", body)
    assert (answer.status_code, answer.json()["type"]) == (409, "not-replayable")
    assert load(live, "live_replaced") == [(1, 10.5), (3, 30), (5, 5)]


def test_raw_lines_that_an_extractor_rejected_are_corrected_and_replayed(live):
    (live.data / "live_raw.csv").write_text('order_id,amount\n1,10.5\n2,"12,50"\n3,30\n4,n/a\n')
    types = {"order_id": "BIGINT", "amount": "DOUBLE"}
    reader = csv_node("live_raw.csv", types=types, max_rejected=10)
    pipeline = live.create(*chain(reader, load_node("live_raw", mode="append")))
    execution = live.run(pipeline)
    assert (execution["status"], execution["rows_rejected"]) == ("success", 2), execution
    # The source is gone: the raw lines are all that is left.
    (live.data / "live_raw.csv").unlink()
    body = {"node": "read_orders", "records": {"0": {"record": "2,12.50"}}}
    started = live.call("POST", f"executions/{execution['id']}/replay", body)
    replay = live.wait(started["execution_id"])
    assert (replay["status"], replay["rows_rejected"]) == ("success", 1), replay
    assert load(live, "live_raw") == [(1, 10.5), (2, 12.5), (3, 30)]
    page = live.call("GET", f"executions/{replay['id']}/quarantine?node=read_orders")
    [row] = page["results"]
    assert (row["file"], row["line"], row["record"]) == ("live_raw.csv", 5, "4,n/a")
