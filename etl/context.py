"""What a node is told about the run that it is part of."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from etl.connections import Connection, from_environment
from etl.errors import ConfigError, NodeCancelled
from etl.liveness import stop_requested
from etl.settings import DEFAULT_MEMORY_LIMIT

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+@-]*")


@dataclass(frozen=True)
class RunContext:
    """One try of one node in one execution.

    `staging` is a folder or an fsspec URI; `data_dirs` are the only places where files may be
    read, and below the first of them written; `connection` returns the connection with an id,
    or raises ConfigError; `memory_limit` is a size such as "512MB"; `run_began` is when the
    scheduler began the run, None if it has none.
    """

    execution_id: str
    node_id: str
    staging: str
    attempt: int = 1
    data_dirs: tuple[Path, ...] = ()
    connection: Callable[[str], Connection] = from_environment
    memory_limit: str = DEFAULT_MEMORY_LIMIT
    run_began: datetime | None = None
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

    def check_stop(self) -> None:
        """Raise NodeCancelled if the execution was cancelled.

        To be called right before anything is written that stays: a transaction's commit, a
        file's renaming.
        """
        if stop_requested(self.staging, self.execution_id, self.run_began):
            raise NodeCancelled
