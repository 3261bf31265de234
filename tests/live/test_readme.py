"""The calls that the README shows, given in a shell as they stand there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stack.layout import PROJECT
from tests.live.client import LiveStack


def shown() -> list[str]:
    """Return the commands of the README's section on the API; the first one sets up the others."""
    section = (PROJECT / "README.md").read_text().split("## The API in five calls")[1]
    block = re.search(r"```console\n(.*?)```", section, re.DOTALL)
    assert block
    return [line.removeprefix("$ ") for line in block[1].splitlines()]


@pytest.fixture
def checkout(live: LiveStack, tmp_path: Path) -> Path:
    """A folder that looks like the checkout that the live stack belongs to."""
    (tmp_path / "var").symlink_to(live.var)
    (tmp_path / "examples").symlink_to(PROJECT / "examples")
    return tmp_path


def test_the_five_calls_of_the_readme_answer_what_they_promise(live, checkout):
    preparation, *calls = shown()
    assert len(calls) == 5
    modules, create, execute, execution, logs = calls

    def call(command: str, **placeholders: str) -> Any:
        for name, value in placeholders.items():
            assert f"<{name}>" in command
            command = command.replace(f"<{name}>", value)
        assert not re.search(r"<\w+>", command), command
        done = subprocess.run(
            ["bash", "-euc", f"{preparation}\n{command}"],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(done.stdout)

    assert "extract.csv" in {module["key"] for module in call(modules)}
    pipeline = call(create)
    assert (
        pipeline["name"]
        == json.loads((PROJECT / "examples" / "pipelines" / "carrier_report.json").read_text())[
            "name"
        ]
    )
    started = call(execute, id=pipeline["id"])
    assert started["status"] == "pending"
    live.wait(started["execution_id"])
    ended = call(execution, execution_id=started["execution_id"])
    assert ended["status"] == "success", ended
    node = ended["tasks"][0]
    log = call(logs, execution_id=ended["id"], node=node["node_id"])
    assert str(node["rows_out"]) in json.dumps(log)
