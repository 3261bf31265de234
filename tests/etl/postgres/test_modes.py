"""What a load does to the rows that a table has already: append, replace, upsert."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from etl.errors import ConfigError, DataError
from etl.postgres import loading
from tests.etl.conftest import Lab
from tests.etl.postgres.conftest import ORDERS, Warehouse, load


def test_append_adds_and_another_execution_adds_again(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, ORDERS)
    lab.execution_id = "run-2"
    result = load(lab, warehouse, ORDERS)

    assert warehouse.rows("SELECT count(*) FROM orders") == [(6,)]
    assert result["metrics"]["rows_out"] == 3
    assert result["target"] == f"{warehouse.table()} on warehouse (append)"


def test_two_nodes_of_one_execution_both_append(lab: Lab, warehouse: Warehouse) -> None:
    for node_id in ("first", "second"):
        lab.run(
            "load.postgres",
            {"connection": "warehouse", "table": warehouse.table()},
            ORDERS,
            node_id=node_id,
        )

    assert warehouse.rows("SELECT count(*) FROM orders") == [(6,)]


def test_replace_leaves_only_the_new_rows(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, ORDERS, "replace")
    load(lab, warehouse, "SELECT 9 AS id, 'new' AS status, 0.0 AS amount", "replace")

    assert warehouse.rows("SELECT id, status FROM orders") == [(9, "new")]


def test_upsert_updates_and_adds(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, ORDERS, "upsert", keys=["id"])
    load(
        lab,
        warehouse,
        "SELECT * FROM (VALUES (3, 'sent', 9.5), (4, 'new', 1.0)) v(id, status, amount)",
        "upsert",
        keys=["ID"],
    )

    assert warehouse.rows("SELECT id, status, amount::float FROM orders ORDER BY id") == [
        (1, "paid", 1.5),
        (2, "paid", 1.5),
        (3, "sent", 9.5),
        (4, "new", 1.0),
    ]


def test_upsert_leaves_other_columns_of_the_table_alone(lab: Lab, warehouse: Warehouse) -> None:
    warehouse.rows(
        "CREATE TABLE orders (id int PRIMARY KEY, status text, note text NOT NULL DEFAULT '')"
    )
    warehouse.rows("INSERT INTO orders VALUES (1, 'old', 'mine')")

    load(lab, warehouse, "SELECT 1 AS id, 'new' AS status", "upsert", keys=["id"])

    assert warehouse.rows("SELECT * FROM orders") == [(1, "new", "mine")]


def test_upsert_of_keys_alone_adds_what_is_missing(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, "SELECT 1 AS id", "upsert", keys=["id"])
    load(lab, warehouse, "SELECT unnest([1, 2]) AS id", "upsert", keys=["id"])

    assert warehouse.rows("SELECT id FROM orders ORDER BY id") == [(1,), (2,)]


def test_upsert_refuses_rows_that_share_a_key(lab: Lab, warehouse: Warehouse) -> None:
    with pytest.raises(DataError, match=r"2 rows have the same key \(id = 7\)\. Keep one"):
        load(lab, warehouse, "SELECT unnest([7, 7, 8]) AS id", "upsert", keys=["id"])


def test_upsert_refuses_rows_without_a_key(lab: Lab, warehouse: Warehouse) -> None:
    with pytest.raises(DataError, match=r"1 rows have no value in the key id"):
        load(lab, warehouse, "SELECT unnest([NULL, 8]) AS id", "upsert", keys=["id"])


def test_upsert_needs_its_key_columns(lab: Lab, warehouse: Warehouse) -> None:
    with pytest.raises(ConfigError, match="column 'order_id' does not exist") as caught:
        load(lab, warehouse, ORDERS, "upsert", keys=["order_id"])

    assert caught.value.field == "config.keys"


def test_upsert_needs_a_unique_index(lab: Lab, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE orders (id int, status text, amount numeric)")

    with pytest.raises(DataError, match="no unique constraint on id"):
        load(lab, warehouse, ORDERS, "upsert", keys=["id"])


def test_a_replace_keeps_no_reader_waiting_and_shows_it_the_old_rows(
    lab: Lab, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(lab, warehouse, ORDERS)
    warehouse.rows("CREATE VIEW seen AS SELECT count(*) AS n FROM orders")
    copy_rows = loading.copy_rows
    during: list[tuple[object, ...]] = []

    def look_meanwhile(*args: Any) -> int:
        rows = copy_rows(*args)
        with psycopg.connect(warehouse.url, options="-c lock_timeout=2s") as reader:
            during.extend(reader.execute(f"SELECT n FROM {warehouse.table('seen')}"))
        return rows

    monkeypatch.setattr(loading, "copy_rows", look_meanwhile)
    load(lab, warehouse, "SELECT 9 AS id, 'new' AS status, 1.5 AS amount", "replace")

    assert during == [(3,)]
    assert warehouse.rows("SELECT n FROM seen") == [(1,)]


@pytest.mark.parametrize(
    ("mode", "config"), [("replace", {}), ("delete_insert", {"partition_by": ["status"]})]
)
def test_rows_of_other_tables_are_not_deleted_with_those_of_the_target(
    lab: Lab, warehouse: Warehouse, mode: str, config: dict[str, object]
) -> None:
    load(lab, warehouse, ORDERS, "upsert", keys=["id"])
    warehouse.rows(
        "CREATE TABLE lines (order_id bigint REFERENCES orders ON DELETE CASCADE);"
        "INSERT INTO lines VALUES (1)"
    )

    with pytest.raises(DataError, match=r"would change those of .*lines"):
        load(lab, warehouse, ORDERS, mode, **config)

    assert warehouse.rows("SELECT * FROM lines") == [(1,)]
