"""Previews in a running stack: the example, the warehouse, and executions beside them."""

from __future__ import annotations

import json
import time

import pytest

from stack.example import EXAMPLE
from stack.layout import PROJECT
from tests.live.client import Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node


def ask(live: LiveStack, graph: Json, node: str, **more: object) -> Json:
    asked: Json = live.call("POST", "previews", {"config": graph, "node": node, **more})
    return asked


def ended(live: LiveStack, preview: Json, seconds: float = 45) -> Json:
    def look() -> Json | None:
        found: Json = live.call("GET", f"previews/{preview['id']}")
        return found if found["status"] in ("ready", "failed") else None

    found = eventually(look, seconds)
    assert found is not None
    return found


def graph(nodes: list[Json], edges: list[tuple[str, str]]) -> Json:
    return {"nodes": nodes, "edges": [{"source": a, "target": b} for a, b in edges]}


def endless() -> Json:
    query = "SELECT count(*) AS n FROM input a, input b, input c, input d, input e"
    work = {"id": "work", "module": "transform.sql", "config": {"query": query}}
    return graph(*chain(csv_node("previewed.csv"), work))


@pytest.fixture(autouse=True)
def _file(live: LiveStack) -> None:
    (live.data / "previewed.csv").write_text("n\n" + "\n".join(map(str, range(5000))))


@pytest.mark.every_airflow
def test_the_example_is_previewed_and_loads_nothing(live: LiveStack) -> None:
    example = json.loads((PROJECT / EXAMPLE).read_text())
    exists = "SELECT to_regclass('deliveries') AS found"
    before = live.warehouse(exists)
    filtered = ended(
        live, ask(live, example["config"], "keep_valuable", params=example["default_params"])
    )
    assert filtered["status"] == "ready", filtered
    rows = filtered["outputs"][""]["rows"]
    assert len(rows) == 100
    assert all(float(row["amount"]) >= 10 for row in rows)
    arriving = ended(live, ask(live, example["config"], "to_warehouse", params={"min_amount": 10}))
    assert arriving["outputs"]["input"]["rows"] == rows
    assert [node["reused"] for node in arriving["nodes"]] == [True, True]
    assert live.warehouse(exists) == before


@pytest.mark.every_airflow
def test_the_warehouse_is_read_by_its_connection(live: LiveStack) -> None:
    live.warehouse("CREATE TABLE IF NOT EXISTS previewed AS SELECT 7 AS n, 'seven' AS text")
    config = {"connection": "warehouse", "query": "SELECT * FROM previewed"}
    read = {"id": "read", "module": "extract.sql", "config": config}
    found = ended(live, ask(live, graph([read], []), "read"))
    assert found["outputs"][""]["rows"] == [{"n": 7, "text": "seven"}]
    assert "previewed" in live.call("GET", "connections/warehouse/tables?search=preview")
    listed = {known["id"]: known for known in live.call("GET", "connections")}
    assert listed["warehouse"] == {
        "id": "warehouse",
        "type": "postgres",
        "description": "The demo warehouse of this LogiData",
        "opens_here": True,
    }


def test_a_connection_that_only_airflow_knows_says_what_to_do(live: LiveStack) -> None:
    live.define_connection("only_in_airflow")
    config = {"connection": "only_in_airflow", "query": "SELECT 1 AS n"}
    read = {"id": "read", "module": "extract.sql", "config": config}
    error = ended(live, ask(live, graph([read], []), "read"))["error"]
    assert error["node"] == "read"
    assert "AIRFLOW_CONN_ONLY_IN_AIRFLOW" in error["message"]
    tables = live.request("GET", "connections/only_in_airflow/tables")
    assert (tables.status_code, tables.json()["type"]) == (409, "connection-not-here")


def test_data_files_are_offered(live: LiveStack) -> None:
    found = [file["path"] for file in live.call("GET", "files?prefix=")]
    assert {"previewed.csv", "deliveries.csv"} <= set(found)


def test_executions_go_on_while_previews_take_all_their_time(live: LiveStack) -> None:
    (live.data / "beside.csv").write_text(ORDERS)
    pipeline = live.create(
        *chain(csv_node("beside.csv"), filter_node("amount > 6"), load_node("live_beside"))
    )
    live.run(pipeline)
    busy = [ask(live, endless(), "work") for _ in range(2)]
    for preview in busy:
        eventually(lambda p=preview: running(live, p), 20)
    began = time.monotonic()
    execution = live.wait(live.execute(pipeline), lambda e: e["status"] != "pending", 30)
    assert time.monotonic() - began < 15
    assert all(running(live, preview) for preview in busy)
    for preview in busy:
        live.call("DELETE", f"previews/{preview['id']}")
    assert live.wait(execution["id"])["status"] == "success"


def running(live: LiveStack, preview: Json) -> bool:
    found: Json = live.call("GET", f"previews/{preview['id']}")
    return bool(found["status"] == "running")


def test_without_its_worker_a_preview_waits_and_says_for_what(live: LiveStack) -> None:
    plain = graph(*chain(csv_node("previewed.csv"), filter_node("n < 2")))
    with live.without("previews"):
        preview = ask(live, plain, "keep_paid")

        def waits_for() -> str:
            found: Json = live.call("GET", f"previews/{preview['id']}")
            return str(found["waits_for"] or "")

        # Its last sign of life counts for a while.
        eventually(lambda: "No worker for previews" in waits_for(), 40)
        health = live.request("GET", "health").json()["components"]
        assert (health["previews"]["status"], health["worker"]["status"]) == ("down", "ok")
    assert len(ended(live, preview, 60)["outputs"][""]["rows"]) == 2
