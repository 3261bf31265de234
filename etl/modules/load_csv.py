"""load.csv"""

from typing import Literal

from pydantic import Field, model_validator

from etl.files.compression import compression_of
from etl.files.writing import TargetConfig, target_file
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Loaded, Loader, RunContext
from etl.sql import literal


class LoadCSV(Loader):
    """Write the input as a CSV file, in UTF-8.

    The file is replaced at once when it is complete; until then, and if the node fails, the
    old one stays.
    """

    key = "load.csv"
    title = "CSV file"
    icon = "csv"
    keywords = "s3, text, tsv, export, save"

    class Config(TargetConfig):
        """The settings of load.csv."""

        delimiter: str = Field(
            default=",", min_length=1, max_length=1, description="Character between two values."
        )
        header: bool = Field(
            default=True, description="Whether the first line holds the names of the columns."
        )
        null_text: str = Field(
            default="", max_length=20, description="What stands for no value.", examples=["NULL"]
        )
        compression: Literal["auto", "none", "gzip", "zstd"] = Field(
            default="auto",
            description="How the file is compressed; auto tells by the end of its name: .gz, .zst.",
        )

        @model_validator(mode="after")
        def _compression_is_written(self) -> "LoadCSV.Config":
            check_written(self.path, self.compression)
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Write the file and return the number of its rows, without the header."""
        with target_file(self.config, inputs, context) as temporary:
            database = inputs.database(files=[temporary])
            database.execute(
                f"COPY (FROM input) TO {literal(str(temporary))}"
                f" (FORMAT csv, HEADER {self.config.header},"
                f" DELIMITER {literal(self.config.delimiter)},"
                f" NULLSTR {literal(self.config.null_text)},"
                f" COMPRESSION {compression_of(self.config.path, self.config.compression)})"
            )
        return Loaded(rows=inputs["input"].rows, target=self.config.path)


def check_written(path: str, compression: Literal["auto", "none", "gzip", "zstd"]) -> None:
    """Raise ValueError if a file's name asks for a compression that is not written."""
    kind = compression_of(path, compression)
    if kind not in ("none", "gzip", "zstd"):
        raise ValueError(
            say(
                "Files compressed with {kind} are not written. End the name in .gz or .zst, or "
                "set compression",
                kind=kind,
            )
        )
