"""The two commands of the README, as a new user gives them in a fresh clone."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest
import requests

from stack.catalogue import AIRFLOW, LOGIDATA, STORES
from stack.layout import PROJECT, Layout
from stack.ports import Ports
from stack.supervision import processes_of

UP_SECONDS = 540
PROGRAMS = (*STORES, *AIRFLOW[3], *LOGIDATA)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git tracks, as it stands now, in a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("new user") / "Logi Data"
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def ports() -> Ports:
    return Ports.choose_free()


@pytest.fixture(scope="module")
def layout(clone: Path) -> Layout:
    return Layout(clone, clone / "var", clone / "dags", (clone / "data",))


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
    with psycopg.connect(env["WAREHOUSE_URL"]) as warehouse:
        [count] = warehouse.execute("SELECT count(*) FROM deliveries").fetchone() or [0]
    assert count > 0


def test_make_up_prints_what_each_node_did_and_the_first_rows(up):
    table, _, warehouse = up.stdout.partition("The first rows of deliveries in the warehouse:")
    assert re.search(r"^success in \d+\.\d s$", table, re.MULTILINE)
    nodes = re.findall(r"^(\w+) +(\w+\.\w+) +success +1 +(-|\d+) +(\d+) +\d+\.\d\d$", table, re.M)
    [read, kept, loaded] = nodes
    assert read[:2] == ("read_deliveries", "extract.csv")
    assert kept[:2] == ("keep_valuable", "transform.filter")
    assert loaded[:2] == ("to_warehouse", "load.postgres")
    assert int(read[3]) > int(kept[3]) == int(loaded[3]) > 0
    assert "delivery_id" in warehouse
    assert len(re.findall(r"\bD\d{5}\b", warehouse)) == 5


def test_the_logins_that_make_up_prints_are_let_in(up, env):
    logins = dict(re.findall(r"(http://\S+) .*?(\S+ / \S+)$", up.stdout, re.MULTILINE))
    user, password = logins[f"{env['LOGIDATA_URL']}/admin/"].split(" / ")
    with requests.Session() as browser:
        page = browser.get(f"{env['LOGIDATA_URL']}/admin/", timeout=30)
        assert page.status_code == 401
        form = {"username": user, "password": password, "next": "/admin/"}
        token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        page = browser.post(f"{env['LOGIDATA_URL']}/admin/login/", form | token, timeout=30)
        assert page.url.endswith("/admin/")
        assert "Executions a day" in page.text
    user, password = logins[env["AIRFLOW_API_URL"]].split(" / ")
    answer = requests.post(
        f"{env['AIRFLOW_API_URL']}/auth/token",
        json={"username": user, "password": password},
        timeout=30,
    )
    assert answer.ok


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


def test_nothing_listens_beyond_loopback(layout, env):
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


def test_make_status_names_every_program_as_running(clone, ports, env):
    status = make(clone, ports, "status")
    assert status.returncode == 0, status.stdout + status.stderr
    states = dict(line.split()[:2] for line in status.stdout.splitlines())
    assert states == {program.name: "running" for program in PROGRAMS}


def test_make_logs_shows_the_end_of_every_log(clone, ports, env):
    logs = make(clone, ports, "logs")
    assert logs.returncode == 0, logs.stdout + logs.stderr
    for program in PROGRAMS:
        assert f"== {program.name} (var/log/{program.name}.log)" in logs.stdout
    assert "(nothing yet)" not in logs.stdout


def test_make_help_lists_what_the_readme_names(clone, ports, env):
    shown = make(clone, ports, "help").stdout
    named = re.findall(r"make ([a-z]+)", (clone / "README.md").read_text())
    assert {"up", "down", "status", "logs", "test"} <= set(named)
    for target in named:
        assert re.search(rf"^  make {target} +\w", shown, re.MULTILINE), target


def test_two_checkouts_run_side_by_side(live, layout, env):
    for url in (live.env["LOGIDATA_URL"], env["LOGIDATA_URL"]):
        answer = requests.get(f"{url}/api/v1/health", timeout=30)
        assert (url, answer.status_code) == (url, 200)
    assert live.env["LOGIDATA_URL"] != env["LOGIDATA_URL"]
    mine = {process.pid for process in processes_of(layout)}
    theirs = {process.pid for process in processes_of(live.stack.layout)}
    assert mine
    assert theirs
    assert not mine & theirs
    # The token of one opens nothing of the other.
    other = {"Authorization": f"Bearer {live.env['LOGIDATA_TOKEN']}"}
    answer = requests.get(f"{env['LOGIDATA_URL']}/api/v1/pipelines", headers=other, timeout=30)
    assert answer.status_code == 401


def test_the_checkout_stays_clean(clone, env):
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_make_down_leaves_no_process(clone, layout, ports, env):
    done = make(clone, ports, "down")
    assert done.returncode == 0, done.stdout + done.stderr
    # Those that carry the stack's mark, and whatever else was started from within the checkout.
    assert processes_of(layout) == []
    inside = [
        process.info
        for process in psutil.process_iter(["pid", "cmdline", "cwd"])
        if str(clone) in " ".join(process.info["cmdline"] or [])
        or (process.info["cwd"] or "").startswith(str(clone))
    ]
    assert inside == []
    down_again = make(clone, ports, "down")
    assert "Nothing runs" in down_again.stdout
    status = make(clone, ports, "status")
    assert status.returncode != 0
    assert "make up" in status.stdout


def test_make_up_names_a_busy_port_before_it_starts_anything(clone, layout, ports, env):
    make(clone, ports, "down")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        done = make(clone, replace(ports, web=busy), "up")
    assert done.returncode != 0
    assert f"Port {busy} " in done.stderr
    assert "LOGIDATA_PORT=" in done.stderr
    assert "waiting for" not in done.stdout
    assert processes_of(layout) == []
