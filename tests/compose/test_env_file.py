"""`.env.example` names what the Compose file takes, and `docker/new-env.sh` fills it in."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.compose.compose_file import ENV_EXAMPLE, PROJECT, Compose

SCRIPT = PROJECT / "docker" / "new-env.sh"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a path with a space, without a .env."""
    folder = tmp_path / "a checkout"
    (folder / "docker").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / "docker")
    shutil.copy(ENV_EXAMPLE, folder)
    return folder


def new_env(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(checkout / "docker" / "new-env.sh")],
        capture_output=True,
        text=True,
        check=False,
    )


def assigned(path: Path) -> dict[str, str]:
    pairs = re.findall(r"^([A-Z]\w*)=(.*)$", path.read_text(), re.MULTILINE)
    return dict(pairs)


def test_the_example_lists_exactly_what_the_compose_file_takes(compose: Compose) -> None:
    listed = re.findall(r"^#?([A-Z]\w*)=", ENV_EXAMPLE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted({variable.name for variable in compose.variables})


def test_the_example_demands_what_the_compose_file_requires(compose: Compose) -> None:
    required = {variable.name for variable in compose.variables if variable.message}
    assert set(assigned(ENV_EXAMPLE)) == required


def test_the_example_names_the_defaults_of_the_compose_file(compose: Compose) -> None:
    text = ENV_EXAMPLE.read_text()
    for variable in compose.variables:
        if variable.default:
            assert variable.default in text, f"{variable.name} is {variable.default} by default"


def test_the_example_holds_no_value() -> None:
    assert set(assigned(ENV_EXAMPLE).values()) == {""}


def test_every_secret_gets_a_value_of_its_own(checkout: Path) -> None:
    done = new_env(checkout)
    assert done.returncode == 0, done.stderr
    secrets = assigned(checkout / ".env")
    assert set(secrets) == set(assigned(ENV_EXAMPLE))
    assert len(set(secrets.values())) == len(secrets)
    assert min(len(value) for value in secrets.values()) >= 24
    Fernet(secrets["AIRFLOW_FERNET_KEY"])
    for name in ("LOGIDATA_DB_PASSWORD", "AIRFLOW_DB_PASSWORD", "REDIS_PASSWORD"):
        assert re.fullmatch(r"[0-9a-f]+", secrets[name]), f"{name} becomes part of a URL"


def test_only_the_owner_can_read_the_secrets(checkout: Path) -> None:
    new_env(checkout)
    assert (checkout / ".env").stat().st_mode & 0o077 == 0


def test_secrets_that_are_in_use_are_not_overwritten(checkout: Path) -> None:
    new_env(checkout)
    before = (checkout / ".env").read_bytes()
    done = new_env(checkout)
    assert done.returncode == 1
    assert ".env exists already" in done.stderr
    assert (checkout / ".env").read_bytes() == before
