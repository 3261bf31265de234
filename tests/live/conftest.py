"""A whole stack of its own for the live tests: every service real, in a folder with a space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.airflow import Airflow
from stack.layout import PROJECT
from tests.live.client import LiveStack, running_stack
from tests.plugin import install_plugin


@pytest.fixture(scope="session")
def live(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[LiveStack]:
    """The running stack, with a plug-in; started once for all live tests, stopped after them."""
    var = tmp_path_factory.mktemp("live stack") / "var"
    install_plugin(var / "plugins")
    version = pytestconfig.getoption("airflow") or Airflow.own().version
    with running_stack(var, _python_with(version)) as stack:
        assert stack.stack.airflow.version == version
        yield stack


def _python_with(version: str) -> Path | None:
    """Return the interpreter beside that Airflow, None for this one."""
    if version == Airflow.own().version:
        return None
    return PROJECT / f".venv-airflow-{version}" / "bin" / "python"
