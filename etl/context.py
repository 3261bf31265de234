"""What a node is told about the run that it is part of."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from etl.connections import Connection, from_environment
from etl.errors import ConfigError
from etl.settings import DEFAULT_MEMORY_LIMIT

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+@-]*")


@dataclass(frozen=True)
class RunContext:
    """One try of one node in one execution.

    `staging` is a folder or an fsspec URI; `data_dirs` are the only places where files may be
    read, and below the first of them written; `connection` returns the connection with an id,
    or raises ConfigError; `memory_limit` is a size such as "512MB".
    """

    execution_id: str
    node_id: str
    staging: str
    attempt: int = 1
    data_dirs: tuple[Path, ...] = ()
    connection: Callable[[str], Connection] = from_environment
    memory_limit: str = DEFAULT_MEMORY_LIMIT
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("logidata.etl"))

    def __post_init__(self) -> None:
        for name in (self.execution_id, self.node_id):
            if not _NAME.fullmatch(name):
                raise ConfigError(
                    f"'{name}' cannot name a staging folder. "
                    "Use letters, digits and the characters . _ : + @ - only."
                )

    @property
    def folder(self) -> tuple[str, str, str]:
        """The path of this try's own folder below the staging."""
        return (self.execution_id, self.node_id, str(self.attempt))
