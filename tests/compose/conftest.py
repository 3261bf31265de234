"""The Compose file and what it is checked against, loaded once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.compose.airflow_facts import COMMITTED
from tests.compose.compose_file import PROJECT, Compose


@pytest.fixture(scope="session")
def compose() -> Compose:
    return Compose.load()


@pytest.fixture(scope="session")
def values(compose: Compose) -> dict[str, str]:
    """A .env that sets what must be set, and nothing else."""
    return {variable.name: "0" * 64 for variable in compose.variables if variable.message}


@pytest.fixture(scope="session")
def provider_facts() -> dict[str, Any]:
    return dict(json.loads(COMMITTED.read_text()))


@pytest.fixture(scope="session")
def airflow_facts(
    tmp_path_factory: pytest.TempPathFactory, provider_facts: dict[str, Any]
) -> dict[str, Any]:
    """Settings and commands of the installed Airflow, with those of the image's providers."""
    home: Path = tmp_path_factory.mktemp("airflow")
    # In a process of its own: importing Airflow sets up its logging, and writes to its home.
    environment = {name: value for name, value in os.environ.items() if "AIRFLOW" not in name}
    subprocess.run(
        [sys.executable, "-m", "tests.compose.airflow_facts", "core", str(home / "core.json")],
        cwd=PROJECT,
        env=environment | {"AIRFLOW_HOME": str(home)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    core = json.loads((home / "core.json").read_text())
    return {kind: core[kind] | provider_facts[kind] for kind in ("settings", "commands")} | {
        "classes": provider_facts["classes"]
    }
