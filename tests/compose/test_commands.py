"""Every command that a container runs exists, with the options that it is given."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Callable
from importlib.metadata import distribution, entry_points
from pathlib import Path
from typing import Any

import celery.bin.celery
import click
import pytest
import uvicorn
from django.core.management import get_commands, load_command_class

from tests.compose.compose_file import AIRFLOW, PROJECT, WEB, Compose, Service
from tests.compose.requirements import normal, pinned

pytestmark = pytest.mark.slow

REQUIREMENTS = {WEB: "docker/requirements-web.txt", AIRFLOW: "docker/requirements-airflow.txt"}

# Programs that the images bring besides the console scripts of their Python packages.
OF_IMAGES = {
    # Debian's shell, Python's own image
    "logidata-web:": {"sh", "python"},
    # https://airflow.apache.org/docs/docker-stack/ ; Airflow's own Compose file checks with curl
    "logidata-airflow:": {"bash", "python", "curl"},
    # https://hub.docker.com/_/postgres : the client programs come with the server
    "postgres:": {"pg_isready"},
    # https://hub.docker.com/_/redis ; grep is of Debian's base
    "redis:": {"redis-server", "redis-cli", "grep"},
}


def all_commands(compose: Compose) -> list[tuple[Service, list[str]]]:
    return [
        (service, words)
        for service in compose.services.values()
        for words in [*service.commands, *service.health_commands]
    ]


def console_scripts(requirements: str) -> set[str]:
    """Return the programs that the packages of a requirements file install, as known here."""
    names = set(pinned(requirements))
    return {
        script.name
        for script in entry_points(group="console_scripts")
        if script.dist and normal(script.dist.name) in names
    }


def test_every_program_is_in_its_image(compose: Compose) -> None:
    missing = {
        f"{service.name}: {words[0]}"
        for service, words in all_commands(compose)
        if words[0] not in programs_of(service)
    }
    assert missing == set()


def programs_of(service: Service) -> set[str]:
    (programs,) = (
        programs for image, programs in OF_IMAGES.items() if service.raw["image"].startswith(image)
    )
    if service.dockerfile:
        return programs | console_scripts(REQUIREMENTS[service.dockerfile])
    return programs


def test_every_service_has_a_command_and_a_health_check_or_ends(compose: Compose) -> None:
    for service in compose.services.values():
        assert service.commands or service.raw["image"].startswith("postgres:"), service.name
        ends = service.raw["restart"] == "no"
        assert bool(service.health_commands) != ends, service.name


def check_airflow(words: list[str], commands: dict[str, Any]) -> None:
    """Raise AssertionError unless `airflow ...` is a command with these options."""
    two, one = " ".join(words[1:3]), words[1]
    name = two if two in commands else one
    assert name in commands, f"there is no command 'airflow {two}'"
    given = words[3:] if name == two else words[2:]
    seen = set()
    while given:
        option = given.pop(0)
        (known,) = [known for known in commands[name] if option in known["flags"]] or [None]
        assert known, f"'airflow {name}' knows no option {option}"
        seen.add(option)
        if known["value"]:
            value = given.pop(0)
            assert not known["choices"] or value in known["choices"], f"{option} {value}"
    required = [known["flags"] for known in commands[name] if known["required"]]
    assert all(seen & set(flags) for flags in required), f"'airflow {name}' needs {required}"


def test_every_airflow_command_exists(compose: Compose, airflow_facts: dict[str, Any]) -> None:
    checked = [words for _, words in all_commands(compose) if words[0] == "airflow"]
    assert len(checked) >= 9
    for words in checked:
        check_airflow(words, airflow_facts["commands"])


@pytest.mark.parametrize(
    "line",
    [
        "airflow webserver",
        "airflow celery workers",
        "airflow scheduler --fast",
        "airflow jobs check --job-type WebserverJob",
        "airflow users create --username admin",
    ],
)
def test_an_airflow_command_that_does_not_exist_is_noticed(
    airflow_facts: dict[str, Any], line: str
) -> None:
    with pytest.raises(AssertionError):
        check_airflow(line.split(), airflow_facts["commands"])


def check_click(command: click.Command, arguments: list[str]) -> None:
    """Raise click.UsageError unless the command, or its subcommand, takes these arguments."""
    context = click.Context(command)
    # Only parsed, as the options' own callbacks would start the application.
    _, rest, _ = command.make_parser(context).parse_args(list(arguments))
    if isinstance(command, click.Group):
        subcommand = command.get_command(context, rest[0])
        if subcommand is None:
            raise click.UsageError(f"there is no command {rest[0]}")
        check_click(subcommand, rest[1:])


def check_celery(words: list[str]) -> None:
    check_click(celery.bin.celery.celery, words[1:])


def check_uvicorn(words: list[str]) -> None:
    check_click(uvicorn.main, words[1:])
    module, _, attribute = words[1].partition(":")
    assert hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize(
    ("program", "check"), [("celery", check_celery), ("uvicorn", check_uvicorn)]
)
def test_every_celery_and_uvicorn_command_exists(
    compose: Compose, program: str, check: Callable[[list[str]], None]
) -> None:
    checked = [words for _, words in all_commands(compose) if words[0] == program]
    assert checked
    for words in checked:
        check(words)


@pytest.mark.parametrize("line", ["celery -A logidata wroker", "celery -A logidata beat --pid="])
def test_a_celery_command_that_does_not_exist_is_noticed(line: str) -> None:
    with pytest.raises(click.UsageError):
        check_celery(line.split())


def test_the_celery_applications_that_are_named_exist(
    compose: Compose, provider_facts: dict[str, Any]
) -> None:
    for service, words in all_commands(compose):
        if words[0] != "celery":
            continue
        name = words[2]
        if service.dockerfile == WEB:
            assert importlib.import_module(f"{name}.celery").app.main == name
        else:
            # `airflow.providers.celery...celery_executor.app`, of the module of the executor.
            module = name.removesuffix(".app")
            assert f"{module}.CeleryExecutor" in provider_facts["classes"]


def test_every_django_command_exists(compose: Compose) -> None:
    checked = [words for _, words in all_commands(compose) if words[:2] == ["python", "manage.py"]]
    assert {words[2] for words in checked} >= {"migrate", "collectstatic", "create_operator"}
    for _, _, name, *arguments in checked:
        application = get_commands()[name]
        assert isinstance(application, str)
        parser = load_command_class(application, name).create_parser("manage.py", name)
        parser.parse_args(arguments)


def test_every_script_exists(compose: Compose) -> None:
    for service, words in all_commands(compose):
        if words[0] in {"sh", "bash", "python"} and words[1] != "manage.py":
            script = PROJECT / "docker" / Path(words[1]).name
            assert script.is_file(), f"{service.name}: {words[1]}"


@pytest.mark.parametrize("script", sorted((PROJECT / "docker").glob("*.sh")), ids=lambda p: p.name)
def test_a_shell_finds_no_error_in_the_script(script: Path) -> None:
    shell = script.read_text().splitlines()[0].removeprefix("#!/bin/")
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_runs_the_airflow_that_the_tests_run(provider_facts: dict[str, Any]) -> None:
    image = pinned(REQUIREMENTS[AIRFLOW])
    for name in ("apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk"):
        assert image[name] == distribution(name).version
    # Else collect the facts of the new providers, as README.md in this folder says.
    known = {normal(name): version for name, version in provider_facts["distributions"].items()}
    assert known == {name: image[name] for name in known}
