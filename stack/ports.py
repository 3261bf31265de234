"""Which loopback ports the stack uses: two the user may choose, the rest picked free."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.errors import StackError

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """Loopback ports of one stack."""

    web: int
    airflow: int
    postgres: int
    redis: int
    supervisor: int

    @classmethod
    def load(cls, path: Path) -> Ports | None:
        """Return the ports of the last start, None if there was none."""
        return cls(**json.loads(path.read_text())) if path.exists() else None

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def choose(cls, last: Ports | None) -> Ports:
        """Return free ports for a start: the user's, else the last ones, else the defaults.

        Raises:
            StackError: a port for people is busy; it is named, with the way to choose another.
        """
        web = _asked("LOGIDATA_PORT", last.web if last else 8000)
        airflow = _asked("AIRFLOW_WEBSERVER_PORT", last.airflow if last else 8080)
        if web == airflow:
            raise StackError(
                f"LogiData and Airflow cannot share port {web}. "
                f"Set LOGIDATA_PORT and AIRFLOW_WEBSERVER_PORT to two different ports."
            )
        for variable, port in (("LOGIDATA_PORT", web), ("AIRFLOW_WEBSERVER_PORT", airflow)):
            if not is_free(port):
                other = _free_after(port + 1, {web, airflow})
                raise StackError(
                    f"Port {port} on {HOST} is in use by another program{_user_of(port)}. "
                    f"Stop that program, or choose another port: make up {variable}={other}"
                )
        return cls._with_inner(web, airflow, last)

    @classmethod
    def choose_free(cls) -> Ports:
        """Return ports that are all picked free, for tests."""
        web = _any_free(set())
        return cls._with_inner(web, _any_free({web}), None)

    @classmethod
    def _with_inner(cls, web: int, airflow: int, last: Ports | None) -> Ports:
        taken = {web, airflow}
        inner = []
        for previous in (last.postgres, last.redis, last.supervisor) if last else (0, 0, 0):
            port = (
                previous
                if previous and previous not in taken and is_free(previous)
                else _any_free(taken)
            )
            taken.add(port)
            inner.append(port)
        return cls(web, airflow, *inner)


def _asked(variable: str, default: int) -> int:
    value = os.environ.get(variable, "").strip()
    if not value:
        return default
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise StackError(
            f"{variable} is {value!r}, which is no port. Set it to a number from 1 to 65535."
        )
    return int(value)


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of the loopback interface now."""
    with socket.socket() as probe:
        # As servers do, or a port just closed would look busy for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _any_free(taken: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port


def _free_after(port: int, taken: set[int]) -> int:
    while port in taken or not is_free(port):
        port += 1
    return port


def _user_of(port: int) -> str:
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            if (
                connection.status == psutil.CONN_LISTEN
                and connection.laddr.port == port
                and connection.pid
            ):
                return f" ({psutil.Process(connection.pid).name()}, process {connection.pid})"
    except psutil.Error:
        pass  # Other users' processes are not always visible; the port alone still helps.
    return ""
