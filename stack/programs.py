"""What the stack runs: for each program its command, its folder and its environment."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stack import postgres, redis
from stack.layout import Layout
from stack.ports import HOST, Ports
from stack.secrets import Secrets

IDENTITY_VARIABLE = "LOGIDATA_STACK"
# What whoever starts the stack may set for its programs.
PASSED_ON = ("LOGIDATA_VAR", "LOGIDATA_MEMORY_LIMIT")
ADMIN_USER = "admin"
AIRFLOW_USER = "admin"


@dataclass(frozen=True)
class Stack:
    """One stack: where it lies, which ports it uses, its secrets."""

    layout: Layout
    ports: Ports
    secrets: Secrets

    @property
    def web_url(self) -> str:
        return f"http://{HOST}:{self.ports.web}"

    @property
    def airflow_url(self) -> str:
        return f"http://{HOST}:{self.ports.airflow}"

    @property
    def warehouse_url(self) -> str:
        return postgres.url(self.ports.postgres, "warehouse", self.secrets.warehouse, "warehouse")

    @property
    def postgres_admin_url(self) -> str:
        return postgres.url(self.ports.postgres, "postgres", self.secrets.postgres, "postgres")

    @property
    def redis_url(self) -> str:
        return redis.url(self.ports.redis, self.secrets.redis)


@dataclass(frozen=True)
class Program:
    """One supervised process: its command, where it runs and with which environment."""

    name: str
    title: str
    command: Callable[[Stack], list[str]]
    environment: Callable[[Stack], dict[str, str]]
    folder: Callable[[Stack], Path] = lambda stack: stack.layout.project
    stop_signal: str = "TERM"
    stop_seconds: int = 15


def _python(*arguments: str) -> Callable[[Stack], list[str]]:
    return lambda stack: [sys.executable, *arguments]


def base_environment(stack: Stack) -> dict[str, str]:
    """Return the caller's environment without other stacks' settings, marked as this stack's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LOGIDATA_", "AIRFLOW", "DJANGO_", "PYTEST", "MAKE", "SUPERVISOR_"))
    }
    return kept | {
        IDENTITY_VARIABLE: stack.layout.identity,
        "PYTHONPATH": os.pathsep.join(
            str(folder)
            for folder in (
                stack.layout.project,
                stack.layout.project / "dags",
                stack.layout.plugins,
            )
        ),
        "PYTHONUNBUFFERED": "1",
        # Airflow's processes rename themselves; without this they would wipe out their mark.
        "SPT_NOENV": "1",
    }


def etl_environment(stack: Stack) -> dict[str, str]:
    """Return what both sides of the data plane must agree on."""
    memory = os.environ.get("LOGIDATA_MEMORY_LIMIT")
    return {
        "LOGIDATA_STAGING": str(stack.layout.staging),
        "LOGIDATA_STATE": str(stack.layout.state),
        "LOGIDATA_DATA_DIRS": os.pathsep.join(str(folder) for folder in stack.layout.data_dirs),
    } | ({"LOGIDATA_MEMORY_LIMIT": memory} if memory else {})


def django_environment(stack: Stack) -> dict[str, str]:
    """Return the environment of the web server, the worker, beat and `manage.py`."""
    secrets, ports = stack.secrets, stack.ports
    return (
        base_environment(stack)
        | etl_environment(stack)
        | {
            "DJANGO_SETTINGS_MODULE": "logidata.settings",
            "LOGIDATA_SECRET_KEY": secrets.django_key,
            "LOGIDATA_DATABASE_URL": postgres.url(
                ports.postgres, "logidata", secrets.logidata_database, "logidata"
            ),
            "LOGIDATA_REDIS_URL": stack.redis_url,
            "LOGIDATA_DAGS_DIR": str(stack.layout.dags),
            "LOGIDATA_LOGS": str(stack.layout.node_logs),
            "AIRFLOW_API_URL": stack.airflow_url,
            "AIRFLOW_USERNAME": AIRFLOW_USER,
            "AIRFLOW_PASSWORD": secrets.airflow_password,
        }
    )


def dag_bundles(stack: Stack) -> str:
    """Return where Airflow finds DAGs: in the generated files, each run in those of its start."""
    folders = {"path": str(stack.layout.dags), "snapshots": str(stack.layout.snapshots)}
    bundle = {
        "name": "logidata",
        "classpath": "operators.pipeline_bundle.PipelineBundle",
        "kwargs": folders,
    }
    return json.dumps([bundle])


