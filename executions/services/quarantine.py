"""The rows that a node has set aside: found, read by the page, and given as a file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from django.utils.translation import gettext as _

from etl.dataset import Dataset, open_dataset
from etl.errors import ETLError, TransientError
from etl.rejected_rows import RejectedRow, as_csv, as_parquet, read_rejected
from etl.settings import run_settings
from etl.storage import Storage
from executions.errors import NothingRejected, QuarantineGone, StagingUnreadable, UnknownNode
from executions.models import PipelineExecution, TaskExecution
from pipelines.messages import translated

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
_WRITERS = {"csv": as_csv, "parquet": as_parquet}


@dataclass(frozen=True)
class Quarantine:
    """The rejected rows of one node, which were there when they were looked for."""

    execution: PipelineExecution
    task: TaskExecution
    dataset: Dataset
    storage: Storage

    @property
    def node(self) -> str:
        """The id of the node."""
        return self.task.node_id

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.dataset.rows

    @property
    def is_raw(self) -> bool:
        """Whether they are records as an extractor found them, which it can read again."""
        return bool(self.dataset.layouts)

    def filename(self, kind: str) -> str:
        """Return a name for the file of all rows that is safe in a header."""
        node = re.sub(r"[^A-Za-z0-9_.-]", "_", self.node)
        return f"rejected-{node}-{str(self.execution.pk)[:8]}.{kind}"

    def page(self, offset: int, limit: int) -> list[RejectedRow]:
        """Return at most `limit` rows from the row `offset` on; raise as `quarantine_of` does."""
        try:
            return read_rejected(self.storage, self.dataset, start=offset, rows=limit)
        except OSError as error:
            raise _unreadable(self.execution, self.node, error) from error

    def file(self, kind: str) -> Iterator[bytes]:
        """Return all rows as a file of a kind that is in `FORMATS`; raise as `page` does."""
        chunks = _WRITERS[kind](self.storage, self.dataset)
        try:
            # Once an answer has begun it can say nothing any more of what is wrong.
            begun = [next(chunks, b""), next(chunks, b"")]
        except OSError as error:
            raise _unreadable(self.execution, self.node, error) from error
        return chain(begun, chunks)


def quarantine_of(execution: PipelineExecution, node: str | None = None) -> Quarantine:
    """Return the quarantine of a node; without `node` that of the only one that has rejected rows.

    Raise `UnknownNode`, `NothingRejected`, `QuarantineGone` once it has been cleaned up, or
    `StagingUnreadable`.
    """
    task = _task(execution, node)
    if execution.staging_removed_at is not None:
        raise QuarantineGone(
            task.node_id,
            _("on %(at)s UTC") % {"at": f"{execution.staging_removed_at:%Y-%m-%d %H:%M}"},
        )
    try:
        storage = Storage(run_settings().staging)
        dataset = open_dataset(storage, str((task.rejected or {}).get("uri")))
    except (OSError, ETLError) as error:
        raise _unreadable(execution, task.node_id, error) from error
    return Quarantine(execution, task, dataset, storage)


def _task(execution: PipelineExecution, node: str | None) -> TaskExecution:
    tasks = list(execution.tasks.all())
    rejecting = [task for task in tasks if task.rejected is not None]
    names = ", ".join(task.node_id for task in rejecting)
    if node is None:
        if not rejecting:
            raise NothingRejected(_("No node of this execution has rejected a row."))
        if len(rejecting) > 1:
            raise UnknownNode(
                _("Several nodes have rejected rows. Name one of them: %(names)s.")
                % {"names": names}
            )
        return rejecting[0]
    for task in tasks:
        if task.node_id == node:
            if task.rejected is None:
                others = _(" Those that have: %(names)s.") % {"names": names} if names else ""
                raise NothingRejected(
                    _("Node '%(node)s' has rejected no row in this execution.%(others)s")
                    % {"node": node, "others": others}
                )
            return task
    known = ", ".join(task.node_id for task in tasks) or _("none")
    raise UnknownNode(
        _("The execution has no node '%(node)s'. Its nodes: %(known)s.")
        % {"node": node, "known": known}
    )


def _unreadable(
    execution: PipelineExecution, node: str, error: Exception
) -> QuarantineGone | StagingUnreadable:
    if isinstance(error, FileNotFoundError | TransientError):
        return QuarantineGone(node, _("from the staging"))
    return StagingUnreadable(translated(str(error)).rstrip("."))
