"""What a program of the stack is, and which environment each kind of them gets."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from stack import postgres, redis
from stack.airflow import Airflow
from stack.layout import Layout
from stack.ports import HOST, Ports
from stack.secrets import Secrets

IDENTITY_VARIABLE = "LOGIDATA_STACK"
CONNECTION_PREFIX = "AIRFLOW_CONN_"
# What whoever starts the stack may set for its programs.
PASSED_ON = ("LOGIDATA_VAR", "LOGIDATA_MEMORY_LIMIT")
ADMIN_USER = "admin"
AIRFLOW_USER = "admin"
# For how long an Airflow 2 keeps a DAG before it looks for a newer one.
DAG_FETCH_SECONDS = 1


@dataclass(frozen=True)
class Stack:
    """One stack: where it lies, which ports it uses, its secrets, its Airflow."""

    layout: Layout
    ports: Ports
    secrets: Secrets
    airflow: Airflow = field(default_factory=Airflow.own)

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
    # How far it and what it starts give way to the other programs, from 0 to 19.
    nice: int = 0


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
            "LOGIDATA_PUBLIC_URL": stack.web_url,
            "LOGIDATA_EVENTS_SECRET": secrets.events,
            "AIRFLOW_API_URL": stack.airflow_url,
            "AIRFLOW_USERNAME": AIRFLOW_USER,
            "AIRFLOW_PASSWORD": secrets.airflow_password,
            "AIRFLOW_DAG_FETCH_INTERVAL": str(DAG_FETCH_SECONDS),
        }
    )


def connected_environment(stack: Stack) -> dict[str, str]:
    """Return the environment of what opens connections outside of Airflow: previews, pickers.

    Airflow gives the secrets of its connections to tasks alone. Here the demo warehouse is known,
    and whatever AIRFLOW_CONN_<ID> the caller has set.
    """
    given = {
        name: value for name, value in os.environ.items() if name.startswith(CONNECTION_PREFIX)
    }
    own = {f"{CONNECTION_PREFIX}WAREHOUSE": stack.warehouse_url}
    return django_environment(stack) | given | own


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
    layout = stack.layout
    database = f"airflow:{stack.secrets.airflow_database}@{HOST}:{stack.ports.postgres}/airflow"
    settings = {
        "core__executor": "LocalExecutor",
        # The executor's processes stand by idle: as many as this machine can use, not 32.
        "core__parallelism": str(max(4, 2 * (os.cpu_count() or 2))),
        "core__load_examples": "False",
        "core__dags_folder": str(layout.dags),
        "core__fernet_key": stack.secrets.airflow_fernet_key,
        "database__sql_alchemy_conn": f"postgresql+psycopg2://{database}",
        "database__sql_alchemy_conn_async": f"postgresql+asyncpg://{database}",
        # Without this an edit within 30 s of the last one would be read, but not served.
        "core__min_serialized_dag_update_interval": "0",
        "scheduler__scheduler_idle_sleep_time": "0.2",
        # Runs that changed come by the thousand, and not in pages of a hundred.
        "api__maximum_page_limit": "1000",
        # The tasks of a scheduler that was killed are taken up in less than a minute, not in five.
        "scheduler__orphaned_tasks_check_interval": "10",
        "logging__base_log_folder": str(layout.logs / "airflow"),
        # Tells LogiData at once what changes.
        "core__plugins_folder": str(layout.airflow_plugins),
        **_OF_MAJOR_VERSION[stack.airflow.major](stack),
    }
    return (
        base_environment(stack)
        | etl_environment(stack)
        | {
            "AIRFLOW_HOME": str(layout.airflow_home),
            "LOGIDATA_EVENTS_URL": f"{stack.web_url}/api/v1/airflow/events",
            "LOGIDATA_EVENTS_SECRET": stack.secrets.events,
        }
        | {f"AIRFLOW__{name.upper()}": value for name, value in settings.items()}
    )


def _airflow_3(stack: Stack) -> dict[str, str]:
    return {
        "core__execution_api_server_url": f"{stack.airflow_url}/execution/",
        "core__simple_auth_manager_users": f"{AIRFLOW_USER}:admin",
        "core__simple_auth_manager_passwords_file": str(stack.layout.airflow_passwords),
        "api__host": HOST,
        "api__port": str(stack.ports.airflow),
        "api__base_url": stack.airflow_url,
        "api__secret_key": stack.secrets.airflow_api_key,
        "api_auth__jwt_secret": stack.secrets.airflow_jwt,
        "dag_processor__dag_bundle_config_list": dag_bundles(stack),
        # Not /tmp, which other stacks share.
        "dag_processor__dag_bundle_storage_path": str(stack.layout.airflow_home / "bundles"),
        # A new or changed file is served about a second after it was written, not after minutes.
        "dag_processor__bundle_refresh_check_interval": "0",
        # A cancelled task is stopped at its next heartbeat.
        "workers__min_heartbeat_interval": "1",
        # Tasks outlast a restart of the API server, to which they tell that they live.
        "workers__max_failed_heartbeats": "40",
        # A task whose process is gone is known to be, and tried again, in less than a minute.
        "scheduler__task_instance_heartbeat_timeout": "45",
    }


def _airflow_2(stack: Stack) -> dict[str, str]:
    return {
        "api__auth_backends": "airflow.api.auth.backend.basic_auth",
        "webserver__web_server_host": HOST,
        "webserver__web_server_port": str(stack.ports.airflow),
        "webserver__base_url": stack.airflow_url,
        "webserver__secret_key": stack.secrets.airflow_api_key,
        # Two, since each keeps DAGs in a memory of its own.
        "webserver__workers": "2",
        "core__min_serialized_dag_fetch_interval": str(DAG_FETCH_SECONDS),
        # What the settings for Airflow 3 do. A changed file is read at once; the interval is for
        # unchanged ones, which would keep a core busy, and for one that changed while it was read.
        "scheduler__dag_dir_list_interval": "1",
        "scheduler__min_file_process_interval": "10",
        "scheduler__job_heartbeat_sec": "1",
    }


_OF_MAJOR_VERSION = {2: _airflow_2, 3: _airflow_3}
