"""A load that is repeated, interrupted, cancelled or run twice at once: no row twice, none lost."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from etl.errors import DataError, NodeCancelled, TransientError
from etl.liveness import request_stop
from etl.messages import Message, read_message
from etl.postgres import loading
from tests.etl.conftest import Lab
from tests.etl.postgres.conftest import ORDERS, Warehouse, load

# Each loads several times.
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_a_repeated_load_makes_no_duplicates(lab: Lab, warehouse: Warehouse, mode: str) -> None:
    keys = {"keys": ["id"]} if mode == "upsert" else {}
    first = load(lab, warehouse, ORDERS, mode, **keys)
    second = load(lab, warehouse, ORDERS, mode, **keys)

    assert warehouse.rows("SELECT count(*), count(DISTINCT id) FROM orders") == [(3, 3)]
    assert second["metrics"]["rows_out"] == first["metrics"]["rows_out"] == 3


def test_other_rows_in_a_later_attempt_are_not_appended_and_that_is_said(
    lab: Lab, warehouse: Warehouse
) -> None:
    load(lab, warehouse, ORDERS)
    result = load(lab, warehouse, f"{ORDERS} UNION ALL SELECT 9, 'paid', 1.0")

    assert warehouse.rows("SELECT count(*) FROM orders") == [(3,)]
    assert (result["metrics"]["rows_out"], result["metrics"]["rows_removed"]) == (0, 4)
    [warning] = result["warnings"]
    assert "4 rows came in of which 3 rows were loaded" in warning
    assert "by an earlier attempt" in warning
    message = read_message(warning, result["wordings"][0])
    assert isinstance(message, Message)
    assert message.values["loaded"] == 3


def test_loads_are_noted_for_90_days(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, ORDERS)
    warehouse.rows("UPDATE _logidata_loads SET loaded_at = now() - interval '91 days'")
    lab.execution_id = "run-2"
    load(lab, warehouse, ORDERS)

    assert warehouse.rows("SELECT execution_id, node_id, rows FROM _logidata_loads") == [
        ("run-2", "node", 3)
    ]


def test_an_append_that_failed_can_be_repeated(lab: Lab, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE orders (id int CHECK (id < 3), status text, amount numeric)")
    with pytest.raises(DataError, match="check constraint"):
        load(lab, warehouse, ORDERS)
    warehouse.rows("ALTER TABLE orders DROP CONSTRAINT orders_id_check")

    load(lab, warehouse, ORDERS)

    assert warehouse.rows("SELECT count(*) FROM orders") == [(3,)]


def test_two_tries_at_the_same_time_append_once(lab: Lab, warehouse: Warehouse) -> None:
    source = lab.stage("SELECT range AS id FROM range(20000)")
    results: list[int] = []

    def attempt(number: int) -> None:
        done = lab.run(
            "load.postgres",
            {"connection": "warehouse", "table": warehouse.table()},
            inputs={"input": source},
            attempt=number,
        )
        results.append(done["metrics"]["rows_out"])

    threads = [threading.Thread(target=attempt, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [20000] * 3
    assert warehouse.rows("SELECT count(*) FROM orders") == [(20000,)]


@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_a_load_that_fails_leaves_the_table_as_it_was(
    lab: Lab, warehouse: Warehouse, mode: str
) -> None:
    warehouse.rows("CREATE TABLE orders (id int PRIMARY KEY CHECK (id < 90000))")
    warehouse.rows("INSERT INTO orders VALUES (-1)")
    keys = {"keys": ["id"]} if mode == "upsert" else {}

    with pytest.raises(DataError):
        load(lab, warehouse, "SELECT range AS id FROM range(100000)", mode, **keys)

    assert warehouse.rows("SELECT id FROM orders") == [(-1,)]


def test_a_load_that_fails_leaves_no_new_table(lab: Lab, warehouse: Warehouse) -> None:
    with pytest.raises(DataError, match="0x00"):
        load(lab, warehouse, "SELECT 'a' || chr(0) AS text")

    assert warehouse.rows("SELECT to_regclass('orders')") == [(None,)]


@pytest.mark.parametrize(
    ("mode", "config"), [("append", {}), ("replace", {}), ("upsert", {"keys": ["id"]})]
)
def test_a_load_is_not_committed_after_a_cancel(
    lab: Lab,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    config: dict[str, object],
) -> None:
    load(lab, warehouse, ORDERS, "upsert", keys=["id"])
    copy_rows = loading.copy_rows

    def cancel_meanwhile(*args: Any) -> int:
        rows = copy_rows(*args)
        request_stop(lab.staging, lab.execution_id, None)
        return rows

    monkeypatch.setattr(loading, "copy_rows", cancel_meanwhile)
    with pytest.raises(NodeCancelled):
        load(lab, warehouse, "SELECT 9 AS id, 'new' AS status, 1 AS amount", mode, **config)

    assert warehouse.rows("SELECT id FROM orders ORDER BY id") == [(1,), (2,), (3,)]


def test_a_ledger_of_an_older_version_goes_on(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, ORDERS)
    warehouse.rows("ALTER TABLE _logidata_loads DROP COLUMN rejected")

    load(lab, warehouse, ORDERS)
    lab.execution_id = "run-2"
    load(lab, warehouse, ORDERS)

    assert warehouse.rows("SELECT count(*) FROM orders") == [(6,)]


def test_a_load_that_takes_too_long_is_rolled_back(lab: Lab, warehouse: Warehouse) -> None:
    lab.run(
        "load.postgres",
        {"connection": "warehouse", "table": warehouse.table()},
        inputs={"input": lab.stage(ORDERS)},
    )
    lab.execution_id = "another"
    with psycopg.connect(warehouse.url) as other:
        # The load waits for this lock.
        other.execute(f"LOCK TABLE {warehouse.table()} IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TransientError, match="timeout of 1 s"):
            lab.run(
                "load.postgres",
                {"connection": "warehouse", "table": warehouse.table()},
                inputs={"input": lab.stage(ORDERS)},
                timeout=1,
            )
    assert warehouse.rows("SELECT count(*) FROM orders") == [(3,)]
