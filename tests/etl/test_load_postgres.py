"""load.postgres against a real server."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from etl.connections import from_environment
from etl.errors import ConfigError, DataError, ETLError, NodeCancelled, TransientError
from etl.liveness import request_stop
from etl.postgres import loading
from etl.runner import NodeResult
from tests.etl.conftest import Lab

ORDERS = "SELECT range + 1 AS id, 'paid' AS status, 1.5 AS amount FROM range(3)"


class Warehouse:
    """A schema of a test's own."""

    def __init__(self, url: str, schema: str) -> None:
        self.url = url
        self.schema = schema

    def table(self, name: str = "orders") -> str:
        return f"{self.schema}.{name}"

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"SET search_path = {self.schema}")
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[Warehouse]:
    schema = f"t{uuid.uuid4().hex}"
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    yield Warehouse(warehouse_url, schema)
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


def load(lab: Lab, warehouse: Warehouse, rows: str, mode: str = "append", **config) -> NodeResult:
    settings = {"connection": "warehouse", "table": warehouse.table(), "mode": mode, **config}
    return lab.run("load.postgres", settings, rows)


def test_a_missing_table_is_created_with_fitting_types(lab: Lab, warehouse: Warehouse) -> None:
    load(
        lab,
        warehouse,
        """SELECT true AS b, 1::TINYINT AS t, 1::INTEGER AS i, 1::BIGINT AS l, 1::HUGEINT AS h,
           1.25::DECIMAL(10, 2) AS d, 1.5::DOUBLE AS f, 'text' AS s, DATE '2024-05-01' AS day,
           TIMESTAMP '2024-05-01 06:00:00.123456' AS at, TIMESTAMPTZ '2024-05-01 06:00:00+02' AS z,
           TIME '06:00:00' AS clock, INTERVAL 1 DAY AS span, 'ab'::BLOB AS raw, [1, 2] AS list,
           {'k': 'v'} AS record, '{"j": 1}'::JSON AS json,
           '00000000-0000-0000-0000-000000000001'::UUID AS id, 1::UBIGINT AS u""",
    )

    types = warehouse.rows(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a"
        " WHERE a.attrelid = 'orders'::regclass AND a.attnum > 0 ORDER BY a.attnum"
    )
    assert dict(types) == {
        "b": "boolean",
        "t": "smallint",
        "i": "integer",
        "l": "bigint",
        "h": "numeric(38,0)",
        "d": "numeric(10,2)",
        "f": "double precision",
        "s": "text",
        "day": "date",
        "at": "timestamp without time zone",
        "z": "timestamp with time zone",
        "clock": "time without time zone",
        "span": "interval",
        "raw": "bytea",
        "list": "jsonb",
        "record": "jsonb",
        "json": "jsonb",
        "id": "uuid",
        "u": "numeric(20,0)",
    }
    (row,) = warehouse.rows("SELECT b, d, f, s, day, at, raw, list, record FROM orders")
    assert row == (
        True,
        Decimal("1.25"),
        1.5,
        "text",
        date(2024, 5, 1),
        datetime.fromisoformat("2024-05-01T06:00:00.123456"),
        b"ab",
        [1, 2],
        {"k": "v"},
    )
    assert warehouse.rows("SELECT z AT TIME ZONE 'UTC' FROM orders") == [
        (datetime.fromisoformat("2024-05-01T04:00"),)
    ]


def test_values_arrive_as_they_are(lab: Lab, warehouse: Warehouse) -> None:
    texts = ["", None, " x ", 'a "b", c', "two\nlines", "\\N", "\\.", "NULL", "ø✓", "'; DROP--"]
    rows = [{"id": number, "text": text} for number, text in enumerate(texts)]

    lab.run("load.postgres", {"connection": "warehouse", "table": warehouse.table()}, rows)

    assert warehouse.rows("SELECT text FROM orders ORDER BY id") == [(text,) for text in texts]


def test_a_single_empty_column_arrives_as_nulls(lab: Lab, warehouse: Warehouse) -> None:
    """In CSV a row of one NULL is an empty line."""
    load(lab, warehouse, "SELECT NULL::VARCHAR AS text FROM range(3)")

    assert warehouse.rows("SELECT count(*), count(text) FROM orders") == [(3, 0)]


def test_infinities_and_nan_arrive(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, "SELECT unnest(['NaN', 'inf', '-inf'])::DOUBLE AS f")

    assert warehouse.rows("SELECT f::text FROM orders ORDER BY 1") == [
        ("-Infinity",),
        ("Infinity",),
        ("NaN",),
    ]


def test_names_are_quoted(lab: Lab, warehouse: Warehouse) -> None:
    lab.run(
        "load.postgres",
        {
            "connection": "warehouse",
            "table": f'{warehouse.schema}.Or"ders; DROP',
            "mode": "upsert",
            "keys": ['I"d'],
        },
        """SELECT 1 AS "I""d", 2 AS "select", 3 AS "a b" """,
    )

    assert warehouse.rows('SELECT "I""d", "select", "a b" FROM "Or""ders; DROP"') == [(1, 2, 3)]


def test_append_adds_and_another_execution_adds_again(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, ORDERS)
    lab.execution_id = "run-2"
    result = load(lab, warehouse, ORDERS)

    assert warehouse.rows("SELECT count(*) FROM orders") == [(6,)]
    assert result["metrics"]["rows_out"] == 3
    assert result["target"] == f"{warehouse.table()} on warehouse (append)"


