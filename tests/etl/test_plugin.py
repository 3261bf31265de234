"""A module of an installed package, used through the commands that its user has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from etl import registry
from stack.layout import PROJECT
from tests.etl.conftest import Lab
from tests.plugin import install_plugin

pytestmark = pytest.mark.slow

KEY = "extract.fixed_width"
COLUMNS = [
    {"name": "account", "start": 1, "width": 6},
    {"name": "owner", "start": 7, "width": 8},
    {"name": "amount", "start": 15, "width": 6},
]
LEDGER = "000123Ann       10.50\n\n000124Jörg B.         \n"


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the installed package, with a space in its name."""
    folder = tmp_path_factory.mktemp("plug ins")
    install_plugin(folder)
    return folder


def etl(*arguments: str, plugins: Path | None, data: Path) -> subprocess.CompletedProcess[str]:
    folders = [str(PROJECT), *([str(plugins)] if plugins else [])]
    return subprocess.run(
        [sys.executable, "-m", "etl", *arguments],
        cwd=data,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(folders),
            "LOGIDATA_DATA_DIRS": str(data),
            "LOGIDATA_STAGING": str(data / "staging"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def graph(data: Path, **config: Any) -> str:
    nodes = [
        {
            "id": "read",
            "module": KEY,
            "config": {"path": "ledger.txt", "columns": COLUMNS} | config,
        },
        {
            "id": "typed",
            "module": "transform.cast",
            "config": {"types": {"amount": "DECIMAL(10, 2)"}},
        },
        {"id": "write", "module": "load.csv", "config": {"path": "out.csv"}},
    ]
    edges = [{"source": "read", "target": "typed"}, {"source": "typed", "target": "write"}]
    (data / "graph.json").write_text(json.dumps({"nodes": nodes, "edges": edges}))
    return "graph.json"


def test_it_is_listed_with_its_settings(plugins: Path, tmp_path: Path) -> None:
    listed = etl("modules", plugins=plugins, data=tmp_path)
    assert f"{KEY:<22}Read a text file whose columns have fixed widths." in listed.stdout

    entries = json.loads(etl("modules", "--json", plugins=plugins, data=tmp_path).stdout)
    (entry,) = [entry for entry in entries if entry["key"] == KEY]
    assert entry["kind"] == "extract"
    assert entry["config_schema"]["required"] == ["path", "columns"]


def test_it_runs_in_a_graph(plugins: Path, tmp_path: Path) -> None:
    (tmp_path / "ledger.txt").write_text(LEDGER, encoding="utf-8")

    done = etl("run", graph(tmp_path), plugins=plugins, data=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == (
        "account,owner,amount\n000123,Ann,10.50\n000124,Jörg B.,\n"
    )


def test_its_config_is_checked_with_the_graph(plugins: Path, tmp_path: Path) -> None:
    done = etl("run", graph(tmp_path, columns=[]), plugins=plugins, data=tmp_path)

    assert done.returncode == 2
    assert "Node 'read': field 'columns' is wrong" in done.stderr


def test_its_errors_name_the_node_and_the_line(plugins: Path, tmp_path: Path) -> None:
    (tmp_path / "ledger.txt").write_text(LEDGER + "000125\n", encoding="utf-8")

    done = etl("run", graph(tmp_path), plugins=plugins, data=tmp_path)

    assert done.returncode == 1
    assert "file 'ledger.txt', line 4: it ends after 6 characters" in done.stdout


def test_without_the_package_there_is_no_such_module(tmp_path: Path) -> None:
    done = etl("run", graph(tmp_path), plugins=None, data=tmp_path)

    assert done.returncode == 2
    assert f"module '{KEY}' does not exist" in done.stderr


def test_the_module_in_the_documentation_works(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (PROJECT / "docs" / "plugins.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code
    example = ModuleType("documented")
    exec(code[1], vars(example))
    monkeypatch.setitem(sys.modules, "documented", example)
    monkeypatch.setitem(registry._BUILT_IN, "transform.distance", "documented:Distance")

    result = lab.run("transform.distance", {"left": "a", "right": "b"}, [{"a": 1, "b": 5}])

    assert lab.records(result) == [{"a": 1, "b": 5, "distance": 4}]
