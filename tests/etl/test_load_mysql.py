"""load.mysql: what is MySQL's own. tests/etl/test_table_loads.py has the rest."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from etl.connections import from_environment
from etl.errors import ConfigError, DataError, TransientError
from etl.mysql.session import fetch, run, session
from etl.mysql.table import Table
from etl.mysql.target import MySQLTarget
from etl.runner import NodeResult
from tests.etl.conftest import Lab
from tests.etl.mariadb import mariadb_server, query, shop_url

pytestmark = pytest.mark.slow

__all__ = ["mariadb_server", "shop_url"]

ORDERS = "SELECT range + 1 AS id, 'paid' AS status, 1.5 AS amount FROM range(3)"


def load(lab: Lab, rows: str, mode: str = "append", **config: object) -> NodeResult:
    settings = {"connection": "shop", "table": "orders", "mode": mode, **config}
    return lab.run("load.mysql", settings, rows)


def test_a_missing_table_is_created_with_fitting_types(lab: Lab, shop_url: str) -> None:
    load(
        lab,
        """SELECT true AS b, -1::TINYINT AS t, 18446744073709551615::UBIGINT AS u,
           1.25::DECIMAL(10, 2) AS d, 1.5::DOUBLE AS f, 'text' AS s, DATE '2024-05-01' AS day,
           TIMESTAMP '2024-05-01 06:00:00.123456' AS at, TIMESTAMPTZ '2024-05-01 06:00:00+02' AS z,
           TIME '06:00:00' AS clock, 'ab\\x00'::BLOB AS raw, [1, 2] AS list""",
    )

    assert query(shop_url, "SELECT * FROM orders") == [
        (1, -1, 18446744073709551615, Decimal("1.25"), 1.5, "text", date(2024, 5, 1),
         datetime.fromisoformat("2024-05-01T06:00:00.123456"),
         datetime.fromisoformat("2024-05-01T04:00"), timedelta(hours=6), b"ab\x00", "[1,2]")
    ]  # fmt: skip


def test_names_are_quoted(lab: Lab, shop_url: str) -> None:
    load(
        lab,
        'SELECT 1 AS "I`d", 2 AS "select", 3 AS "a %s b"',
        "upsert",
        keys=["I`d"],
        table="Or`ders; DROP",
    )

    assert query(shop_url, "SELECT `I``d`, `select`, `a %s b` FROM `Or``ders; DROP`") == [(1, 2, 3)]


def test_rows_are_inserted_where_the_server_takes_no_files(lab: Lab, shop_url: str) -> None:
    query(shop_url, "SET GLOBAL local_infile = 0")
    try:
        load(lab, "SELECT range AS id, NULL::VARCHAR AS a, '' AS b FROM range(5000)")
    finally:
        query(shop_url, "SET GLOBAL local_infile = 1")

    assert query(shop_url, "SELECT count(*), count(a), count(b) FROM orders") == [(5000, 0, 5000)]


def test_the_server_gets_no_file_but_while_it_loads(shop_url: str) -> None:
    with session(from_environment("shop")) as opened:
        run(opened, "CREATE TEMPORARY TABLE t (a TEXT)")
        with pytest.raises(RuntimeError, match="LOAD_LOCAL"):
            run(opened, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t")


def test_keys_that_are_one_in_the_table_do_not_overwrite_each_other(
    lab: Lab, shop_url: str
) -> None:
    query(
        shop_url,
        "CREATE TABLE orders (id varchar(9) PRIMARY KEY, n int) COLLATE utf8mb4_general_ci",
    )
    source = "SELECT * FROM (VALUES ('a', 1), ('A', 2), ('b', 3)) v(id, n)"

    with pytest.raises(DataError, match="same key id in the table"):
        load(lab, source, "upsert", keys=["id"])
    result = load(lab, source, "upsert", keys=["id"], max_rejected=1)

    assert query(shop_url, "SELECT id, n FROM orders ORDER BY id") == [("a", 1), ("b", 3)]
    assert result["metrics"]["rows_rejected"] == 1


def test_upsert_refuses_a_second_unique_index_by_which_rows_could_match(
    lab: Lab, shop_url: str
) -> None:
    query(
        shop_url,
        "CREATE TABLE orders (id int PRIMARY KEY, status varchar(9) UNIQUE, amount double)",
    )

    with pytest.raises(DataError, match="another unique index, status"):
        load(lab, ORDERS, "upsert", keys=["id"])


def test_upsert_lets_the_table_number_its_rows(lab: Lab, shop_url: str) -> None:
    query(shop_url, "CREATE TABLE orders (n int AUTO_INCREMENT PRIMARY KEY, id int NOT NULL UNIQUE,"
          " status varchar(9), amount double)")  # fmt: skip

    load(lab, ORDERS, "upsert", keys=["id"])
    load(lab, ORDERS, "upsert", keys=["id"])

    assert query(shop_url, "SELECT count(*), count(DISTINCT n) FROM orders") == [(3, 3)]


def test_a_replace_keeps_indexes_grants_and_views(lab: Lab, shop_url: str) -> None:
    load(lab, ORDERS, "upsert", keys=["id"])
    query(shop_url, "CREATE VIEW seen AS SELECT count(*) AS n FROM orders")

    load(lab, "SELECT 9 AS id, 'new' AS status, 1.5 AS amount", "replace")

    assert query(shop_url, "SELECT n FROM seen") == [(1,)]
    assert query(shop_url, "SHOW INDEX FROM orders WHERE Key_name = 'PRIMARY'")
    assert query(shop_url, "SHOW TABLES LIKE '\\_logidata\\_%'") == []


def test_what_a_killed_replace_left_is_in_nobody_s_way(lab: Lab, shop_url: str) -> None:
    load(lab, ORDERS)
    with session(from_environment("shop")) as opened:
        target = MySQLTarget(opened, Table.parse("orders"), lab.context(), "replace")
        for purpose in ("new", "old"):
            run(opened, f"CREATE TABLE {target._beside(purpose).sql} (a int)")

    load(lab, "SELECT 9 AS id, 'new' AS status, 1.5 AS amount", "replace")

    assert query(shop_url, "SELECT id FROM orders") == [(9,)]
    assert query(shop_url, "SHOW TABLES LIKE '\\_logidata\\_new%'") == []


def test_a_replace_keeps_triggers_and_foreign_keys(lab: Lab, shop_url: str) -> None:
    query(shop_url, "CREATE TABLE orders (id int PRIMARY KEY, status varchar(9), amount double)")
    query(
        shop_url, "CREATE TRIGGER noted BEFORE INSERT ON orders FOR EACH ROW SET NEW.status = 'x'"
    )

    load(lab, ORDERS, "replace")

    assert query(shop_url, "SELECT DISTINCT status FROM orders") == [("x",)]
    assert query(shop_url, "SHOW TRIGGERS")


def test_a_table_without_transactions_is_refused(lab: Lab, shop_url: str) -> None:
    query(shop_url, "CREATE TABLE orders (id int, status text, amount double) ENGINE = MyISAM")

    with pytest.raises(ConfigError, match="no transactions"):
        load(lab, ORDERS)


def test_a_value_that_does_not_fit_is_refused_and_not_changed(lab: Lab, shop_url: str) -> None:
    query(shop_url, "CREATE TABLE orders (id tinyint, status varchar(3))")
    rows = "SELECT * FROM (VALUES (1, 'a'), (300, 'b'), (2, 'long')) v(id, status)"

    with pytest.raises(DataError, match="max_rejected"):
        load(lab, rows)
    result = load(lab, rows, max_rejected=2)

    assert query(shop_url, "SELECT * FROM orders") == [(1, "a")]
    assert result["rejected"] is not None
    assert sorted(item["field"] for item in result["rejected"]["reasons"]) == ["id", "status"]


def test_a_wrong_password_is_terminal_and_not_repeated(
    lab: Lab, shop_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", shop_url.replace("only-for-tests", "hunter2"))

    with pytest.raises(ConfigError, match="refused connection 'shop'") as caught:
        load(lab, ORDERS)

    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_down_is_worth_a_retry(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", "mysql://me:s3cret@127.0.0.1:1/shop")

    with pytest.raises(TransientError, match="cannot be reached"):
        load(lab, ORDERS)


def test_a_connection_of_another_type_is_refused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", "postgres://me:s3cret@localhost/x")

    with pytest.raises(ConfigError, match=r"needs MySQL or MariaDB"):
        load(lab, ORDERS)


def test_a_server_that_goes_away_in_the_middle_is_worth_a_retry(shop_url: str) -> None:
    def broken_off() -> None:
        with session(from_environment("shop")) as opened:
            query(shop_url, f"KILL {fetch(opened, 'SELECT connection_id()')[0][0]}")
            run(opened, "SELECT 1")

    with pytest.raises(TransientError, match="broke off"):
        broken_off()
