"""What is read from the environment."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from etl.connections import Connection, from_environment, postgres_conninfo
from etl.errors import ConfigError, TransientError
from etl.settings import PROJECT, memory_bytes, read_settings


def test_defaults_lie_in_the_project() -> None:
    settings = read_settings({})

    assert settings.staging == str(PROJECT / "var" / "staging")
    assert settings.data_dirs == (PROJECT / "data", PROJECT / "examples" / "data")
    assert settings.memory_limit == "512MB"


@pytest.mark.parametrize(
    "uri",
    [
        "ftp://user:hush@host/staging",
        "s3://hush@bucket/staging",
        "simplecache::ftp://user:hush@host/staging",
        "ftp://user:hu/sh@host/staging",
    ],
)
def test_a_login_in_the_staging_uri_is_refused_without_being_repeated(uri: str) -> None:
    with pytest.raises(ConfigError, match="LOGIDATA_STAGING") as caught:
        read_settings({"LOGIDATA_STAGING": uri})
    assert "hu" not in str(caught.value)


@pytest.mark.parametrize("place", ["s3://bucket/a@b", "/srv/a:b@c", "memory://staging"])
def test_an_at_sign_in_a_path_is_no_login(place: str) -> None:
    assert read_settings({"LOGIDATA_STAGING": place}).staging == place


def test_all_settings_come_from_the_environment() -> None:
    settings = read_settings(
        {
            "LOGIDATA_STAGING": "s3://bucket/staging",
            "LOGIDATA_DATA_DIRS": "/srv/in:/srv/with space",
            "LOGIDATA_MEMORY_LIMIT": "2GB",
        }
    )

    assert settings.staging == "s3://bucket/staging"
    assert settings.data_dirs == (Path("/srv/in"), Path("/srv/with space"))
    assert settings.memory_limit == "2GB"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOGIDATA_MEMORY_LIMIT", "lots"),
        ("LOGIDATA_MEMORY_LIMIT", "512"),
        ("LOGIDATA_MEMORY_LIMIT", "-1GB"),
        ("LOGIDATA_MEMORY_LIMIT", "1GB'; SET x"),
        ("LOGIDATA_DATA_DIRS", "data"),
        ("LOGIDATA_DATA_DIRS", "/srv/in:../out"),
    ],
)
def test_a_malformed_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        read_settings({name: value})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("512MB", 512_000_000), ("1.5 GB", 1_500_000_000), ("64kb", 64_000), ("1TB", 10**12)],
)
def test_sizes_are_read(text: str, expected: int) -> None:
    assert memory_bytes(text) == expected


def from_value(value: str) -> Connection:
    return from_environment("warehouse", {"AIRFLOW_CONN_WAREHOUSE": value})


def test_a_uri_is_read_with_its_escapes() -> None:
    connection = from_value("postgres://me%40x:p%2Fw%3A@db.example:5433/sales%20x?sslmode=require")

    assert connection == Connection(
        id="warehouse",
        type="postgres",
        host="db.example",
        port=5433,
        login="me@x",
        password="p/w:",
        schema="sales x",
        extra={"sslmode": "require"},
    )


def test_json_is_read() -> None:
    connection = from_value(
        json.dumps(
            {
                "conn_type": "postgres",
                "host": "db",
                "port": "5432",
                "login": "me",
                "password": "pw",
                "schema": "sales",
                "extra": '{"sslmode": "require", "cursor": "dictcursor"}',
            }
        )
    )

    assert postgres_conninfo(connection) == {
        "host": "db",
        "port": 5432,
        "user": "me",
        "password": "pw",
        "dbname": "sales",
        "sslmode": "require",
        "connect_timeout": 10,
        "application_name": "logidata",
    }


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://me@/sales?host=%2Ftmp%2FMy+Socket",
        "postgres://me@%2Ftmp%2FMy%20Socket/sales",
    ],
)
def test_a_unix_socket_keeps_the_case_of_its_folder(uri: str) -> None:
    assert postgres_conninfo(from_value(uri))["host"] == "/tmp/My Socket"


def test_an_ipv6_host_is_read() -> None:
    info = postgres_conninfo(from_value("postgres://me@[::1]:5433/sales"))

    assert (info["host"], info["port"]) == ("::1", 5433)


def test_a_missing_connection_says_what_to_set() -> None:
    with pytest.raises(ConfigError) as caught:
        from_environment("warehouse", {})

    assert str(caught.value) == (
        "connection 'warehouse' is not defined. Set AIRFLOW_CONN_WAREHOUSE to its URI or JSON, "
        "or pick another connection."
    )


@pytest.mark.parametrize(
    "value",
    ["{broken s3cret", "no uri s3cret", "postgres://me:s3cret@host:port/x", '{"port": "s3cret"}'],
)
def test_a_malformed_connection_is_refused_without_repeating_it(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_value(value)

    assert "AIRFLOW_CONN_WAREHOUSE is neither" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_secrets_are_not_in_the_text_of_a_connection() -> None:
    connection = from_value("postgres://me:s3cret@host/x?sslkey=s3cret2")

    assert "s3cret" not in repr(connection)
    assert "s3cret" not in str(connection)


def test_errors_survive_pickling_as_they_are() -> None:
    error = TransientError("gone. Try again.", node="a", field="config.x")

    copy = pickle.loads(pickle.dumps(error))

    assert copy.as_dict() == error.as_dict()
    assert copy.retryable