@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_a_repeated_load_makes_no_duplicates(lab: Lab, warehouse: Warehouse, mode: str) -> None:
    keys = {"keys": ["id"]} if mode == "upsert" else {}
    first = load(lab, warehouse, ORDERS, mode, **keys)
    second = load(lab, warehouse, ORDERS, mode, **keys)

    assert warehouse.rows("SELECT count(*), count(DISTINCT id) FROM orders") == [(3, 3)]
    assert second["metrics"]["rows_out"] == first["metrics"]["rows_out"] == 3


def test_loads_are_noted_for_90_days(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, ORDERS)
    warehouse.rows("UPDATE _logidata_loads SET loaded_at = now() - interval '91 days'")
    lab.execution_id = "run-2"
    load(lab, warehouse, ORDERS)

    assert warehouse.rows("SELECT execution_id, node_id, rows FROM _logidata_loads") == [
        ("run-2", "node", 3)
    ]


def test_a_line_that_ends_a_copy_elsewhere_is_a_value_here(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, "SELECT unnest(['\\.', 'after']) AS text")

    assert warehouse.rows("SELECT text FROM orders") == [("\\.",), ("after",)]


def test_two_nodes_of_one_execution_both_append(lab: Lab, warehouse: Warehouse) -> None:
    for node_id in ("first", "second"):
        lab.run(
            "load.postgres",
            {"connection": "warehouse", "table": warehouse.table()},
            ORDERS,
            node_id=node_id,
        )

    assert warehouse.rows("SELECT count(*) FROM orders") == [(6,)]


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


def test_a_schema_that_does_not_exist_is_named(lab: Lab, warehouse: Warehouse) -> None:
    with pytest.raises(ConfigError, match='schema "nowhere" does not exist'):
        lab.run("load.postgres", {"connection": "warehouse", "table": "nowhere.orders"}, ORDERS)


def test_no_rows_still_make_the_table(lab: Lab, warehouse: Warehouse) -> None:
    result = load(lab, warehouse, f"SELECT * FROM ({ORDERS}) WHERE false")

    assert result["shape"] == [0, 3]
    assert warehouse.rows("SELECT count(*) FROM orders") == [(0,)]


def test_a_wrong_password_is_terminal_and_not_repeated(
    lab: Lab, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = urlsplit(warehouse.url).password
    assert password
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE", warehouse.url.replace(f":{password}@", ":hunter2hunter2@")
    )

    with pytest.raises(ConfigError) as caught:
        load(lab, warehouse, ORDERS)

    message = str(caught.value)
    assert "refused connection 'warehouse'" in message
    assert "password authentication failed" in message
    assert "under Connections" in message
    assert "hunter2" not in message
    assert password not in message


def test_a_server_that_is_down_is_worth_a_retry(
    lab: Lab, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://me:s3cret@127.0.0.1:1/warehouse")

    with pytest.raises(TransientError) as caught:
        load(lab, warehouse, ORDERS)

    assert caught.value.retryable
    assert "cannot be reached" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_database_that_does_not_exist_is_terminal(
    lab: Lab, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = warehouse.url.replace("/warehouse", "/nowhere")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", url)

    with pytest.raises(ConfigError, match="nowhere"):
        load(lab, warehouse, ORDERS)


def test_an_unknown_connection_is_named(lab: Lab) -> None:
    with pytest.raises(ConfigError, match=r"Node 'node': connection 'nowhere' is not defined"):
        lab.run("load.postgres", {"connection": "nowhere", "table": "t"}, ORDERS)


def test_a_connection_of_another_type_is_refused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "mysql://me:s3cret@localhost/x")

    with pytest.raises(ConfigError, match=r"type 'mysql'.*needs PostgreSQL"):
        lab.run("load.postgres", {"connection": "warehouse", "table": "t"}, ORDERS)


def test_a_server_that_goes_away_in_the_middle_is_worth_a_retry(
    lab: Lab, warehouse: Warehouse
) -> None:
    from etl.postgres.session import session

    def broken_off() -> None:
        with session(from_environment("warehouse")) as connection:
            warehouse.rows(f"SELECT pg_terminate_backend({connection.info.backend_pid})")
            connection.execute("SELECT 1")

    with pytest.raises(TransientError, match="Nothing was kept"):
        broken_off()


def test_no_error_of_a_load_holds_the_password(
    lab: Lab, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = urlsplit(warehouse.url).password or ""

    with pytest.raises(ETLError) as caught:
        load(lab, warehouse, f"SELECT '{password}x'::VARCHAR AS a, 1 AS a_1", "upsert", keys=["b"])

    assert password not in repr(caught.value.as_dict())
    assert password not in repr(from_environment("warehouse"))


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


def test_a_ledger_of_an_older_version_goes_on(lab: Lab, warehouse: Warehouse) -> None:
    load(lab, warehouse, ORDERS)
    warehouse.rows("ALTER TABLE _logidata_loads DROP COLUMN rejected")

    load(lab, warehouse, ORDERS)
    lab.execution_id = "run-2"
    load(lab, warehouse, ORDERS)

    assert warehouse.rows("SELECT count(*) FROM orders") == [(6,)]
