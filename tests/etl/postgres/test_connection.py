"""A server that cannot be reached or refuses, and the password that no error shows."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from etl.connections import from_environment
from etl.errors import ConfigError, ETLError, TransientError
from tests.etl.conftest import Lab
from tests.etl.postgres.conftest import ORDERS, Warehouse, load


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
