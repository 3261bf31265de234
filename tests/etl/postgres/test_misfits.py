"""Columns and values that the table does not take: named, or set aside."""

from __future__ import annotations

import pytest

from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab
from tests.etl.postgres.conftest import ORDERS, Warehouse, load


def test_a_column_that_the_table_lacks_is_named(lab: Lab, warehouse: Warehouse) -> None:
    warehouse.rows("CREATE TABLE orders (id int, status text)")

    with pytest.raises(DataError) as caught:
        load(lab, warehouse, ORDERS)

    assert str(caught.value) == (
        f"Node 'node': table {warehouse.table()} has no column 'amount'; it has id, status. "
        "Add the column to the table (on_drift can do that), or rename or "
        "leave it out with transform.select."
    )


def test_a_type_that_does_not_fit_is_named_with_line_and_column(
    lab: Lab, warehouse: Warehouse
) -> None:
    warehouse.rows("CREATE TABLE orders (id int, status int, amount numeric)")

    with pytest.raises(DataError, match=r'line 1, column status: "paid".*transform\.select'):
        load(lab, warehouse, ORDERS)


def test_a_schema_that_does_not_exist_is_named(lab: Lab, warehouse: Warehouse) -> None:
    with pytest.raises(ConfigError, match='schema "nowhere" does not exist'):
        lab.run("load.postgres", {"connection": "warehouse", "table": "nowhere.orders"}, ORDERS)


@pytest.mark.parametrize(
    ("mode", "config"),
    [("append", {}), ("upsert", {"keys": ["id"]}), ("delete_insert", {"partition_by": ["status"]})],
)
def test_values_that_do_not_fit_their_type_are_set_aside_with_the_column(
    lab: Lab, warehouse: Warehouse, mode: str, config: dict[str, object]
) -> None:
    warehouse.rows("CREATE TABLE orders (id int PRIMARY KEY, status int, amount numeric)")
    rows = "SELECT range AS id, CASE WHEN range = 7 THEN 'x' ELSE '1' END AS status FROM range(20)"

    result = load(lab, warehouse, rows, mode, max_rejected=1, **config)

    assert warehouse.rows("SELECT count(*) FROM orders") == [(19,)]
    assert result["rejected"] is not None
    assert result["rejected"]["reasons"] == [
        {"reason": 'invalid input syntax for type integer: "x"', "field": "status", "rows": 1}
    ]


def test_keys_that_are_one_in_the_table_do_not_overwrite_each_other(
    lab: Lab, warehouse: Warehouse
) -> None:
    warehouse.rows("CREATE TABLE orders (id numeric(5, 0) PRIMARY KEY, status text)")
    rows = "SELECT * FROM (VALUES (1.1, 'a'), (1.2, 'b'), (2.0, 'c')) v(id, status)"

    with pytest.raises(DataError, match="same key id in the table"):
        load(lab, warehouse, rows, "upsert", keys=["id"])
    result = load(lab, warehouse, rows, "upsert", keys=["id"], max_rejected=1)

    assert warehouse.rows("SELECT id, status FROM orders ORDER BY id") == [(1, "a"), (2, "c")]
    assert result["metrics"]["rows_rejected"] == 1


def test_a_constraint_that_is_checked_at_the_commit_is_checked_before(
    lab: Lab, warehouse: Warehouse
) -> None:
    warehouse.rows("CREATE TABLE orders (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")

    result = load(lab, warehouse, "SELECT unnest([1, 2, 2]) AS id", max_rejected=1)

    assert warehouse.rows("SELECT id FROM orders ORDER BY id") == [(1,), (2,)]
    assert result["metrics"]["rows_rejected"] == 1
