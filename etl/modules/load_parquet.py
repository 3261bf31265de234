"""load.parquet"""

from typing import Literal

from pydantic import Field

from etl.files import DataPath, replaced
from etl.inputs import Inputs
from etl.module import Loaded, Loader, ModuleConfig, RunContext
from etl.sql import literal


class LoadParquet(Loader):
    """Write the input as one Parquet file.

    The file is replaced at once when it is complete; until then, and if the node fails, the
    old one stays.
    """

    key = "load.parquet"
    title = "Parquet file"

    class Config(ModuleConfig):
        """The settings of load.parquet."""

        path: DataPath = Field(
            description="File below the first data folder. Folders on the way are made.",
            examples=["archive/deliveries.parquet"],
        )
        compression: Literal["zstd", "snappy", "gzip", "uncompressed"] = Field(
            default="zstd", description="How the file is compressed."
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Write the file and return the number of its rows."""
        with replaced(self.config.path, context) as temporary:
            database = inputs.database(files=[temporary])
            database.execute(
                f"COPY (FROM input) TO {literal(str(temporary))}"
                f" (FORMAT parquet, COMPRESSION {self.config.compression})"
            )
        return Loaded(rows=inputs["input"].rows, target=self.config.path)
