import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from stack.errors import StackError
from stack.layout import PROJECT, Layout
from stack.ports import HOST, Ports, is_free
from stack.supervision import processes_of


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def free() -> Ports:
    return Ports.choose_free()


@pytest.fixture(autouse=True)
def _no_ports_asked_for(monkeypatch):
    monkeypatch.delenv("LOGIDATA_PORT", raising=False)
    monkeypatch.delenv("AIRFLOW_WEBSERVER_PORT", raising=False)


def test_a_busy_port_is_named_with_its_user_and_a_free_one(busy_port, free, monkeypatch):
    monkeypatch.setenv("LOGIDATA_PORT", str(busy_port))
    with pytest.raises(StackError) as caught:
        Ports.choose(free)
    message = str(caught.value)
    assert f"Port {busy_port} " in message
    assert f"process {os.getpid()}" in message
    suggested = int(message.rsplit("LOGIDATA_PORT=", 1)[1])
    assert is_free(suggested)


def test_the_ports_of_the_last_start_are_kept(free):
    assert Ports.choose(free) == free


def test_a_busy_inner_port_is_replaced_without_a_word(free, busy_port):
    last = Ports(free.web, free.airflow, busy_port, free.redis, free.supervisor)
    assert Ports.choose(last).postgres != busy_port


def test_two_services_cannot_share_a_port(free, monkeypatch):
    monkeypatch.setenv("LOGIDATA_PORT", str(free.airflow))
    with pytest.raises(StackError, match="cannot share port"):
        Ports.choose(free)


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1"])
def test_what_is_no_port_is_refused_by_the_variables_name(free, monkeypatch, value):
    monkeypatch.setenv("AIRFLOW_WEBSERVER_PORT", value)
    with pytest.raises(StackError, match="AIRFLOW_WEBSERVER_PORT"):
        Ports.choose(free)


def test_saved_ports_are_read_back(tmp_path, free):
    free.save(tmp_path / "ports.json")
    assert Ports.load(tmp_path / "ports.json") == free
    assert Ports.load(tmp_path / "none.json") is None


@pytest.mark.parametrize("variable", ["LOGIDATA_PORT", "AIRFLOW_WEBSERVER_PORT"])
def test_make_up_names_a_busy_port_before_it_starts_anything(
    busy_port, free, tmp_path, monkeypatch, variable
):
    monkeypatch.setenv("LOGIDATA_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("LOGIDATA_PORT", str(free.web))
    monkeypatch.setenv("AIRFLOW_WEBSERVER_PORT", str(free.airflow))
    monkeypatch.setenv(variable, str(busy_port))
    # What the target of the Makefile runs, once all is installed.
    command = [sys.executable, "-m", "stack", "up"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"Port {busy_port} " in done.stderr
    assert variable in done.stderr
    assert "Traceback" not in done.stderr
    assert "waiting for" not in done.stdout
    layout = Layout.from_environment()
    assert not layout.postgres_data.exists()
    assert processes_of(layout) == []
