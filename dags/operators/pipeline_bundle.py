"""The DAG bundle of the generated files: a run keeps the files that it was started with.

Configured in `[dag_processor] dag_bundle_config_list` of every component of Airflow 3:

    [{"name": "logidata",
      "classpath": "operators.pipeline_bundle.PipelineBundle",
      "kwargs": {"path": "/srv/logidata/dags", "snapshots": "/srv/logidata/snapshots"}}]
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from operators.airflow_bundles import (
    BaseDagBundle,
    as_version,
    dags_folder,
    files_being_read,
    versions_in_use,
)
from operators.snapshots import Head, SnapshotError, Snapshots

log = logging.getLogger(__name__)

_PRUNE_EVERY = 3600.0
# Airflow's own default is minutes. The DAG processor looks once a second while it is idle, by a
# clock that a whole second would miss every other time.
_REFRESH_EVERY = 0.5


class PipelineBundle(BaseDagBundle):
    """The DAG files directly in a folder, with a version for every content that it had.

    `path` is the folder, Airflow's own by default. `snapshots` is where the versions are kept: the
    DAG processor writes there, every worker reads. `keep_days` is for how long after the end of
    its last run a version is kept; a run that is cleared later fails.

    What Airflow reads is never the folder but a snapshot of it, so that a version and what was
    served under it are the same to the byte, whatever is written meanwhile.
    """

    supports_versioning = True

    def __init__(
        self,
        *,
        path: str | None = None,
        snapshots: str | None = None,
        keep_days: float = 7,
        refresh_interval: float = _REFRESH_EVERY,
        **kwargs: Any,
    ) -> None:
        super().__init__(refresh_interval=refresh_interval, **kwargs)
        self._source = Path(path) if path else dags_folder()
        folder = Path(snapshots) if snapshots else self.base_dir / "snapshots"
        self._snapshots = Snapshots(self._source, folder)
        self._head = Head(folder / "heads")
        self._keep = timedelta(days=keep_days)
        self._current = ""
        self._prune_at = 0.0

    def initialize(self) -> None:
        """Make the files of the version available, or without one those that are the newest."""
        if self.version:
            self._require(self.version)
        else:
            try:
                self.refresh()
            except OSError as error:
                # A worker need not write snapshots to run what began before there were any. The
                # DAG processor refreshes next, and reports the error.
                log.info("The DAG files are taken from %s: %s", self._source, error)
        super().initialize()

    @property
    def path(self) -> Path:
        """Where the files are."""
        if self.version:
            return self._snapshots.path_of(self.version)
        return self._head.path if self._current else self._source

    def get_current_version(self) -> Any:
        """Return the version of the files at `path`, None before there is one."""
        version = self.version or self._current
        return as_version(version) if version else None

    def refresh(self) -> None:
        """Turn to the newest files; raise OSError if they cannot be read or kept.

        A file that Airflow reads at this moment changes with the next refresh: what comes of it
        will be stored under the version that we return now.
        """
        version, to_read = self._snapshots.take(keep=files_being_read(self.name))
        # First, so that the files are newer than any reading of their predecessors.
        self._snapshots.touch(version, to_read)
        if version != self._current:
            self._head.show(self._snapshots.path_of(version))
            if self._current:
                self._snapshots.mark_used(self._current)
            self._current = version
        self._prune()

    def _require(self, version: str) -> None:
        if not self._snapshots.path_of(version).is_dir():
            raise SnapshotError(
                f"Version {version} of the pipelines is not in {self._snapshots.path_of(version)}. "
                f"It is kept for {self._keep.days} days after its last run has ended: execute the "
                "pipeline again. If the run is newer, see that this machine sees the folder that "
                "the DAG processor keeps the snapshots in."
            )
        # Airflow removes what it takes for the version from here after a while, and would report
        # an error if there were nothing.
        with contextlib.suppress(OSError):
            (self.versions_dir / version).mkdir(parents=True, exist_ok=True)

    def _prune(self) -> None:
        if time.monotonic() < self._prune_at:
            return
        self._prune_at = time.monotonic() + _PRUNE_EVERY
        since = datetime.now(UTC) - self._keep

        def in_use(versions: Collection[str]) -> Collection[str]:
            return versions_in_use(versions, since)

        try:
            removed = self._snapshots.prune(
                unused_since=since.timestamp(),
                but=self._head.shown() | {self._current},
                in_use=in_use,
            )
        except Exception:
            # What is kept too long does no harm.
            log.exception("Snapshots of DAG files are not removed this time.")
        else:
            if removed:
                log.info("Removed %s snapshots of DAG files that no run needs.", removed)
