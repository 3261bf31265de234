"""`make up`: bring every part of the stack up, in order, and see that each is healthy."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import requests

from stack import postgres, warehouse
from stack.airflow import Airflow
from stack.catalogue import STORES, programs_of
from stack.errors import StackError
from stack.health import health_check
from stack.layout import Layout
from stack.ports import Ports
from stack.programs import (
    ADMIN_USER,
    AIRFLOW_USER,
    Stack,
    airflow_environment,
    django_environment,
)
from stack.secrets import Secrets, write_private
from stack.supervision import Supervisor, end_leftovers, processes_of
from stack.waiting import wait_for

START_SECONDS = 180

# Airflow's own transactions are idle for less than a second. That of a scheduler that was killed
# would keep its DAG runs locked, since the processes for tasks that it leaves behind live on.
AIRFLOW_IDLE_SECONDS = 15


def up(layout: Layout) -> Stack:
    """Return the running, healthy stack; parts that run already are left as they are.

    Raises:
        StackError: a port is busy, or a part does not get healthy; it is named, with its log.
    """
    layout.create()
    secrets = Secrets.load_or_create(layout.secrets)
    stack, supervisor = _supervised(layout, secrets)
    _start_stores(stack, supervisor)
    _prepare(stack)
    programs = programs_of(stack)
    for program in programs:
        supervisor.start_program(program.name)
    token = None
    for program in programs[len(STORES) :]:
        if program.name == "worker":
            token = _issue_token(stack)
        wait_for(
            program.name,
            health_check(program.name, stack, token),
            supervisor,
            stack,
            START_SECONDS,
        )
    assert token is not None
    warehouse.define_connection(stack)
    _write_env_file(stack, token)
    return stack


def recorded(layout: Layout) -> Stack:
    """Return the stack as its last start left it on disk.

    Raises:
        StackError: it was never started.
    """
    ports = Ports.load(layout.ports)
    if ports is None or not layout.secrets.exists():
        raise StackError("LogiData was never started here. Start it with: make up")
    secrets = Secrets.load_or_create(layout.secrets)
    return Stack(layout, ports, secrets, Airflow.load(layout.airflow))


def running(layout: Layout) -> Stack | None:
    """Return the stack of this checkout if its supervisor runs."""
    if not layout.ports.exists() or not layout.secrets.exists():
        return None
    stack = recorded(layout)
    return stack if Supervisor(stack).is_running() else None


def _supervised(layout: Layout, secrets: Secrets) -> tuple[Stack, Supervisor]:
    if (stack := running(layout)) is not None:
        for variable, port in (
            ("LOGIDATA_PORT", stack.ports.web),
            ("AIRFLOW_WEBSERVER_PORT", stack.ports.airflow),
        ):
            asked = os.environ.get(variable, "").strip() or str(port)
            if asked != str(port):
                raise StackError(
                    f"LogiData runs already, with {variable}={port}. To move it to {asked}, "
                    f"stop it first: make down && make up {variable}={asked}"
                )
        return stack, Supervisor(stack)
    if processes_of(layout):
        print("Ending processes that an interrupted start left behind")
        end_leftovers(layout, patience=0)
    ports = Ports.choose(Ports.load(layout.ports))
    ports.save(layout.ports)
    airflow = Airflow.choose()
    airflow.save(layout.airflow)
    stack = Stack(layout, ports, secrets, airflow)
    postgres.initialise(layout.postgres_data, secrets.postgres)
    supervisor = Supervisor(stack)
    supervisor.start()
    return stack, supervisor


def _start_stores(stack: Stack, supervisor: Supervisor) -> None:
    import psycopg
    from redis import Redis, RedisError

    def postgres_answers() -> str | None:
        try:
            psycopg.connect(stack.postgres_admin_url, connect_timeout=2).close()
        except psycopg.Error as error:
            return str(error).strip()
        return None

    def redis_answers() -> str | None:
        try:
            client = Redis.from_url(stack.redis_url, socket_timeout=2)
            client.ping()
        except RedisError as error:
            return str(error)
        return None

    supervisor.start_program("postgres")
    supervisor.start_program("redis")
    wait_for("postgres", postgres_answers, supervisor, stack, 60)
    wait_for("redis", redis_answers, supervisor, stack, 60)


def _prepare(stack: Stack) -> None:
    """Bring databases, tables, logins and static files to what this version of the code needs."""
    secrets = stack.secrets
    for name, password in (
        ("logidata", secrets.logidata_database),
        ("airflow", secrets.airflow_database),
        ("warehouse", secrets.warehouse),
    ):
        postgres.create_database(stack.postgres_admin_url, name, password)
    postgres.end_idle_transactions(stack.postgres_admin_url, "airflow", AIRFLOW_IDLE_SECONDS)
    write_private(
        stack.layout.airflow_passwords, json.dumps({AIRFLOW_USER: secrets.airflow_password})
    )
    stamp = stack.layout.var / "prepared"
    version = _code_version(stack)
    if stamp.exists() and stamp.read_text() == version:
        return
    print("  preparing the databases")
    airflow = _airflow_command(stack, "db", "migrate")
    manage(stack, "migrate", "--no-input")
    manage(
        stack,
        *(
            "create_operator",
            "--username",
            ADMIN_USER,
            "--superuser",
            "--password-env",
            "LOGIDATA_NEW_PASSWORD",
        ),
        extra={"LOGIDATA_NEW_PASSWORD": secrets.admin_password},
    )
    output, _ = airflow.communicate()
    if airflow.returncode != 0:
        raise StackError(f"Airflow's database could not be prepared:\n{output[-3000:]}")
    if stack.airflow.major == 2:
        _create_airflow_user(stack)
    stamp.write_text(version)


def _airflow_command(stack: Stack, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [stack.airflow.python, "-m", "airflow", *arguments],
        cwd=stack.layout.project,
        env=airflow_environment(stack),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Without a terminal, passwords are read from the standard input.
        start_new_session=True,
    )


def _create_airflow_user(stack: Stack) -> None:
    """Create Airflow 2's administrator; Airflow 3 reads a file with the password."""
    password = stack.secrets.airflow_password
    names = ("--username", AIRFLOW_USER, "--firstname", "LogiData", "--lastname", "Administrator")
    creation = _airflow_command(
        stack, *("users", "create", "--role", "Admin", "--email", "admin@localhost", *names)
    )
    output, _ = creation.communicate(f"{password}\n{password}\n")
    if creation.returncode != 0:
        raise StackError(f"Airflow's administrator could not be created:\n{output[-3000:]}")


