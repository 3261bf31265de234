"""extract.jsonl"""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from etl.columns import ColumnName
from etl.errors import ETLError
from etl.files.compression import Compression
from etl.files.reading import SourceConfig, file_heads, peeked, source_files
from etl.inputs import Inputs
from etl.module import Extractor, Result, RunContext
from etl.quarantine import QuarantineConfig, accepts_rejects
from etl.sql import SQLType

if TYPE_CHECKING:
    import duckdb

    from etl.dataset import Column
    from etl.files.reading import SourceFile
    from etl.json_reading import JSONSet

_HEAD = 4 * 1024 * 1024


class ExtractJSONL(Extractor):
    """Read JSON Lines: one JSON object a line.

    Every name in any object becomes a column; its type is guessed from all lines unless it is
    given. Values that are nested, or of more than one kind, become JSON. A line that is no JSON
    object, or holds a value that is not of a given type, stops the node, naming the line, or is
    set aside up to `max_rejected`. Empty lines are no records. A line of more than 16 MB, or one
    that is not in UTF-8, always fails.
    """

    key = "extract.jsonl"
    title = "JSON Lines file"

    class Config(SourceConfig, QuarantineConfig):
        """The settings of extract.jsonl."""

        compression: Compression = Field(
            default="auto",
            description="How the file is compressed; auto tells by the end of its name: .gz, "
            ".zst, .bz2, .xz.",
        )
        types: dict[ColumnName, SQLType] = Field(
            default={},
            description="SQL types of columns that must not be guessed.",
            examples=[{"amount": "DECIMAL(10, 2)"}],
        )

    config: Config
    _set: "JSONSet | None" = None

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the records of the files; raise DataError naming file, line and remedy."""
        from etl.json_lines import FaultyLines
        from etl.json_reading import columns_of

        scratch = inputs.scratch_folder()
        files = self._ready(source_files(self.config, context, scratch), scratch)
        database = inputs.database(files=files.paths())
        if not accepts_rejects(self.config):
            return Result(self._rows(files, database))
        lines = FaultyLines(files)
        records = lines.records_only(database, scratch / "records.jsonl")
        columns = columns_of(records, self.config.types, database)
        faulty = lines.faulty_sql(columns)
        return Result(
            database.sql(lines.good_sql(columns, self.config.file_column)),
            rejected=lambda: database.sql(faulty),
        )

    def _ready(self, sources: "list[SourceFile]", scratch: Path) -> "JSONSet":
        from etl.json_reading import JSONSet, uncompressed

        files = uncompressed(sources, self.config.compression, scratch)
        self._set = JSONSet("newline_delimited", tuple(files), self.config.file_column)
        return self._set

    def _rows(
        self, files: "JSONSet", database: "duckdb.DuckDBPyConnection"
    ) -> "duckdb.DuckDBPyRelation":
        from etl.json_reading import columns_of, rows_sql

        return database.sql(rows_sql(files, columns_of(files, self.config.types, database)))

    def peek(self, context: RunContext) -> "tuple[Column, ...] | None":
        """Return the columns of files of at most 4 MB; in larger ones others may come later."""
        return peeked(self, context, lambda inputs, scratch: self._small(inputs, scratch, context))

    def _small(
        self, inputs: Inputs, scratch: Path, context: RunContext
    ) -> "duckdb.DuckDBPyRelation | None":
        sources = file_heads(self.config, context, scratch, size=_HEAD)
        if sources is None or any(s.partial or s.local.stat().st_size > _HEAD for s in sources):
            return None
        files = self._ready(sources, scratch)
        return self._rows(files, inputs.database(files=files.paths()))

    def explain(self, error: Exception) -> ETLError | None:
        """Return an error of DuckDB's readers with the file's name and line."""
        import duckdb

        from etl.csv_errors import explain_csv, file_in
        from etl.json_reading import explain_json

        if not isinstance(error, duckdb.Error) or self._set is None:
            return None
        if "CSV" in str(error):
            return explain_csv(error, self._set.names.get(file_in(error) or "", self.config.path))
        if "JSON" in str(error) or "json" in str(error):
            return explain_json(error, self._set.names, self.config.path)
        return None