def airflow_environment(stack: Stack) -> dict[str, str]:
    """Return the environment of Airflow's components."""
    secrets, ports, layout = stack.secrets, stack.ports, stack.layout
    database = f"airflow:{secrets.airflow_database}@{HOST}:{ports.postgres}/airflow"
    settings = {
        "core__executor": "LocalExecutor",
        # The executor's processes stand by idle: as many as this machine can use, not 32.
        "core__parallelism": str(max(4, 2 * (os.cpu_count() or 2))),
        "core__load_examples": "False",
        "core__dags_folder": str(layout.dags),
        "core__fernet_key": secrets.airflow_fernet_key,
        "core__execution_api_server_url": f"{stack.airflow_url}/execution/",
        "core__simple_auth_manager_users": f"{AIRFLOW_USER}:admin",
        "core__simple_auth_manager_passwords_file": str(layout.airflow_passwords),
        "database__sql_alchemy_conn": f"postgresql+psycopg2://{database}",
        "database__sql_alchemy_conn_async": f"postgresql+asyncpg://{database}",
        "api__host": HOST,
        "api__port": str(ports.airflow),
        "api__base_url": stack.airflow_url,
        "api__secret_key": secrets.airflow_api_key,
        "api_auth__jwt_secret": secrets.airflow_jwt,
        "dag_processor__dag_bundle_config_list": dag_bundles(stack),
        # Not /tmp, which other stacks share.
        "dag_processor__dag_bundle_storage_path": str(layout.airflow_home / "bundles"),
        # A new or changed file is served about a second after it was written, not after minutes.
        "dag_processor__refresh_interval": "1",
        "dag_processor__bundle_refresh_check_interval": "1",
        # Without this an edit within 30 s of the last one would be read, but not served.
        "core__min_serialized_dag_update_interval": "0",
        "scheduler__scheduler_idle_sleep_time": "0.2",
        # A cancelled task is stopped at its next heartbeat.
        "workers__min_heartbeat_interval": "1",
        "logging__base_log_folder": str(layout.logs / "airflow"),
    }
    return (
        base_environment(stack)
        | etl_environment(stack)
        | {"AIRFLOW_HOME": str(layout.airflow_home)}
        | {f"AIRFLOW__{name.upper()}": value for name, value in settings.items()}
    )


PROGRAMS: tuple[Program, ...] = (
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
    Program(
        "airflow-api-server",
        "Airflow API server",
        _python("-m", "airflow", "api-server"),
        airflow_environment,
    ),
    Program(
        "airflow-scheduler",
        "Airflow scheduler",
        _python("-m", "airflow", "scheduler", "--skip-serve-logs"),
        airflow_environment,
    ),
    Program(
        "airflow-dag-processor",
        "Airflow DAG processor",
        _python("-m", "airflow", "dag-processor"),
        airflow_environment,
    ),
    Program(
        "airflow-triggerer",
        "Airflow triggerer",
        _python("-m", "airflow", "triggerer", "--skip-serve-logs"),
        airflow_environment,
    ),
    Program(
        "web",
        "web server",
        lambda stack: [
            *(sys.executable, "-m", "uvicorn", "logidata.asgi:application"),
            *("--host", HOST, "--port", str(stack.ports.web), "--no-server-header"),
        ],
        django_environment,
    ),
    Program(
        "worker",
        "Celery worker",
        _python(
            "-m",
            "celery",
            "-A",
            "logidata",
            "worker",
            "--concurrency=2",
            "--loglevel=INFO",
            "-Ofair",
        ),
        django_environment,
    ),
    Program(
        "beat",
        "Celery beat",
        # Without --pidfile= a beat that was killed would refuse to start again.
        _python("-m", "celery", "-A", "logidata", "beat", "--loglevel=INFO", "--pidfile="),
        django_environment,
    ),
)


def become(name: str, stack: Stack) -> None:
    """Replace this process by the named program; never returns."""
    program = next(program for program in PROGRAMS if program.name == name)
    environment = program.environment(stack)
    folder = program.folder(stack)
    command = program.command(stack)
    os.chdir(folder)
    os.execve(command[0], command, environment)
