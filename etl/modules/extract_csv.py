"""extract.csv"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator, model_validator

from etl.columns import ColumnName, NewColumnName, unique_names
from etl.errors import ETLError
from etl.files.compression import CompressionSetting
from etl.files.reading import SourceConfig, file_heads, peeked
from etl.files.sampling import files_or_heads, whole_lines
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Extractor, Result, RunContext
from etl.quarantine import QuarantineConfig, accepts_rejects
from etl.raw_records import RAW
from etl.sql_checks import SQLType

if TYPE_CHECKING:
    import duckdb

    from etl.csv_files import CSVSet
    from etl.csv_reading import CSVOptions
    from etl.dataset import Column

_Character = Annotated[str, Field(min_length=1, max_length=1)]
_HEAD = 4 * 1024 * 1024
_HEADS = "_logidata_heads"


class ExtractCSV(Extractor):
    """Read CSV files.

    The types of columns are guessed from the first 20,480 rows unless they are given. Several
    files are put below each other by the names of their columns; a column that a file lacks is
    empty there, and one whose guessed types do not go together is an error.

    A row that does not fit stops the node, naming its line, or is set aside up to `max_rejected`
    with its text (the first 10,000 characters), however many faults it has. A line is a record:
    a line break within quotes does not count, nor do empty lines make records, unless the file
    has only one column. After a value whose quote does not end, all that follows is one record.
    What cannot be known record by record fails the whole: bytes that are not of an encoding
    other than utf-8, line ends of two kinds, a damaged archive, a value of more than 8 million
    characters.
    """

    key = "extract.csv"
    title = "CSV file"
    icon = "csv"
    keywords = "s3, text, tsv, delimited"
    rereads = True

    class Config(SourceConfig, QuarantineConfig):
        """The settings of extract.csv."""

        delimiter: _Character = Field(default=",", description="Character between two values.")
        quote: _Character = Field(default='"', description="Character around a value.")
        encoding: Literal[
            "utf-8",
            "latin-1",
            "utf-16",
            "windows-1250",
            "windows-1251",
            "windows-1252",
            "iso-8859-15",
            "shift_jis",
            "gb18030",
            "big5",
            "euc_kr",
        ] = Field(default="utf-8", description="How the file encodes characters.")
        compression: CompressionSetting = "auto"
        header: bool = Field(
            default=True, description="Whether the first line holds the names of the columns."
        )
        columns: list[NewColumnName] = Field(
            default=[],
            description="Names of the columns of a file without a header line. Empty: column0, "
            "column1 and so on.",
            examples=[["order_id", "amount"]],
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

        @field_validator("columns")
        @classmethod
        def _named_once(cls, columns: list[str]) -> list[str]:
            unique_names(columns)
            return columns

        @model_validator(mode="after")
        def _columns_fit_header(self) -> "ExtractCSV.Config":
            if self.header and self.columns:
                raise ValueError(
                    say(
                        "columns is for files without a header line. Remove it, or set header "
                        "to false"
                    )
                )
            return self

    config: Config
    _set: "CSVSet | None" = None

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the rows of the files; raise DataError naming file, line, column and remedy."""
        from etl.csv_files import prepared
        from etl.csv_reading import rows_sql, shapes_of
        from etl.csv_replay import layouts_of

        if RAW in inputs:
            return self._reread(inputs)
        rejects = accepts_rejects(self.config)
        limit = self.config.max_rejected
        scratch = inputs.scratch_folder()
        sources = files_or_heads(
            self.config,
            context,
            scratch,
            compression=self.config.compression,
            cut=whole_lines(self.config.encoding),
        )
        ready = self._set = prepared(
            sources, self._options(), self.config.compression, scratch, rejects=rejects
        )
        database = inputs.database(files=[file.path for file in ready.files])
        shapes = shapes_of(ready.files, ready.options, database)
        sql = rows_sql(
            ready.files,
            shapes,
            ready.options,
            rejects=rejects,
            # One more than is accepted is enough to fail.
            most_rejects=limit + 1 if isinstance(limit, int) else 0,
            file_column=self.config.file_column,
        )
        if not rejects:
            return Result(database.sql(sql))
        if context.sample is not None:
            # Of a query that ends early DuckDB does not tell the rejected rows.
            database.execute(f"CREATE TEMP TABLE {_HEADS} AS {sql}")
            sql = f"FROM {_HEADS}"
        rows = database.sql(sql)
        return Result(
            rows,
            rejected=lambda: self._rejected(ready, database),
            layouts=layouts_of(ready.files, shapes),
        )

    def _rejected(
        self, ready: "CSVSet", database: "duckdb.DuckDBPyConnection"
    ) -> "duckdb.DuckDBPyRelation":
        from etl.csv_damaged import damaged_lines
        from etl.csv_errors import rejected_sql

        # Latin-1 has a character for every byte, and all others have been decoded before.
        utf8 = ready.options.encoding == "utf-8"
        damaged = damaged_lines(ready.files, database) if utf8 else ()
        return database.sql(rejected_sql(ready.names, ready.cut_off_sql(), damaged))

    def _reread(self, inputs: Inputs) -> Result:
        from etl.csv_replay import RawCSV

        return RawCSV(inputs, self._options(), self.config.file_column).result()

    def peek(self, context: RunContext) -> "tuple[Column, ...] | None":
        """Return the columns that the heads of the files tell, of at most 20 files."""
        return peeked(self, context, lambda inputs, scratch: self._head(inputs, scratch, context))

    def _head(
        self, inputs: Inputs, scratch: Path, context: RunContext
    ) -> "duckdb.DuckDBPyRelation | None":
        from etl.csv_files import heads
        from etl.csv_reading import rows_sql, shapes_of

        sources = file_heads(self.config, context, scratch, size=_HEAD)
        if sources is None:
            return None
        ready = self._set = heads(sources, self._options(), self.config.compression, scratch)
        database = inputs.database(files=[file.path for file in ready.files])
        return database.sql(
            rows_sql(
                ready.files,
                shapes_of(ready.files, ready.options, database),
                ready.options,
                rejects=False,
                file_column=self.config.file_column,
            )
        )

    def _options(self) -> "CSVOptions":
        from etl.csv_reading import CSVOptions

        return CSVOptions(
            delimiter=self.config.delimiter,
            quote=self.config.quote,
            encoding=self.config.encoding,
            null_values=tuple(self.config.null_values),
            header=self.config.header,
            names=tuple(self.config.columns),
            types=dict(self.config.types),
        )

    def explain(self, error: Exception) -> ETLError | None:
        """Return an error of DuckDB's CSV reader with the file's name, line and column."""
        import duckdb

        from etl.csv_errors import explain_csv, file_in

        path = file_in(error)
        if isinstance(error, duckdb.Error) and ("CSV" in str(error) or path):
            names = self._set.names if self._set else {}
            return explain_csv(error, names.get(path or "", self.config.path))
        return None
