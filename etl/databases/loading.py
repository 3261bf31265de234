"""The way of a load that every database shares: which rows, how many, and what was refused."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from etl.accounting import check_load
from etl.context import RunContext
from etl.databases.config import OnDrift, TableConfig, as_named
from etl.databases.drift import Drift
from etl.databases.keys import faulty_keys, refuse_keys, reject_keys
from etl.databases.rejects import (
    Faults,
    RowFaultError,
    TooManyFaultsError,
    Writer,
    write_or_reject,
)
from etl.databases.source import Source
from etl.dataset import Column
from etl.errors import DataError
from etl.inputs import Inputs
from etl.messages import Message, say
from etl.module import Loaded
from etl.quarantine import accepts_rejects, allowed_rows
from etl.sql import INPUT


@dataclass(frozen=True)
class Committed:
    """A load that was committed before; `rejected` holds the file of its faulty rows."""

    rows: int
    rejected: bytes | None


class Target(Protocol):
    """A table of some database, within the transaction of a load."""

    def prepare(
        self, columns: Sequence[Column], keys: Sequence[str], parts: Sequence[str], policy: OnDrift
    ) -> Drift:
        """Make the table if it is missing, or see to the columns that it lacks."""

    def value(self, column: Column) -> str:
        """Return the SQL expression by which this database is sent the value of a column."""

    def claim(self, rows: int) -> Committed | None:
        """Note that this node of this execution loads; return the load if it did so before."""

    def note_rejected(self, rows: int, rejected: bytes) -> None:
        """Note what a claimed load came to, so that its repetition can tell the same."""

    def delete_all(self) -> None:
        """Delete the rows of the table."""

    def delete_partitions(self, source: Source, names: Sequence[str], *, rejects: bool) -> None:
        """Delete the rows whose values in the columns `names` the source has too."""

    def writer(self, source: Source, keys: Sequence[str]) -> Writer:
        """Return what writes the rows; with `keys` rows that have them are updated."""


@dataclass
class Load:
    """One load into one table: the settings, the rows, and those that turned out faulty."""

    config: TableConfig
    inputs: Inputs
    context: RunContext

    def __post_init__(self) -> None:
        self.rejects = accepts_rejects(self.config)
        self.rows_in = self.inputs[INPUT].rows
        self.faults = Faults(self.inputs, allowed_rows(self.config, self.rows_in))
        self.rows = 0
        self.removed = 0
        self.notices: list[str] = []
        self.warnings: list[str] = []

    @property
    def logger(self) -> logging.Logger:
        """Where to say what the result cannot."""
        return self.context.logger

    def notice(self, text: str | None) -> None:
        """Say in the log and in the result what the load changed beyond its rows."""
        if text is not None:
            self.notices.append(text)
            self.logger.warning("the columns of the table and of the input differ: %s", text)

    def into(self, target: Target) -> None:
        """Bring the rows into the table, up to the point where its transaction can be committed.

        Raise ETLError if that must not happen, and TooManyFaultsError if too many are refused.
        """
        dataset = self.inputs[INPUT]
        names = dataset.column_names()
        keys = as_named(self.config.keys, names, field="keys")
        parts = as_named(self.config.partition_by, names, field="partition_by")
        drift = target.prepare(dataset.columns, keys, parts, self.config.on_drift)
        self.notice(drift.notice)
        source = Source(self.inputs, drift.loaded, target.value)
        if self.config.mode == "append":
            # Of all modes this one alone would add its rows again.
            before = target.claim(self.rows_in)
            if before is not None:
                self.repeat(before)
                return
        elif self.config.mode == "upsert":
            source = self.without_faulty_keys(source, keys)
        elif self.config.mode == "delete_insert":
            target.delete_partitions(source, parts, rejects=self.rejects)
        else:
            target.delete_all()
        self.write(target.writer(source, keys), source)
        file = self.faults.file()
        if self.config.mode == "append" and file is not None:
            target.note_rejected(self.rows, file.read_bytes())
        self.finish()

    def without_faulty_keys(self, source: Source, keys: list[str]) -> Source:
        """Return the rows whose keys are there and theirs alone, and set the others aside.

        Raise DataError if no row may be set aside.
        """
        condition = faulty_keys(self.inputs, keys)
        if condition is None:
            return source
        if not self.rejects:
            refuse_keys(self.inputs, keys)
        reject_keys(self.inputs, keys, condition, self.faults)
        return replace(source, leave_out=condition)

    def write(self, writer: Writer, source: Source) -> None:
        """Write the rows, in the fastest way if the table takes all of them."""
        if not self.rejects:
            try:
                self.rows = writer.write_all()
            except RowFaultError as fault:
                raise DataError(
                    say(
                        "the table refuses a row: {reason}. Correct the data, or set such rows "
                        "aside with max_rejected.",
                        reason=fault.reason,
                    )
                ) from fault
            return
        try:
            with writer.guarded():
                self.rows = writer.write_all()
        except RowFaultError as fault:
            self.logger.info("a row is refused (%s); looking for all of them", fault.reason)
            self.rows = write_or_reject(writer, source.batches(), self.faults)

    def repeat(self, before: Committed) -> None:
        """Take the outcome of an append of the same rows that was committed; add nothing."""
        self.logger.warning("these %d rows were loaded already; nothing is added", before.rows)
        self.rows = before.rows
        if before.rejected is not None:
            self.faults.restore(before.rejected)
        if self.rows_in != before.rows + self.faults.rows:
            # The source has changed since an execution before has read the same window, or since
            # an earlier attempt of this one.
            self.warnings.append(self._changed_since(before))
            self.rows, self.removed = 0, self.rows_in
            self.faults = Faults(self.inputs, 0)
        self.finish()

    def _changed_since(self, before: Committed) -> Message:
        counts = {"rows": self.rows_in, "loaded": before.rows, "rejected": self.faults.rows}
        if self.context.windows:
            return say(
                "{rows} rows came in of a window of which {loaded} rows were loaded and {rejected} "
                "rejected by an execution before: none of them is loaded again, and what has "
                "changed in the source since is not in the table.",
                **counts,
            )
        return say(
            "{rows} rows came in of which {loaded} rows were loaded and {rejected} rejected by an "
            "earlier attempt: none of them is loaded again, and what has changed in the source "
            "since is not in the table.",
            **counts,
        )

    def finish(self) -> None:
        """Check the account and the cancel mark. The last thing before the commit."""
        check_load(self.rows_in - self.removed, self.rows, self.faults.rows)
        # A load that is committed stays.
        self.context.check_stop()

    def loaded(self, target: str, run: Callable[[], None]) -> Loaded:
        """Run the load's transaction and return what came of it.

        With too many faulty rows nothing is loaded, and what was found is returned: the runner
        then fails the node, and shows why.
        """
        try:
            run()
        except TooManyFaultsError:
            self.rows = 0
        words = "; ".join([self.config.mode, *self.notices])
        return Loaded(
            rows=self.rows,
            target=f"{target} ({words})",
            removed=self.removed,
            rejected=self.faults.relation if self.faults.rows else None,
            warnings=tuple(self.warnings),
        )
