"""A private MariaDB for the tests that need one: started once a session, ended by its own id."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

_PASSWORD = "only-for-tests"
_SECONDS = 60


def _find(name: str) -> str | None:
    # Debian keeps servers where only root looks.
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _require() -> None:
    """Fail with what to install: tests that need MariaDB are never left out."""
    if not (_find("mariadbd") and _find("mariadb-install-db")):
        pytest.fail(
            "These tests need MariaDB's server (mariadbd). Run `make test` as root, which installs "
            "it, or have the package mariadb-server installed."
        )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[int]:
    """The port of a server on the loopback, whose user `tests` may do everything."""
    _require()
    # Of its own: sockets do not allow long paths.
    folder = Path(tempfile.mkdtemp(prefix="logidata-mariadb-"))
    data, port = folder / "data", _free_port()
    common = [f"--datadir={data}", f"--user={getpass.getuser()}"]
    subprocess.run(
        [
            str(_find("mariadb-install-db")),
            "--no-defaults",
            *common,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        check=True,
        capture_output=True,
    )
    init = folder / "init.sql"
    init.write_text(
        # A new server lets anybody in from localhost, who would be taken for this user.
        f"CREATE USER tests@localhost IDENTIFIED BY '{_PASSWORD}';\n"
        f"CREATE USER tests@'127.0.0.1' IDENTIFIED BY '{_PASSWORD}';\n"
        "GRANT ALL ON *.* TO tests@localhost WITH GRANT OPTION;\n"
        "GRANT ALL ON *.* TO tests@'127.0.0.1' WITH GRANT OPTION;\n"
    )
    careless = ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-log-bin"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                str(_find("mariadbd")),
                "--no-defaults",
                *common,
                f"--port={port}",
                "--bind-address=127.0.0.1",
                f"--socket={folder / 'socket'}",
                f"--pid-file={folder / 'pid'}",
                # In a shared one, a server that starts removes the temporary tables of others.
                f"--tmpdir={folder}",
                f"--init-file={init}",
                *careless,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(server, port, folder / "log")
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            return _connect(port).close()
        except pymysql.MySQLError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"MariaDB did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)


def _connect(port: int, database: str | None = None) -> pymysql.Connection:
    return pymysql.connect(
        host="127.0.0.1",
        port=port,
        user="tests",
        password=_PASSWORD,
        database=database,
        autocommit=True,
    )


@pytest.fixture
def shop_url(mariadb_server: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URI of a database of a test's own; the connection `shop` leads there."""
    name = f"t{uuid.uuid4().hex}"
    with _connect(mariadb_server) as connection:
        connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    url = f"mysql://tests:{_PASSWORD}@127.0.0.1:{mariadb_server}/{name}"
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", url)
    yield url
    with _connect(mariadb_server) as connection:
        connection.cursor().execute(f"DROP DATABASE {name}")


def query(url: str, sql: str) -> list[tuple[object, ...]]:
    """Run a statement at a URI of `shop_url` and return its rows."""
    port, _, name = url.rpartition(":")[2].partition("/")
    with _connect(int(port), name) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
