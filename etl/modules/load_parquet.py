"""load.parquet"""

from typing import Literal

from pydantic import Field, model_validator

from etl.columns import ColumnName, require_columns, unique_names
from etl.files.folders import Replace, replace_folder
from etl.files.writing import TargetConfig, target_file
from etl.inputs import Inputs
from etl.module import Loaded, Loader, RunContext
from etl.sql import literal, quote


class LoadParquet(Loader):
    """Write the input as one Parquet file, or as a folder of files by the values of columns.

    The file is replaced at once when it is complete; until then, and if the node fails, the
    old one stays. A folder is written beside the old one and then takes its place; by partition,
    each part takes its own. In object storage, where folders cannot be renamed, the new files
    come first and the old ones go after: who reads in between sees both.
    """

    key = "load.parquet"
    title = "Parquet file"

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

        @model_validator(mode="after")
        def _replace_fits(self) -> "LoadParquet.Config":
            unique_names(self.partition_by)
            if self.replace == "partitions" and not self.partition_by:
                raise ValueError("There are no partitions to replace. Name partition_by")
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Write the file or the folder and return the number of rows."""
        rows = inputs["input"].rows
        options = f"FORMAT parquet, COMPRESSION {self.config.compression}"
        if self.config.partition_by:
            self._write_folder(inputs, context, options)
            return Loaded(rows=rows, target=self.config.path)
        with target_file(self.config, inputs, context) as temporary:
            database = inputs.database(files=[temporary])
            database.execute(f"COPY (FROM input) TO {literal(str(temporary))} ({options})")
        return Loaded(rows=rows, target=self.config.path)

    def _write_folder(self, inputs: Inputs, context: RunContext, options: str) -> None:
        columns = self.config.partition_by
        require_columns(columns, inputs["input"].column_names(), field="partition_by")
        made = inputs.scratch_folder() / "parts"
        made.mkdir()
        by = ", ".join(quote(name) for name in columns)
        inputs.database().execute(
            f"COPY (FROM input) TO {literal(str(made))} ({options}, PARTITION_BY ({by}),"
            " WRITE_PARTITION_COLUMNS true, FILENAME_PATTERN 'part-{i}', OVERWRITE_OR_IGNORE true)"
        )
        replace_folder(made, self.config, self.config.replace, context)
