"""What docs/production.md tells operators to type and to set is there."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from tests.compose.compose_file import PROJECT, Compose
from tests.compose.test_commands import check_airflow

TEXT = (PROJECT / "docs" / "production.md").read_text()
BLOCKS = re.findall(r"^```\w*\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
LINES_OF_TABLES = [line for line in TEXT.splitlines() if line.startswith("|")]
EXEC = [
    [word for word in shlex.split(line)[3:] if word != "-T"]
    for line in LINES
    if line.startswith("docker compose exec ")
]


def test_commands_are_typed_into_services_that_exist(compose: Compose) -> None:
    assert len(EXEC) >= 8
    assert {words[0] for words in EXEC} <= set(compose.services)


@pytest.mark.slow
def test_airflow_knows_the_commands_that_are_typed(airflow_facts: dict[str, Any]) -> None:
    typed = [words[1:] for words in EXEC if words[1] == "airflow"]
    assert len(typed) >= 2
    for words in typed:
        # What stands without a dash before the options names the object.
        options = next(i for i, word in enumerate(words) if word.startswith("-"))
        check_airflow(words[: min(options, 3)] + words[options:], airflow_facts["commands"])


def test_every_variable_that_is_named_is_one_of_the_compose_file(compose: Compose) -> None:
    known = {variable.name for variable in compose.variables}
    known |= {name for service in compose.services.values() for name in service.environment}
    named = set(re.findall(r"\b(?:LOGIDATA|AIRFLOW|REDIS|POSTGRES)_[A-Z_]+\b", TEXT))
    # The convention for connections, with the example's name.
    assert named - known == {"AIRFLOW_CONN_WAREHOUSE"}


@pytest.mark.parametrize("kind", ["services", "volumes"])
def test_every_service_and_volume_has_its_row(compose: Compose, kind: str) -> None:
    rows = " ".join(line for line in TEXT.splitlines() if line.startswith("|"))
    assert {name for name in compose.raw[kind] if f"`{name}`" not in rows} == set()


PROGRAMS = ("web", "worker", "previews", "alerts", "beat")


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_command_of_each_program_is_the_one_of_the_compose_file(
    compose: Compose, name: str
) -> None:
    (command,) = compose.services[name].commands
    (row,) = [
        line for line in LINES_OF_TABLES if line.startswith(f"| `{name}` | `") and " --" in line
    ]
    assert f"`{shlex.join(command)}`" in row


def test_what_runs_without_compose_has_its_place_in_an_upgrade() -> None:
    upgrade = TEXT.partition("## Upgrade")[2].partition("## Stop")[0]
    for step in ("migrate --no-input", "collectstatic --no-input --clear", "logidata_events.py"):
        assert step in upgrade
