"""What the Compose file and the Dockerfiles refer to is there, and nothing is left open."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch

import pytest

from tests.compose.compose_file import AIRFLOW, PROJECT, WEB, Compose, interpolate, variables_in

DOCKERFILES = (WEB, AIRFLOW)
SECRET = re.compile(r"(PASSWORD|SECRET|KEY|TOKEN|CLI_AUTH)$")


def instructions(dockerfile: str) -> list[tuple[str, list[str]]]:
    """Return a Dockerfile's instructions, in order, with their words."""
    text = (PROJECT / dockerfile).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], shlex.split(line)[1:]) for line in lines]


def copied(dockerfile: str) -> dict[str, str]:
    """Return source in the checkout → target in the image."""
    return {
        source: words[-1]
        for instruction, words in instructions(dockerfile)
        if instruction == "COPY"
        for source in words[:-1]
    }


def in_build_context(path: str) -> bool:
    """Say whether .dockerignore lets a path of the checkout into the build."""
    included = True
    for line in (PROJECT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if not line or line.startswith("#"):
            continue
        parents = [path, *(str(parent) for parent in PROJECT.joinpath(path).parents)]
        names = [parent.removeprefix(f"{PROJECT}/") for parent in parents]
        if any(fnmatch(name, pattern) for name in names if not name.startswith("/")):
            included = line.startswith("!")
    return included


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_every_copied_file_exists_and_is_in_the_build_context(dockerfile: str) -> None:
    assert copied(dockerfile)
    for source in copied(dockerfile):
        assert (PROJECT / source).exists(), source
        assert in_build_context(source), source


@pytest.mark.parametrize("path", [".env", "var/secrets.json", ".git/config", "dags/pipeline_1.py"])
def test_secrets_and_state_stay_out_of_the_build_context(path: str) -> None:
    assert not in_build_context(path)


def test_the_images_have_the_packages_that_import_each_other() -> None:
    web, airflow = set(copied(WEB)), set(copied(AIRFLOW))
    assert {
        "etl",
        "airflow_bridge",
        "pipelines",
        "executions",
        "alerts",
        "logidata",
        "manage.py",
    } <= web
    assert {"etl", "dags/operators"} <= airflow
    assert not airflow & {"airflow_bridge", "pipelines", "executions", "logidata", "manage.py"}


def test_etl_and_operators_can_be_imported_in_airflow() -> None:
    (path,) = [
        word.removeprefix("PYTHONPATH=").split(":")
        for instruction, words in instructions(AIRFLOW)
        if instruction == "ENV"
        for word in words
        if word.startswith("PYTHONPATH=")
    ]
    for package, folder in (("etl", "etl"), ("operators", "dags/operators")):
        assert copied(AIRFLOW)[folder].rstrip("/") in {f"{entry}/{package}" for entry in path}


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_ends_as_the_user_that_owns_the_volumes(dockerfile: str) -> None:
    users = [words[0] for instruction, words in instructions(dockerfile) if instruction == "USER"]
    assert users[-1] == "50000:0"


def test_no_service_runs_as_root(compose: Compose) -> None:
    for service in compose.services.values():
        user = service.raw.get("user")
        assert (user is None) == (service.dockerfile is not None), service.name
        assert user not in {"root", "0", "0:0"}


def test_a_volume_is_mounted_over_a_folder_that_the_image_made(compose: Compose) -> None:
    for service in compose.services.values():
        if service.dockerfile is None:
            continue
        made = {
            word
            for instruction, words in instructions(service.dockerfile)
            if instruction == "RUN" and "install" in words
            for word in words
            if word.startswith("/")
        }
        # The base image makes the one for logs.
        assert set(service.volumes) <= made | {"/opt/airflow/logs"}, service.name


def test_every_volume_network_and_config_is_declared_and_used(compose: Compose) -> None:
    services = compose.services.values()
    assert {name for service in services for name in service.volumes.values()} == set(
        compose.raw["volumes"]
    )
    assert {name for service in services for name in service.raw["networks"]} == set(
        compose.raw["networks"]
    )
    assert {
        config["source"] for service in services for config in service.raw.get("configs", [])
    } == set(compose.raw["configs"])


def test_every_dependency_exists_and_can_be_met(compose: Compose) -> None:
    for service in compose.services.values():
        for name, dependency in service.raw.get("depends_on", {}).items():
            other = compose.services[name]
            if dependency["condition"] == "service_healthy":
                assert other.health_commands, f"{service.name} waits for the health of {name}"
            else:
                assert dependency["condition"] == "service_completed_successfully"
                assert other.raw["restart"] == "no", f"{service.name} waits for the end of {name}"


def test_services_that_call_each_other_share_a_network(compose: Compose) -> None:
    for service in compose.services.values():
        texts = " ".join(service.environment.values())
        for name, other in compose.services.items():
            if re.search(rf"(?:@|//){name}:", texts):
                shared = set(service.raw["networks"]) & set(other.raw["networks"])
                assert shared, f"{service.name} cannot reach {name}"


def test_tasks_cannot_reach_the_database_of_logidata(compose: Compose) -> None:
    worker, database = compose.services["airflow-worker"], compose.services["postgres"]
    assert not set(worker.raw["networks"]) & set(database.raw["networks"])


def test_every_service_restarts_but_those_that_run_once(compose: Compose) -> None:
    policies = {name: service.raw["restart"] for name, service in compose.services.items()}
    once = {name for name, policy in policies.items() if policy == "no"}
    assert once == {"migrate", "airflow-init"}
    assert set(policies.values()) == {"no", "unless-stopped"}


def secret_texts(compose: Compose) -> Iterator[str]:
    for service in compose.services.values():
        for name, text in service.environment.items():
            if SECRET.search(name):
                yield text
            elif "@" in text or "://:" in text:
                yield re.search(r"://[^:]*:(.*)@", text)[1]  # type: ignore[index]
    for config in compose.raw["configs"].values():
        yield from re.findall(r"requirepass (.*)", config["content"])


def test_no_secret_has_a_default(compose: Compose) -> None:
    texts = list(secret_texts(compose))
    assert len(texts) >= 30
    for text in texts:
        (variable,) = variables_in(text)
        assert variable.message, f"{text}: write ${{{variable.name}:?message}}"
        assert interpolate(text, {variable.name: "x"}) == "x", text


def test_a_variable_is_required_everywhere_or_nowhere(compose: Compose) -> None:
    required = {variable.name for variable in compose.variables if variable.message}
    optional = {variable.name for variable in compose.variables if not variable.message}
    assert required & optional == set()


def test_ports_are_published_on_loopback_only(compose: Compose) -> None:
    published = {
        name: [interpolate(port, {}) for port in service.raw["ports"]]
        for name, service in compose.services.items()
        if "ports" in service.raw
    }
    assert published == {
        "web": ["127.0.0.1:8000:8000"],
        "airflow-webserver": ["127.0.0.1:8080:8080"],
    }


def test_every_image_is_pinned_by_version(compose: Compose) -> None:
    bases = [
        words[0]
        for dockerfile in DOCKERFILES
        for instruction, words in instructions(dockerfile)
        if instruction == "FROM"
    ]
    images = [interpolate(service.raw["image"], {}) for service in compose.services.values()]
    for image in [*images, *bases]:
        _, _, tag = image.partition(":")
        assert re.search(r"\d+(\.\d+)*", tag), f"{image} names no version"


def test_our_images_carry_the_version_of_the_project(compose: Compose) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    for service in compose.services.values():
        if service.dockerfile:
            image = interpolate(service.raw["image"], {})
            assert image.endswith(f":{project['version']}")
