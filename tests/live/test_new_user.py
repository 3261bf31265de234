"""The two commands of the README, as a new user gives them in a fresh clone."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from stack.layout import PROJECT, Layout
from stack.ports import Ports
from stack.supervision import processes_of

UP_SECONDS = 540


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git tracks, as it stands now, in a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("new user") / "Logi Data"
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def ports() -> Ports:
    return Ports.choose_free()


def make(clone: Path, ports: Ports, target: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LOGIDATA_", "AIRFLOW", "DJANGO_", "MAKE", "PYTHON", "VIRTUAL_ENV"))
    }
    return subprocess.run(
        [
            *("make", "--no-print-directory", target),
            f"LOGIDATA_PORT={ports.web}",
            f"AIRFLOW_WEBSERVER_PORT={ports.airflow}",
        ],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=UP_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def up(clone: Path, ports: Ports) -> Iterator[subprocess.CompletedProcess[str]]:
    """The first `make up`; in the end everything is stopped."""
    try:
        yield make(clone, ports, "up")
    finally:
        make(clone, ports, "down")


@pytest.fixture
def env(clone: Path, up: subprocess.CompletedProcess[str]) -> dict[str, str]:
    lines = (clone / "var" / "logidata.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_make_up_executes_the_example_and_shows_its_rows(up, env, ports):
    assert up.returncode == 0, up.stdout + up.stderr
    assert "waiting for PostgreSQL" in up.stdout
    assert "waiting for Airflow scheduler" in up.stdout
    assert f"http://127.0.0.1:{ports.web}/admin/" in up.stdout
    assert "success" in up.stdout
    with psycopg.connect(env["WAREHOUSE_URL"]) as warehouse:
        [count] = warehouse.execute("SELECT count(*) FROM deliveries").fetchone() or [0]
    assert count > 0


def test_the_file_for_scripts_is_private_and_complete(clone, env):
    assert stat.S_IMODE((clone / "var" / "logidata.env").stat().st_mode) == 0o600
    assert set(env) == {
        "LOGIDATA_URL",
        "LOGIDATA_TOKEN",
        "LOGIDATA_ADMIN_USER",
        "LOGIDATA_ADMIN_PASSWORD",
        "AIRFLOW_API_URL",
        "AIRFLOW_USERNAME",
        "AIRFLOW_PASSWORD",
        "WAREHOUSE_URL",
    }
    assert all(env.values())


def test_nothing_listens_beyond_loopback(clone, env):
    layout = Layout(clone, clone / "var", clone / "dags", (clone / "data",))
    listening = [
        connection.laddr.ip
        for process in processes_of(layout)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}


def test_a_second_make_up_is_done_in_seconds(clone, ports, env):
    began = time.monotonic()
    again = make(clone, ports, "up")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Executing the example" not in again.stdout
    # A start takes most of a minute: this bound tells it from finding everything up.
    assert time.monotonic() - began < 30


def test_the_checkout_stays_clean(clone, env):
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_make_down_leaves_no_process(clone, ports, env):
    done = make(clone, ports, "down")
    assert done.returncode == 0, done.stdout + done.stderr
    inside = [
        process.info
        for process in psutil.process_iter(["pid", "cmdline", "cwd"])
        if str(clone) in " ".join(process.info["cmdline"] or [])
        or (process.info["cwd"] or "").startswith(str(clone))
    ]
    assert inside == []
    down_again = make(clone, ports, "down")
    assert "Nothing runs" in down_again.stdout
