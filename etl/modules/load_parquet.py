"""load.parquet"""

import shutil
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from etl.columns import ColumnName, require_columns, unique_names
from etl.databases.config import OnDrift
from etl.databases.drift import Drift
from etl.dataset import Column
from etl.files.folders import Replace, replace_folder
from etl.files.partitions import Partitions
from etl.files.writing import TargetConfig, target_file
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Loaded, Loader, RunContext
from etl.sql import literal, quote


class LoadParquet(Loader):
    """Write the input as one Parquet file, or as a folder of files by the values of columns.

    The file is replaced at once when it is complete; until then, and if the node fails, the
    old one stays. A folder is written beside the old one and then takes its place; by partition,
    each part takes its own. In object storage, where folders cannot be renamed, the new files
    come first and the old ones go after: who reads in between sees both.

    Where only partitions are replaced, the input's columns are held against those of the others:
    `on_drift` says what becomes of one that these lack, and a type that has changed fails the node.
    """

    key = "load.parquet"
    title = "Parquet file"
    icon = "view_column"
    keywords = "s3, columnar, arrow, export, save"

    class Config(TargetConfig):
        """The settings of load.parquet."""

        compression: Literal["zstd", "snappy", "gzip", "uncompressed"] = Field(
            default="zstd", description="How the file is compressed."
        )
        partition_by: list[ColumnName] = Field(
            default=[],
            description="Columns by whose values the rows are parted: path is then a folder, with "
            "folders such as day=2024-05-01 in it. The columns are also in the files.",
            examples=[["day"]],
        )
        replace: Replace = Field(
            default="all",
            description="With partition_by: all replaces the whole folder; partitions only the "
            "parts that the input has rows for.",
        )

        on_drift: OnDrift = Field(
            default="fail",
            description="With replace: partitions, what to do with columns that the other "
            "partitions lack: fail; add_columns writes them, so that a reader that puts files "
            "together by name finds no value in the others; ignore leaves them out.",
        )

        @model_validator(mode="after")
        def _replace_fits(self) -> "LoadParquet.Config":
            unique_names(self.partition_by)
            if self.replace == "partitions" and not self.partition_by:
                raise ValueError(say("There are no partitions to replace. Name partition_by"))
            if self.replace != "partitions" and self.on_drift != "fail":
                raise ValueError(
                    say("on_drift is for replace: partitions only. Remove it, or set replace")
                )
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Write the file or the folder and return the number of rows."""
        rows = inputs["input"].rows
        options = f"FORMAT parquet, COMPRESSION {self.config.compression}"
        if self.config.partition_by:
            notice = self._write_folder(inputs, context, options)
            return Loaded(
                rows=rows, target=f"{self.config.path} ({notice})" if notice else self.config.path
            )
        with target_file(self.config, inputs, context) as temporary:
            database = inputs.database(files=[temporary])
            database.execute(f"COPY (FROM input) TO {literal(str(temporary))} ({options})")
        return Loaded(rows=rows, target=self.config.path)

    def _write_folder(self, inputs: Inputs, context: RunContext, options: str) -> str | None:
        """Return what was changed about the columns, if anything."""
        columns = inputs["input"].columns
        require_columns(
            self.config.partition_by, inputs["input"].column_names(), field="partition_by"
        )
        made = inputs.scratch_folder() / "parts"
        self._write_parts(inputs, made, columns, options)
        drift = self._drift(inputs, context, made)
        if drift.notice:
            context.logger.warning(
                "the columns of the folder and of the input differ: %s", drift.notice
            )
        if drift.ignored:
            shutil.rmtree(made)
            self._write_parts(inputs, made, drift.loaded, options)
        replace_folder(made, self.config, self.config.replace, context)
        return drift.notice

    def _write_parts(
        self, inputs: Inputs, made: Path, columns: tuple[Column, ...], options: str
    ) -> None:
        made.mkdir()
        by = ", ".join(quote(name) for name in self.config.partition_by)
        items = ", ".join(quote(column.name) for column in columns)
        inputs.database().execute(
            f"COPY (SELECT {items} FROM input) TO {literal(str(made))}"  # noqa: S608
            f" ({options}, PARTITION_BY ({by}), WRITE_PARTITION_COLUMNS true,"
            " FILENAME_PATTERN 'part-{i}', OVERWRITE_OR_IGNORE true)"
        )

    def _drift(self, inputs: Inputs, context: RunContext, made: Path) -> Drift:
        columns = inputs["input"].columns
        # Without rows, nothing is written that could differ.
        if self.config.replace != "partitions" or not inputs["input"].rows:
            return Drift(columns)
        others = Partitions(self.config, context, made)
        return others.drift(
            columns,
            self.config.partition_by,
            self.config.on_drift,
            inputs.database(),
            inputs.scratch_folder(),
        )