def _code_version(stack: Stack) -> str:
    """Return what tells whether the databases were prepared by this very code."""
    migrations = sorted(
        str(path.relative_to(stack.layout.project))
        for app in ("pipelines", "executions", "alerts")
        for path in (stack.layout.project / app / "migrations").glob("*.py")
    )
    requirements = (stack.layout.project / "requirements.txt").read_text()
    return "\n".join([*migrations, requirements, stack.airflow.version])


def manage(stack: Stack, *arguments: str, extra: dict[str, str] | None = None) -> str:
    """Run a command of manage.py and return what it printed.

    Raises:
        StackError: it failed; with the end of what it printed.
    """
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=stack.layout.project,
        env=django_environment(stack) | (extra or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        output = (done.stdout + done.stderr)[-3000:]
        raise StackError(f"`manage.py {arguments[0]}` failed:\n{output}")
    return done.stdout


def _issue_token(stack: Stack) -> str:
    """Return a token for scripts: the one of the last start while it is valid, else a new one."""
    known = read_env_file(stack.layout).get("LOGIDATA_TOKEN")
    if known:
        answer = requests.get(
            f"{stack.web_url}/api/v1/pipelines",
            headers={"Authorization": f"Bearer {known}"},
            timeout=15,
        )
        if answer.status_code == 200:
            return known
    return manage(stack, "issue_token", "--username", ADMIN_USER).strip()


def env_values(stack: Stack, token: str) -> dict[str, str]:
    """Return what scripts need to use this stack."""
    return {
        "LOGIDATA_URL": stack.web_url,
        "LOGIDATA_TOKEN": token,
        "LOGIDATA_ADMIN_USER": ADMIN_USER,
        "LOGIDATA_ADMIN_PASSWORD": stack.secrets.admin_password,
        "AIRFLOW_API_URL": stack.airflow_url,
        "AIRFLOW_USERNAME": AIRFLOW_USER,
        "AIRFLOW_PASSWORD": stack.secrets.airflow_password,
        "WAREHOUSE_URL": stack.warehouse_url,
    }


def _write_env_file(stack: Stack, token: str) -> None:
    lines = [f"{name}={value}\n" for name, value in env_values(stack, token).items()]
    write_private(stack.layout.env_file, "".join(lines))


def read_env_file(layout: Layout) -> dict[str, str]:
    """Return the settings for scripts of the last start, empty if there was none."""
    if not layout.env_file.exists():
        return {}
    lines = layout.env_file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
