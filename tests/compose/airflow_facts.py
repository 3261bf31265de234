"""What an installed Airflow can be told: its settings and its commands, as JSON.

    python -m tests.compose.airflow_facts core FILE       of Airflow itself
    python -m tests.compose.airflow_facts providers FILE  of the Celery and FAB providers

The providers are installed in Airflow's image only, so their facts are committed; see README.md
in this folder for the command that collects them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

COMMITTED = Path(__file__).with_name("provider_facts.json")
PROVIDERS = ("celery", "fab")
# Each decides what its provider's facts are; the Celery provider breaks with some Celeries.
DISTRIBUTIONS = (
    "apache-airflow",
    "apache-airflow-providers-celery",
    "apache-airflow-providers-fab",
    "celery",
)


def core() -> dict[str, Any]:
    """Return the settings and commands of Airflow itself."""
    import airflow
    import yaml
    from airflow.cli import cli_config

    config = Path(airflow.__file__).parent / "config_templates" / "config.yml"
    return {
        "settings": _settings(yaml.safe_load(config.read_text())),
        "commands": _commands(cli_config.core_commands),
    }


def providers() -> dict[str, Any]:
    """Return the settings, commands and importable classes of the two providers."""
    settings: dict[str, list[str]] = {}
    commands: dict[str, Any] = {}
    classes: list[str] = []
    for provider in PROVIDERS:
        module = importlib.import_module(f"airflow.providers.{provider}.get_provider_info")
        info = module.get_provider_info()
        settings |= _settings(info["config"])
        for path in info.get("cli", []):
            commands |= _commands(_import(path)())
        named = [*info.get("executors", []), *info.get("auth-managers", [])]
        classes += [path for path in named if _imports(path)]
    return {
        "distributions": {name: version(name) for name in DISTRIBUTIONS},
        "settings": settings,
        "commands": commands,
        "classes": classes,
    }


def _settings(config: dict[str, Any]) -> dict[str, list[str]]:
    return {section: sorted(config[section]["options"]) for section in sorted(config)}


def _commands(commands: Any, prefix: str = "") -> dict[str, Any]:
    """Return 'users create' → for each option its flags, and what may or must be given."""
    found: dict[str, Any] = {}
    for command in commands:
        name = f"{prefix}{command.name}"
        if hasattr(command, "subcommands"):
            found |= _commands(command.subcommands, f"{name} ")
            continue
        found[name] = [
            {
                "flags": list(argument.flags),
                "value": not _is_switch(argument.kwargs.get("action")),
                "required": bool(argument.kwargs.get("required")),
                "choices": list(argument.kwargs.get("choices") or []),
            }
            for argument in command.args
        ]
    return found


def _is_switch(action: Any) -> bool:
    return action in {"store_true", "store_false", "count"} or (
        action is argparse.BooleanOptionalAction
    )


def _import(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _imports(path: str) -> bool:
    """Say whether the class can be imported here: not every executor's extra is installed."""
    try:
        _import(path)
    except ImportError as error:
        print(f"{path} cannot be imported: {error}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    which, file = sys.argv[1:]
    # Not to standard output: Airflow logs there.
    facts = {"core": core, "providers": providers}[which]()
    Path(file).write_text(json.dumps(facts, indent=1) + "\n")
