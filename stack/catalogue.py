"""Every program that the stack runs, in the order of their start."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from stack import postgres, redis
from stack.ports import HOST
from stack.programs import (
    Program,
    Stack,
    airflow_environment,
    base_environment,
    connected_environment,
    django_environment,
)


def _python(*arguments: str) -> Callable[[Stack], list[str]]:
    return lambda stack: [sys.executable, *arguments]


def _celery(*arguments: str) -> Callable[[Stack], list[str]]:
    return _python("-m", "celery", "-A", "logidata", *arguments, "--loglevel=INFO")


# However much runs, those who look on and start more are answered: the web server goes before what
# works in the background, and that before the tasks.
_BACKGROUND = 5
_TASKS = 10


def _airflow(name: str, title: str, *arguments: str, nice: int = _BACKGROUND) -> Program:
    return Program(
        f"airflow-{name}",
        title,
        lambda stack: [stack.airflow.python, "-m", "airflow", name, *arguments],
        airflow_environment,
        nice=nice,
    )


# The scheduler starts the tasks.
_SCHEDULER = _airflow("scheduler", "Airflow scheduler", "--skip-serve-logs", nice=_TASKS)

STORES: tuple[Program, ...] = (
    Program(
        "postgres",
        "PostgreSQL",
        lambda stack: postgres.serve_command(stack.layout.postgres_data, stack.ports.postgres),
        base_environment,
        # A fast shutdown: a smart one would wait for every client to leave.
        stop_signal="INT",
    ),
    Program(
        "redis",
        "Redis",
        lambda stack: redis.serve_command(
            stack.layout.redis_data, stack.ports.redis, stack.secrets.redis
        ),
        base_environment,
        folder=lambda stack: stack.layout.redis_data,
    ),
)

# By Airflow's major version; the first one answers the REST API.
AIRFLOW: dict[int, tuple[Program, ...]] = {
    2: (
        _airflow("webserver", "Airflow web server"),
        _SCHEDULER,
    ),
    3: (
        _airflow("api-server", "Airflow API server"),
        _SCHEDULER,
        _airflow("dag-processor", "Airflow DAG processor"),
        _airflow("triggerer", "Airflow triggerer", "--skip-serve-logs"),
    ),
}

LOGIDATA: tuple[Program, ...] = (
    Program(
        "web",
        "web server",
        lambda stack: [
            *(sys.executable, "-m", "uvicorn", "logidata.asgi:application"),
            *("--host", HOST, "--port", str(stack.ports.web), "--no-server-header"),
            # Of what pages say over their sockets nothing is longer.
            *("--ws-max-size", "4096"),
        ],
        connected_environment,
    ),
    Program(
        "worker",
        "Celery worker",
        _celery("worker", "--concurrency=2", "-Ofair"),
        django_environment,
        nice=_BACKGROUND,
    ),
    Program(
        "previews",
        "worker of previews",
        # Threads: each waits for the process of its preview, which is what works.
        _celery(
            *("worker", "--queues=previews", "--hostname=previews@%h"),
            *("--pool=threads", "--concurrency=2"),
        ),
        connected_environment,
        nice=_BACKGROUND,
    ),
    Program(
        "alerts",
        "worker of alerts",
        # Processes: one that hangs on a channel is ended, which a thread cannot be. Two, so that
        # one such channel does not hold up the others.
        _celery("worker", "--queues=alerts", "--hostname=alerts@%h", "--concurrency=2"),
        django_environment,
        nice=_BACKGROUND,
    ),
    Program(
        "beat",
        "Celery beat",
        # Without --pidfile= a beat that was killed would refuse to start again.
        _celery("beat", "--pidfile="),
        django_environment,
    ),
)


def programs_of(stack: Stack) -> tuple[Program, ...]:
    """Return the stack's programs; each needs those before it."""
    return (*STORES, *AIRFLOW[stack.airflow.major], *LOGIDATA)


def airflow_api(stack: Stack) -> Program:
    """Return the program that answers Airflow's REST API."""
    return AIRFLOW[stack.airflow.major][0]


def become(name: str, stack: Stack) -> None:
    """Replace this process by the named program; never returns."""
    program = next(program for program in programs_of(stack) if program.name == name)
    environment = program.environment(stack)
    folder = program.folder(stack)
    command = program.command(stack)
    os.chdir(folder)
    os.nice(program.nice)
    os.execve(command[0], command, environment)
