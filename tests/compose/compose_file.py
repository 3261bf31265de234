"""docker-compose.yml as Compose sees it: merged, interpolated, command by command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent.parent
COMPOSE_FILE = PROJECT / "docker-compose.yml"
ENV_EXAMPLE = PROJECT / ".env.example"

WEB = "docker/web.Dockerfile"
AIRFLOW = "docker/airflow.Dockerfile"

# $$, ${NAME}, ${NAME:-default}, ${NAME:?message}: all that the file uses.
_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}|(?P<odd>.))"
)


@dataclass(frozen=True)
class Variable:
    """One `${NAME...}`: a default, or a message for whom leaves it unset, or neither."""

    name: str
    default: str | None
    message: str | None


def variables_in(text: str) -> list[Variable]:
    """Return the variables of a text; raise ValueError for a form that Compose does not know."""
    found = []
    for match in _VARIABLE.finditer(text):
        if match["odd"]:
            raise ValueError(f"'${match['odd']}' in {text!r}: write ${{NAME}} or $$")
        if match["name"]:
            kind, rest = match["kind"], match["rest"]
            found.append(
                Variable(
                    match["name"], rest if kind == "-" else None, rest if kind == "?" else None
                )
            )
    return found


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """Return the text as Compose hands it on; raise KeyError for a required variable not given."""

    def value(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        if values.get(match["name"]):
            return values[match["name"]]
        if match["kind"] == "?":
            raise KeyError(match["name"])
        return str(match["rest"] or "")

    return _VARIABLE.sub(value, text)


def strings_in(value: Any) -> Iterator[str]:
    """Yield every string within a YAML value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from strings_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings_in(part)


@dataclass(frozen=True)
class Service:
    """One service, with the texts still as written in the file."""

    name: str
    raw: Mapping[str, Any]

    @property
    def dockerfile(self) -> str | None:
        return self.raw["build"]["dockerfile"] if "build" in self.raw else None

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.raw.get("environment", {}))

    def environment_for(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the container when .env holds these values."""
        return {name: interpolate(text, values) for name, text in self.environment.items()}

    @property
    def volumes(self) -> dict[str, str]:
        """Return path in the container → named volume."""
        pairs = [volume.split(":")[:2] for volume in self.raw.get("volumes", [])]
        return {path: name for name, path in pairs}

    @cached_property
    def commands(self) -> list[list[str]]:
        """Return every simple command that the service runs, of its script's lines too."""
        command = [interpolate(word, {}) for word in self.raw.get("command", [])]
        if self.script:
            return [command, *script_commands(self.script)]
        return [command] if command else []

    @property
    def script(self) -> Path | None:
        """Return the entry script that the service's command names, if it runs one."""
        command = self.raw.get("command", [])
        if command[:1] not in (["sh"], ["bash"]):
            return None
        return PROJECT / "docker" / Path(command[1]).name

    @cached_property
    def health_commands(self) -> list[list[str]]:
        """Return the simple commands of the health check."""
        kind, *words = self.raw.get("healthcheck", {}).get("test", ["NONE"])
        words = [interpolate(word, {}) for word in words]
        if kind == "CMD-SHELL":
            return [shlex.split(part) for part in re.split(r"\||;|&&", words[0]) if part.strip()]
        return [words] if kind == "CMD" else []


def script_commands(path: Path) -> list[list[str]]:
    """Return the commands of a shell script that have a program of ours in them."""
    text = path.read_text().replace("\\\n", " ")
    lines = (shlex.split(line, comments=True) for line in text.splitlines())
    return [
        words[words.index(program) :]
        for words in lines
        for program in ("airflow", "python", "celery")
        if program in words
    ]


@dataclass(frozen=True)
class Compose:
    """The whole file."""

    raw: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path = COMPOSE_FILE) -> Compose:
        return cls(yaml.safe_load(path.read_text()))

    @cached_property
    def services(self) -> dict[str, Service]:
        return {name: Service(name, raw) for name, raw in self.raw["services"].items()}

    def built_from(self, dockerfile: str) -> list[Service]:
        return [service for service in self.services.values() if service.dockerfile == dockerfile]

    @cached_property
    def variables(self) -> list[Variable]:
        """Return every `${...}` that takes part: those of the services, configs and so on."""
        parts = [value for key, value in self.raw.items() if not key.startswith("x-")]
        return [variable for text in strings_in(parts) for variable in variables_in(text)]
