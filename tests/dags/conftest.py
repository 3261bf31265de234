"""Airflow in the test process, with a home of its own and without its database; a node in it."""

from pathlib import Path

import pytest

import etl.runner
from tests.dags.nodes import Recorder


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what Airflow writes when it is imported."""
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(autouse=True)
def _airflow_at_home(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(airflow_home))
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The node's work, recorded instead of done."""
    recorder = Recorder()
    monkeypatch.setattr(etl.runner, "run_node", recorder)
    return recorder
