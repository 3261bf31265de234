"""What an operator sets for running nodes, read from the environment once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from etl.errors import ConfigError
from etl.messages import say

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_MEMORY_LIMIT = "512MB"

# A password may hold a slash that should have been quoted.
_LOGIN = re.compile(r"://([^/]*|[^@]*:[^@]*)@")
_MEMORY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(K|M|G|T)i?B\s*", re.IGNORECASE)


@dataclass(frozen=True)
class RunSettings:
    """Where nodes stage their outputs, which files they may reach, how much memory they take.

    `staging` and `state`, where the positions of watermarks are kept, are each a folder or an
    fsspec URI. `data_dirs` are absolute; files are looked up in their order, and written below
    the first.
    """

    staging: str
    state: str
    data_dirs: tuple[Path, ...]
    memory_limit: str


def read_settings(environ: Mapping[str, str]) -> RunSettings:
    """Return the settings that `environ` holds; raise ConfigError naming a malformed variable."""
    memory_limit = environ.get("LOGIDATA_MEMORY_LIMIT") or DEFAULT_MEMORY_LIMIT
    if not _MEMORY.fullmatch(memory_limit):
        raise ConfigError(
            say(
                "LOGIDATA_MEMORY_LIMIT is '{memory_limit}', which is no size. Write a "
                "number and a unit, such as 512MB or 2GB.",
                memory_limit=memory_limit,
            )
        )
    return RunSettings(
        staging=_place(environ.get("LOGIDATA_STAGING") or "", "LOGIDATA_STAGING", "staging"),
        state=_place(environ.get("LOGIDATA_STATE") or "", "LOGIDATA_STATE", "state"),
        data_dirs=_data_dirs(environ.get("LOGIDATA_DATA_DIRS") or ""),
        memory_limit=memory_limit,
    )


def _place(value: str, name: str, default: str) -> str:
    # The URI becomes a part of XCom values, API answers and error texts.
    if _LOGIN.search(value):
        raise ConfigError(
            say(
                "{name} holds a login (user:password@host), which would be shown "
                "wherever the URI is. Take it out, and give the login the way that the "
                "storage's own library reads it, from its environment variables or "
                "configuration file.",
                name=name,
            )
        )
    return value or str(PROJECT / "var" / default)


def _data_dirs(value: str) -> tuple[Path, ...]:
    names = [name for name in value.split(os.pathsep) if name.strip()]
    if not names:
        return (PROJECT / "data", PROJECT / "examples" / "data")
    for name in names:
        if not Path(name).is_absolute():
            raise ConfigError(
                say(
                    "LOGIDATA_DATA_DIRS names '{name}', which is not an absolute path. List "
                    "absolute folders separated by '{pathsep}'.",
                    name=name,
                    pathsep=os.pathsep,
                )
            )
    return tuple(Path(name) for name in names)


@lru_cache(maxsize=1)
def run_settings() -> RunSettings:
    """Return the settings of this process, read at the first call."""
    return read_settings(os.environ)


def memory_bytes(limit: str) -> int:
    """Return the bytes that a size such as "512MB" stands for; raise ConfigError if it is none."""
    match = _MEMORY.fullmatch(limit)
    if match is None:
        raise ConfigError(
            say("'{limit}' is no memory limit. Write a size such as 512MB.", limit=limit)
        )
    return int(float(match[1]) * 1000 ** (1 + "KMGT".index(match[2].upper())))
