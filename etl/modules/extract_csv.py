"""extract.csv"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from etl.columns import ColumnName
from etl.csv_errors import CSVOptions, explain_csv, read_csv_sql
from etl.errors import DataError, ETLError
from etl.files import DataPath, readable
from etl.inputs import Inputs
from etl.module import Extractor, ModuleConfig, RunContext
from etl.sql import SQLType

if TYPE_CHECKING:
    import duckdb


class ExtractCSV(Extractor):
    """Read a CSV file with a header line.

    The types of columns are guessed from the first 20,480 rows unless they are given. A row
    that does not fit stops the node, naming its line: nothing is dropped quietly.
    """

    key = "extract.csv"
    title = "CSV file"

    class Config(ModuleConfig):
        """The settings of extract.csv."""

        path: DataPath = Field(
            description="File below a data folder; may be compressed with gzip (.csv.gz).",
            examples=["deliveries.csv"],
        )
        delimiter: str = Field(
            default=",", min_length=1, max_length=1, description="Character between two values."
        )
        quote: str = Field(
            default='"', min_length=1, max_length=1, description="Character around a value."
        )
        encoding: Literal["utf-8", "latin-1", "utf-16"] = Field(
            default="utf-8", description="How the file encodes characters."
        )
        null_values: list[str] = Field(
            default=[""],
            min_length=1,
            description="Texts that mean: no value.",
            examples=[["", "NA"]],
        )
        types: dict[ColumnName, SQLType] = Field(
            default={},
            description="SQL types of columns that must not be guessed.",
            examples=[{"postcode": "VARCHAR"}],
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return the rows of the file; raise DataError naming file, line, column and remedy."""
        import duckdb

        path = readable(self.config.path, context.data_dirs)
        if path.stat().st_size == 0:
            raise DataError(
                f"file '{self.config.path}' is empty. It needs at least a header line.",
                field="config.path",
            )
        options = CSVOptions(
            delimiter=self.config.delimiter,
            quote=self.config.quote,
            encoding=self.config.encoding,
            null_values=tuple(self.config.null_values),
            types=dict(self.config.types),
        )
        database = inputs.database(files=[path])
        try:
            return database.sql(read_csv_sql(path, options))
        except duckdb.Error as exc:
            raise explain_csv(exc, self.config.path, path, options, database) from exc

    def explain(self, error: Exception) -> ETLError | None:
        """Return an error of DuckDB's CSV reader with the file's name, line and column."""
        import duckdb

        if isinstance(error, duckdb.Error) and "CSV Error on Line" in str(error):
            return explain_csv(error, self.config.path)
        return None
