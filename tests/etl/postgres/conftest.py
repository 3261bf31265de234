"""What tests of load.postgres share: a schema of a test's own on a real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest

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
