"""load.jsonl"""

from typing import Literal

from pydantic import Field, model_validator

from etl.files.compression import compression_of
from etl.files.writing import TargetConfig, target_file
from etl.inputs import Inputs
from etl.module import Loaded, Loader, RunContext
from etl.modules.load_csv import check_written
from etl.sql import literal, quote


class LoadJSONL(Loader):
    """Write the input as JSON Lines: one JSON object a row, in UTF-8.

    Columns of type JSON are nested as they are. JSON knows neither NaN nor infinity: they become
    null. The file is replaced at once when it is complete; until then, and if the node fails, the
    old one stays.
    """

    key = "load.jsonl"
    title = "JSON Lines file"
    icon = "data_array"
    keywords = "s3, ndjson, export, save"

    class Config(TargetConfig):
        """The settings of load.jsonl."""

        compression: Literal["auto", "none", "gzip", "zstd"] = Field(
            default="auto",
            description="How the file is compressed; auto tells by the end of its name: .gz, .zst.",
        )

        @model_validator(mode="after")
        def _compression_is_written(self) -> "LoadJSONL.Config":
            check_written(self.path, self.compression)
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Write the file and return the number of its rows."""
        items = ", ".join(
            f"CASE WHEN isfinite({quote(c.name)}) THEN {quote(c.name)} END AS {quote(c.name)}"
            if c.type in ("FLOAT", "DOUBLE")
            else quote(c.name)
            for c in inputs["input"].columns
        )
        with target_file(self.config, inputs, context) as temporary:
            database = inputs.database(files=[temporary])
            database.execute(
                f"COPY (SELECT {items} FROM input) TO {literal(str(temporary))}"  # noqa: S608
                f" (FORMAT json,"
                f" COMPRESSION {compression_of(self.config.path, self.config.compression)})"
            )
        return Loaded(rows=inputs["input"].rows, target=self.config.path)
