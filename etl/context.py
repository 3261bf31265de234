"""What a node is told about the run that it is part of."""

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from etl.connections import Connection, from_environment
from etl.errors import ConfigError, NodeCancelled
from etl.liveness import stop_requested
from etl.messages import say
from etl.settings import DEFAULT_MEMORY_LIMIT

if TYPE_CHECKING:
    from etl.watermarks.store import Window

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+@-]*")
_LONGEST_KEY = 180


@dataclass(frozen=True)
class Bounds:
    """Which rows an extractor need not read: those outside, unless they have no value.

    `low` and `high`, both values within, are in the SQL text form of the column; None is no bound.
    The runner leaves out the others again: to honour bounds is a matter of speed.
    """

    column: str
    low: str | None
    high: str | None


@dataclass
class Sample:
    """The first so many rows of each source are enough, as for a preview.

    The runner stages no more than that; an extractor that knows of it need not read more either.
    A server need not work at it for longer than `seconds`. `cut` is set once a source had more to
    give.
    """

    rows: int
    seconds: float = 30.0
    cut: bool = False


@dataclass(frozen=True)
class RunContext:
    """One try of one node in one execution.

    `staging` is a folder or an fsspec URI; `data_dirs` are the only places where files may be
    read, and below the first of them written; `connection` returns the connection with an id,
    or raises ConfigError; `memory_limit` is a size such as "512MB"; `run_began` is when the
    scheduler began the run, None if it has none. `state` is a folder or an fsspec URI where the
    positions of the watermarks of a `pipeline` are kept; None is a pipeline that keeps none.
    `bounds` are an extractor's, `windows` what a loader's rows were read by. `sample` is None where
    all rows are wanted.
    """

    execution_id: str
    node_id: str
    staging: str
    attempt: int = 1
    data_dirs: tuple[Path, ...] = ()
    connection: Callable[[str], Connection] = from_environment
    memory_limit: str = DEFAULT_MEMORY_LIMIT
    run_began: datetime | None = None
    state: str = ""
    pipeline: str | None = None
    bounds: Bounds | None = None
    windows: "tuple[Window, ...]" = ()
    sample: Sample | None = None
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("logidata.etl"))

    def __post_init__(self) -> None:
        for name in (self.execution_id, self.node_id):
            if not _NAME.fullmatch(name):
                raise ConfigError(
                    say(
                        "'{name}' cannot name a staging folder. Use letters, digits and the "
                        "characters . _ : + @ - only.",
                        name=name,
                    )
                )

    @property
    def folder(self) -> tuple[str, str, str]:
        """The path of this try's own folder below the staging."""
        return (self.execution_id, self.node_id, str(self.attempt))

    def progress_place(self) -> tuple[str, ...]:
        """Return (root, folders) where a loader may note how far it has come, for later tries.

        The note is for the same rows: those of a window are read again by another execution.
        """
        if not self.windows:
            return self.staging, self.execution_id, self.node_id
        first = self.windows[0]
        return (
            *(self.state, str(self.pipeline), first.node, "windows", first.id),
            f"progress-{self.node_id}",
        )

    def load_key(self, target: str) -> tuple[str, str]:
        """Return what tells a load from all others: two texts, of at most 200 and 250 characters.

        The same rows of a source have the same key in any execution that reads them again.
        """
        if not self.windows:
            return self.execution_id, self.node_id
        ids = "+".join(window.id for window in self.windows)
        digest = ids if len(ids) <= _LONGEST_KEY else hashlib.sha256(ids.encode()).hexdigest()
        return f"window-{digest}", f"{self.node_id}:{target}"

    def check_stop(self) -> None:
        """Raise NodeCancelled if the execution was cancelled.

        To be called right before anything is written that stays: a transaction's commit, a
        file's renaming.
        """
        if stop_requested(self.staging, self.execution_id, self.run_began):
            raise NodeCancelled
