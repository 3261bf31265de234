"""Databases that keep somebody waiting who picks a table or draws a query."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Callable, Iterator

import psycopg
import pymysql
import pytest

from etl.connections import from_environment
from etl.context import Sample
from etl.databases import patience
from etl.databases.tables import table_names
from etl.dataset import Column
from etl.errors import TransientError
from etl.modules.extract_sql import ExtractSQL
from tests.etl.conftest import Lab
from tests.etl.mariadb import mariadb_server, query, shop_url

# Each waits until what it asks is given up.
pytestmark = pytest.mark.slow

__all__ = ["mariadb_server", "shop_url"]


def peek(lab: Lab, connection: str) -> tuple[Column, ...] | None:
    config = ExtractSQL.Config(connection=connection, query="SELECT * FROM shut")
    return ExtractSQL(config).peek(lab.context())


@pytest.fixture(autouse=True)
def _began() -> Iterator[None]:
    began = time.monotonic()
    yield
    longest = patience.CONNECT_SECONDS + patience.ANSWER_SECONDS + 2
    assert time.monotonic() - began < longest


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word, as some firewalls have it."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield server.getsockname()[1]


def test_the_columns_of_a_table_that_postgresql_has_locked(lab: Lab, warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("CREATE TABLE shut (a int)")
        connection.commit()
        connection.execute("LOCK TABLE shut IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TransientError):
            peek(lab, "warehouse")
        connection.rollback()
        connection.execute("DROP TABLE shut")


def test_the_columns_of_a_table_that_mysql_has_locked(lab: Lab, shop_url: str) -> None:
    query(shop_url, "CREATE TABLE shut (a int)")
    port, _, name = shop_url.rpartition(":")[2].partition("/")
    holder = pymysql.connect(
        host="127.0.0.1", port=int(port), user="tests", password="only-for-tests", database=name
    )
    with holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES shut WRITE")
        with pytest.raises(TransientError):
            peek(lab, "shop")


def test_a_preview_has_mysql_end_a_query_that_takes_too_long(lab: Lab, shop_url: str) -> None:
    lab.sample = Sample(rows=10, seconds=1)
    with pytest.raises(TransientError, match="broke off"):
        lab.run("extract.sql", {"connection": "shop", "query": "SELECT SLEEP(20) AS a"})
    assert not [row for row in query(shop_url, "SHOW PROCESSLIST") if "SLEEP" in str(row[7])]


def test_a_sqlite_file_that_another_process_has(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_FILE", '{"conn_type": "sqlite", "host": "shop.sqlite"}')
    holder = sqlite3.connect(lab.data / "shop.sqlite", isolation_level=None)
    holder.execute("CREATE TABLE shut (a int)")
    holder.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr("etl.sqlite.reading.ANSWER_SECONDS", 1)
    with pytest.raises(TransientError, match="another process has"):
        peek(lab, "file")
    monkeypatch.setattr("etl.databases.tables.ANSWER_SECONDS", 1)
    with pytest.raises(TransientError, match="another process has"):
        table_names(from_environment("file"), "", [lab.data])
    lab.sample = Sample(rows=10, seconds=1)
    with pytest.raises(TransientError, match="another process has"):
        lab.run("extract.sql", {"connection": "file", "query": "SELECT * FROM shut"})
    holder.close()


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
@pytest.mark.parametrize("ask", [peek, lambda _, name: table_names(from_environment(name), "", [])])
def test_a_server_that_says_nothing_is_given_up(
    lab: Lab,
    silent_port: int,
    kind: str,
    ask: Callable[[Lab, str], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SILENT", f"{kind}://me:secret@127.0.0.1:{silent_port}/shop")
    with pytest.raises(TransientError, match="cannot be reached") as raised:
        ask(lab, "silent")
    assert "secret" not in str(raised.value)
