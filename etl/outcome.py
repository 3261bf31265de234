"""From what a module returned to the result of its node: staged, accounted for, committed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from etl.accounting import RowAccount, account_of, check_inputs, counted
from etl.context import RunContext, Sample
from etl.dataset import Column, Dataset, Layout, commit
from etl.inputs import Inputs
from etl.messages import wording
from etl.module import Extractor, Loaded, Module, Output, Result, Rows
from etl.quarantine import (
    REJECTED,
    TooManyRejectedError,
    accepts_rejects,
    allowed_rows,
    summary,
)
from etl.results import NodeResult, Quarantined, ReadWindow, Staged
from etl.staging import stage
from etl.storage import Storage
from etl.watermarks.loading import windows_of
from etl.watermarks.store import Window

if TYPE_CHECKING:
    import duckdb

    from etl.watermarks.reading import Reading

Folder = tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What one try of a node came to.

    `work` is a local folder that the engine may write: the try's own where the staging is local.
    `reading` is that of an extractor with a watermark.
    """

    module: Module
    datasets: Mapping[str, Dataset]
    inputs: Inputs
    context: RunContext
    storage: Storage
    work: Path
    reading: "Reading | None" = None

    def of(self, output: Output) -> NodeResult:
        """Return the node's result; raise DataError if rows are unaccounted for, or too faulty.

        Datasets are committed last, and none of them if this raises, except for the quarantine:
        that shows why.
        """
        if isinstance(output, Loaded):
            return self._loaded(output)
        result = output if isinstance(output, Result) else Result(output)
        if isinstance(output, Result) and isinstance(output.output, Mapping):
            return self._several(output, output.output)
        dataset = self._stage(result.output)
        warnings = self._warnings(result)
        account, quarantined = self._account(result, dataset.rows)
        window, notices = self._window(dataset)
        self._commit({(): replace(dataset, windows=(window,)) if window else dataset})
        return self._result(
            shown(dataset),
            account,
            quarantined,
            size=dataset.size,
            warnings=[*warnings, *notices],
            watermark=self._read_window(window),
        )

    def _several(self, result: Result, outputs: Mapping[str, Rows]) -> NodeResult:
        datasets: dict[Folder, Dataset] = {
            (name,): self._stage(rows, name) for name, rows in outputs.items()
        }
        warnings = self._warnings(result)
        account, quarantined = self._account(result, sum(d.rows for d in datasets.values()))
        self._commit(datasets)
        named = {below[0]: shown(dataset) for below, dataset in datasets.items()}
        together: Staged = {
            "uri": None,
            "columns": [],
            "schema": {},
            "shape": [account.rows_out, 0],
            "data": [],
        }
        size = sum(dataset.size for dataset in datasets.values())
        return self._result(
            together, account, quarantined, size=size, outputs=named, warnings=warnings
        )

    def _loaded(self, loaded: Loaded) -> NodeResult:
        (dataset,) = self.datasets.values()
        quarantined = self._quarantine(loaded.rejected, dataset.rows)
        account = account_of(
            "keeps",
            rows_in=dataset.rows,
            rows_out=loaded.rows,
            rejected=quarantined["rows"] if quarantined else 0,
            removed=loaded.removed,
            added=None,
        )
        account.close()
        written: Staged = {
            **shown(dataset),
            "uri": None,
            "shape": [loaded.rows, len(dataset.columns)],
        }
        self._warn(loaded.warnings)
        return self._result(
            written, account, quarantined, target=loaded.target, warnings=loaded.warnings
        )

    def _stage(self, rows: Rows, *below: str) -> Dataset:
        dataset = stage(
            rows,
            self.inputs,
            self.storage,
            (*self.context.folder, *below),
            self.work.joinpath(*below),
            only=self._wanted if below != (REJECTED,) else None,
        )
        if self._sample is not None and dataset.rows >= self._sample.rows:
            self._sample.cut = True
        return replace(dataset, windows=windows_of(self.datasets))

    @property
    def _sample(self) -> Sample | None:
        """What is enough of a source; what other nodes make of that is wanted in full."""
        return self.context.sample if isinstance(self.module, Extractor) else None

    def _wanted(self, rows: "duckdb.DuckDBPyRelation") -> "duckdb.DuckDBPyRelation":
        if self.reading is not None:
            rows = self.reading.only_new(rows, self.inputs)
        return rows if self._sample is None else rows.limit(self._sample.rows)

    def _window(self, dataset: Dataset) -> tuple[Window | None, list[str]]:
        """Return the window that an extractor has read by its watermark, and what to say of it."""
        if self.reading is None:
            return None, []
        window = self.reading.close(self.work / dataset.parts[0], dataset, self.inputs)
        notices = self.reading.notices(window)
        self._warn(notices)
        return window, notices

    def _read_window(self, window: Window | None) -> ReadWindow | None:
        if self.reading is None:
            return None
        return {
            "column": self.reading.watermark.column,
            "start": self.reading.start,
            "upto": window.upto if window else None,
            "repeated": self.reading.repeat is not None,
        }

    def _warnings(self, result: Result) -> list[str]:
        warnings = result.warnings() if result.warnings else []
        self._warn(warnings)
        return warnings

    def _warn(self, texts: Sequence[str]) -> None:
        for text in texts:
            self.context.logger.warning("%s", text)

    def _account(self, result: Result, rows_out: int) -> tuple[RowAccount, Quarantined | None]:
        check_inputs(self.datasets, self.inputs)
        staged_in = sum(dataset.rows for dataset in self.datasets.values())
        port = result.rejects_from
        examined = staged_in if port is None else self.datasets[port].rows
        quarantined = self._quarantine(
            result.rejected, examined or None, rows_out, layouts=result.layouts
        )
        rejected = quarantined["rows"] if quarantined else 0
        account = account_of(
            self.module.account,
            # An extractor takes in what it gives out, and what it rejects.
            rows_in=staged_in if self.datasets else rows_out + rejected,
            rows_out=rows_out,
            rejected=rejected,
            removed=counted(result.removed),
            added=counted(result.added),
        )
        account.close()
        return account, quarantined

    def _quarantine(
        self,
        rejected: "Callable[[], duckdb.DuckDBPyRelation] | None",
        rows_in: int | None,
        rows_out: int = 0,
        layouts: Sequence[Layout] = (),
    ) -> Quarantined | None:
        """Stage and commit what was rejected; raise TooManyRejectedError if that is too much."""
        if rejected is None:
            return None
        dataset = self._stage(rejected(), REJECTED)
        folder = (*self.context.folder, REJECTED)
        if dataset.rows == 0:
            self.storage.remove(*folder)
            return None
        records = () if layouts else self._record_columns()
        commit(self.storage, folder, replace(dataset, records=records, layouts=tuple(layouts)))
        part = self.work / REJECTED / dataset.parts[0]
        quarantined = summary(self.inputs.database(), part, dataset)
        total = rows_in if rows_in is not None else rows_out + dataset.rows
        config = self.module.config
        if not accepts_rejects(config) or dataset.rows > allowed_rows(config, total):
            raise TooManyRejectedError(quarantined, total, getattr(config, "max_rejected", 0))
        return quarantined

    def _record_columns(self) -> tuple[Column, ...]:
        """Return what a rejected row was made of, where that can only be the one input."""
        only = list(self.datasets.values())
        return only[0].columns if len(only) == 1 else ()

    def _commit(self, datasets: Mapping[Folder, Dataset]) -> None:
        self.context.check_stop()
        for below, dataset in datasets.items():
            commit(self.storage, (*self.context.folder, *below), dataset)

    def _result(
        self,
        described: Staged,
        account: RowAccount,
        quarantined: Quarantined | None,
        *,
        target: str | None = None,
        size: int = 0,
        outputs: Mapping[str, Staged] | None = None,
        warnings: Sequence[str] = (),
        watermark: ReadWindow | None = None,
    ) -> NodeResult:
        return {
            **described,
            "target": target,
            "outputs": dict(outputs or {}),
            "rejected": quarantined,
            # Exactly strings: Airflow's way to XCom knows no others.
            "warnings": [str(text) for text in warnings],
            "wordings": [wording(text) for text in warnings],
            "watermark": watermark,
            "advanced": [],
            "metrics": {
                "rows_in": account.rows_in,
                "rows_out": account.rows_out,
                "rows_rejected": account.rejected,
                "rows_removed": account.removed,
                "rows_added": account.added,
                "bytes": size,
                "seconds": 0.0,
                "peak_rss_bytes": 0,
            },
        }


def shown(dataset: Dataset) -> Staged:
    """Return what a result says of one dataset."""
    return {
        "uri": dataset.uri,
        "columns": dataset.column_names(),
        "schema": {column.name: column.type for column in dataset.columns},
        "shape": [dataset.rows, len(dataset.columns)],
        "data": [dict(record) for record in dataset.sample],
    }
