"""One table in each of the databases that a pipeline can load, seen through the same eyes."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import psycopg
import pytest

from etl.runner import NodeResult
from tests.etl import mariadb
from tests.etl.conftest import Lab


class Session(Protocol):
    """Runs one statement and commits it."""

    def __call__(self, sql: str) -> list[tuple[Any, ...]]: ...


@dataclass
class Database:
    """A database of a test's own, and the loader that writes to it."""

    module: str
    lab: Lab
    session: Session
    config: Mapping[str, object] = field(default_factory=dict)
    prefix: str = ""
    quote: str = '"'

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement, with the names of this database's types, and return its rows."""
        return self.session(statement)

    def load(
        self,
        rows: Sequence[Mapping[str, Any]] | str,
        mode: str = "append",
        table: str = "orders",
        attempt: int = 1,
        **config: object,
    ) -> NodeResult:
        """Load rows into a table."""
        settings = {**self.config, "table": f"{self.prefix}{table}", "mode": mode, **config}
        return self.lab.run(self.module, settings, rows, attempt=attempt)

    def rejected(self, result: NodeResult) -> list[tuple[Any, ...]]:
        """Return (reason, field, record) of the rows in a result's quarantine."""
        found = result["rejected"]
        assert found is not None
        rows = self.lab.records({**result, "uri": found["uri"]})
        return [(row["reason"], row["field"], row["record"]) for row in rows]


def postgres(lab: Lab, url: str) -> Iterator[Database]:
    """Give a schema of a PostgreSQL."""
    schema = f"t{uuid.uuid4().hex}"

    def session(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"SET search_path = {schema}")
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        yield Database(
            "load.postgres", lab, session, {"connection": "warehouse"}, prefix=f"{schema}."
        )
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


def sqlite(lab: Lab, path: str) -> Iterator[Database]:
    """Give a SQLite file."""

    def session(sql: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(lab.data / path)
        try:
            with connection:
                return connection.execute(sql).fetchall()
        finally:
            connection.close()

    yield Database("load.sqlite", lab, session, {"path": path})


def mysql(lab: Lab, url: str) -> Iterator[Database]:
    """Give a database of a MariaDB."""
    yield Database(
        "load.mysql", lab, partial(mariadb.query, url), {"connection": "shop"}, quote="`"
    )


KINDS = {"postgres": postgres, "sqlite": sqlite, "mysql": mysql}
# The fixture that gives the address of each server.
ADDRESSES = {"postgres": "warehouse_url", "mysql": "shop_url"}


@pytest.fixture(params=sorted(KINDS))
def database(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Database]:
    """Each of the databases in turn."""
    fixture = ADDRESSES.get(request.param)
    address = request.getfixturevalue(fixture) if fixture else "the marts.sqlite"
    yield from KINDS[request.param](lab, address)
