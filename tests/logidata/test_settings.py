"""The environment is read once, and what is missing or malformed is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from logidata.environment import Environment

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.delenv("LOGIDATA_TRIED", raising=False)
    return Environment()


def load_settings(**changes: str | None) -> str:
    """Return the last line of what loading the settings says, in a process of its own."""
    environment = {**os.environ, **{key: value for key, value in changes.items() if value}}
    for key, value in changes.items():
        if value is None:
            environment.pop(key, None)
    done = subprocess.run(
        [sys.executable, "-c", "import logidata.settings; print('loaded')"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOGIDATA_SECRET_KEY", None),
        ("LOGIDATA_DATABASE_URL", None),
        ("LOGIDATA_DATABASE_URL", "mysql://user:hush@host/db"),
        ("LOGIDATA_REDIS_URL", None),
        ("LOGIDATA_DEBUG", "perhaps"),
        ("LOGIDATA_MEMORY_LIMIT", "lots"),
        ("LOGIDATA_DEPLOY_DEADLINE", "-1"),
        ("AIRFLOW_API_URL", "localhost:8080"),
        ("LOGIDATA_STAGING", "ftp://user:hush@host"),
        ("LOGIDATA_STATE", "s3://user:hush@host"),
        ("AIRFLOW_PASSWORD", None),
    ],
)
def test_a_variable_that_is_missing_or_malformed_stops_the_start_by_name(
    name: str, value: str | None
) -> None:
    said = load_settings(**{name: value})
    assert "ImproperlyConfigured" in said
    assert name in said
    assert "hush" not in said


def test_with_all_that_is_needed_the_settings_load() -> None:
    assert load_settings() == "loaded"


def test_a_password_that_begins_with_a_dollar_sign_is_taken_as_it_is(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGIDATA_TRIED", "$HOME")
    assert env.text("LOGIDATA_TRIED") == "$HOME"


def test_an_empty_variable_counts_as_missing(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGIDATA_TRIED", "")
    with pytest.raises(ImproperlyConfigured, match="LOGIDATA_TRIED"):
        env.text("LOGIDATA_TRIED")


@pytest.mark.parametrize(
    ("url", "host", "options"),
    [
        ("postgresql://u:p%40ss@db:5433/x?sslmode=require", "db", {"sslmode": "require"}),
        ("postgres://u:p%40ss@/x?host=/tmp/a%20b&port=5433", "/tmp/a b", {}),
    ],
)
def test_a_database_url_means_what_libpq_takes_it_to_mean(
    env: Environment,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    host: str,
    options: dict[str, str],
) -> None:
    monkeypatch.setenv("LOGIDATA_TRIED", url)
    database = env.postgres("LOGIDATA_TRIED")
    assert (database["NAME"], database["USER"], database["PASSWORD"]) == ("x", "u", "p@ss")
    assert (database["HOST"], database["PORT"]) == (host, "5433")
    assert options.items() <= database["OPTIONS"].items()


@pytest.mark.parametrize(
    "url",
    ["http://user:hush@host:8080", "http://user:hu/sh@host", "user:hush@host", "http://[hush@host"],
)
def test_a_login_in_an_http_address_is_refused_without_being_repeated(
    env: Environment, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("LOGIDATA_TRIED", url)
    with pytest.raises(ImproperlyConfigured, match="LOGIDATA_TRIED") as caught:
        env.http("LOGIDATA_TRIED")
    assert "hu" not in str(caught.value)


def test_an_http_address_that_cannot_be_read_is_named(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGIDATA_TRIED", "http://[::1")
    with pytest.raises(ImproperlyConfigured, match="LOGIDATA_TRIED"):
        env.http("LOGIDATA_TRIED")


@pytest.mark.parametrize("value", ["nan", "inf", "0", "-3", "soon"])
def test_seconds_are_a_positive_number(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("LOGIDATA_TRIED", value)
    with pytest.raises(ImproperlyConfigured, match="LOGIDATA_TRIED"):
        env.seconds("LOGIDATA_TRIED", 1)


def test_importing_the_project_costs_nothing() -> None:
    code = "import sys, logidata; print(sorted(sys.modules.keys() & {'django', 'celery'}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
