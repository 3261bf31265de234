"""Every variable that a container gets is read there, and what must be set is set."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from etl.settings import read_settings
from stack.layout import Layout
from stack.ports import Ports
from stack.programs import Stack, airflow_environment
from stack.secrets import Secrets
from tests.compose.compose_file import AIRFLOW, PROJECT, WEB, Compose, Service

pytestmark = pytest.mark.slow

# What other programs than ours and Airflow read, and where that is written.
FOREIGN = {
    "postgres:": {
        # https://hub.docker.com/_/postgres, "Environment Variables"
        "POSTGRES_DB",
        "POSTGRES_USER",
        "POSTGRES_PASSWORD",
    },
    # https://redis.io/docs/latest/develop/tools/cli/, "Host, port, password, and database"
    "redis:": {"REDISCLI_AUTH"},
    "logidata-web:": {"FORWARDED_ALLOW_IPS"},
    "logidata-airflow:": {
        "FORWARDED_ALLOW_IPS",
        # https://airflow.apache.org/docs/docker-stack/entrypoint.html, "Signal propagation"
        "DUMB_INIT_SETSID",
    },
}


def variables_read_in(*paths: str) -> set[str]:
    """Return the names that `environ.get("NAME")`, `env.text("NAME")` and the like ask for."""
    found = set()
    for path in paths:
        here = PROJECT / path
        for file in [here] if here.is_file() else sorted(here.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                found |= _name_asked_for(node)
    return found


def _name_asked_for(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        receiver, name = node.func.value, node.args[0]
    elif isinstance(node, ast.Subscript):
        receiver, name = node.value, node.slice
    else:
        return set()
    source = ast.unparse(receiver)
    if source not in {"env", "environ", "os.environ"} or not isinstance(name, ast.Constant):
        return set()
    return {str(name.value)} if re.fullmatch(r"[A-Z][A-Z0-9_]+", str(name.value)) else set()


def read_by(service: Service, airflow_settings: Mapping[str, list[str]]) -> set[str]:
    """Return the variables that the programs of a service's container read."""
    (foreign,) = (
        names for image, names in FOREIGN.items() if service.raw["image"].startswith(image)
    )
    script = service.script.read_text() if service.script else ""
    known = set(foreign) | set(re.findall(r"\$([A-Z][A-Z0-9_]+)", script))
    # `create_operator --password-env NAME` reads NAME.
    known |= set(re.findall(r"--password-env\s+([A-Z_]+)", script))
    if service.dockerfile == WEB:
        known |= variables_read_in("logidata/settings.py", "etl")
    if service.dockerfile == AIRFLOW:
        known |= variables_read_in("etl", "dags/operators")
        known |= {
            f"AIRFLOW__{section.upper()}__{option.upper()}"
            for section, options in airflow_settings.items()
            for option in options
        }
    return known


def test_the_settings_say_which_variables_they_read() -> None:
    assert {"LOGIDATA_SECRET_KEY", "AIRFLOW_API_URL"} <= variables_read_in("logidata/settings.py")
    assert {"LOGIDATA_STAGING", "LOGIDATA_DATA_DIRS"} <= variables_read_in("etl")


def test_every_variable_that_is_set_is_read(
    compose: Compose, airflow_facts: dict[str, Any]
) -> None:
    unread = {
        f"{service.name}: {name}"
        for service in compose.services.values()
        for name in set(service.environment) - read_by(service, airflow_facts["settings"])
    }
    assert unread == set()


def test_uvicorn_reads_the_trusted_proxies() -> None:
    import uvicorn.config

    assert '"FORWARDED_ALLOW_IPS"' in Path(uvicorn.config.__file__).read_text()


@pytest.mark.parametrize("name", ["web", "worker", "previews", "alerts", "beat", "migrate"])
def test_the_settings_load_with_the_environment_of_the_container(
    compose: Compose, values: dict[str, str], name: str
) -> None:
    environment = compose.services[name].environment_for(values)
    done = _load_settings(environment)
    assert done.returncode == 0, done.stderr
    # The health check calls 127.0.0.1, whatever names the operator adds.
    assert "'127.0.0.1'" in done.stdout


def test_the_settings_miss_a_variable_that_the_container_does_not_get(
    compose: Compose, values: dict[str, str]
) -> None:
    environment = compose.services["web"].environment_for(values)
    del environment["LOGIDATA_REDIS_URL"]
    done = _load_settings(environment)
    assert done.returncode != 0
    assert "LOGIDATA_REDIS_URL" in done.stderr


def _load_settings(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import logidata.settings as s; print(s.ALLOWED_HOSTS)"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nodes_find_their_folders_as_the_volumes_are_mounted(
    compose: Compose, values: dict[str, str]
) -> None:
    for name in ("worker", "previews", "airflow-worker"):
        service = compose.services[name]
        settings = read_settings(service.environment_for(values))
        assert service.volumes[settings.staging] == "staging"
    for name in ("airflow-worker", "previews", "web"):
        reader = compose.services[name]
        data = read_settings(reader.environment_for(values)).data_dirs
        assert [reader.volumes[str(folder)] for folder in data] == ["data"]


def test_airflow_reads_the_folder_that_dag_files_are_written_to(
    compose: Compose, values: dict[str, str]
) -> None:
    written = compose.services["worker"].environment["LOGIDATA_DAGS_DIR"]
    assert compose.services["worker"].volumes[written] == "dags"
    for service in compose.built_from(AIRFLOW):
        assert service.environment["AIRFLOW__CORE__DAGS_FOLDER"] == written
        assert service.volumes[written] == "dags"


def test_airflow_serves_snapshots_that_only_the_dag_processor_writes(
    compose: Compose, values: dict[str, str]
) -> None:
    for service in compose.built_from(AIRFLOW):
        environment = service.environment_for(values | {"LOGIDATA_STAGING_DAYS": "3"})
        [bundle] = json.loads(environment["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
        module, _, name = bundle["classpath"].rpartition(".")
        tree = ast.parse((PROJECT / "dags" / f"{module.replace('.', '/')}.py").read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        folders = bundle["kwargs"]
        assert service.volumes[folders["path"]] == "dags"
        assert service.volumes[folders["snapshots"]] == "snapshots"
        assert folders["keep_days"] == 3
        writes = f"snapshots:{folders['snapshots']}" in service.raw["volumes"]
        assert writes == (service.name == "airflow-dag-processor"), service.name
        assert f"dags:{folders['path']}:ro" in service.raw["volumes"]


def test_executor_and_auth_manager_are_classes_of_the_image(
    compose: Compose, airflow_facts: dict[str, Any]
) -> None:
    for service in compose.built_from(AIRFLOW):
        executor = service.environment["AIRFLOW__CORE__EXECUTOR"]
        assert executor in {path.rpartition(".")[2] for path in airflow_facts["classes"]}
        assert service.environment["AIRFLOW__CORE__AUTH_MANAGER"] in airflow_facts["classes"]


def test_dag_files_are_served_as_quickly_as_in_the_embedded_stack(
    compose: Compose, tmp_path: Path
) -> None:
    embedded = airflow_environment(
        Stack(
            Layout(PROJECT, tmp_path, tmp_path / "dags", (tmp_path / "data",)),
            Ports(web=1, airflow=2, postgres=3, redis=4, supervisor=5),
            Secrets.load_or_create(tmp_path / "secrets.json"),
        )
    )
    for service in compose.built_from(AIRFLOW):
        for name in (
            "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL",
        ):
            assert service.environment[name] == embedded[name]
