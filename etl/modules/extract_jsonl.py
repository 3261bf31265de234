"""extract.jsonl"""

from pathlib import Path
from typing import TYPE_CHECKING

from etl.dataset import Column, Layout
from etl.errors import ETLError
from etl.files.compression import CompressionSetting
from etl.files.reading import SourceConfig
from etl.files.sampling import files_or_heads, whole_lines
from etl.inputs import Inputs
from etl.json_extractor import GivenTypes, JSONExtractor
from etl.module import Result, RunContext
from etl.quarantine import QuarantineConfig, accepts_rejects
from etl.raw_records import RAW

if TYPE_CHECKING:
    import duckdb

    from etl.faulty_rows import FaultyRows
    from etl.files.reading import SourceFile
    from etl.json_reading import JSONSet


class ExtractJSONL(JSONExtractor):
    """Read JSON Lines: one JSON object a line.

    Every name in any object becomes a column; its type is guessed from all lines unless it is
    given. Values that are nested, or of more than one kind, become JSON. A line that is no JSON
    object, is not in UTF-8, holds a NUL character or is nested more than 1000 levels deep, or has
    a value that is not of a given type, stops the node, naming the line, or is set aside up to
    `max_rejected`; there, bytes that are not UTF-8 are shown as \\xNN. Empty lines are no records.
    A line of more than 16 MB always fails.
    """

    key = "extract.jsonl"
    title = "JSON Lines file"
    icon = "data_array"
    keywords = "s3, ndjson, log"
    rereads = True

    class Config(SourceConfig, QuarantineConfig):
        """The settings of extract.jsonl."""

        compression: CompressionSetting = "auto"
        types: GivenTypes = {}

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the records of the files; raise DataError naming file, line and remedy."""
        from etl.faulty_rows import FaultyRows
        from etl.json_lines import FaultyLines, lines_of
        from etl.json_reading import columns_of

        if RAW in inputs:
            return self._reread(inputs)
        scratch = inputs.scratch_folder()
        sources = files_or_heads(
            self.config,
            context,
            scratch,
            compression=self.config.compression,
            cut=whole_lines(),
        )
        if not accepts_rejects(self.config):
            return Result(self._rows(sources, inputs, scratch, context))
        odd = FaultyRows(scratch / "odd.jsonl")
        files = self._ready(sources, scratch, odd)
        database = inputs.database(files=files.paths())
        lines = FaultyLines(lines_of(files), odd.select())
        records = lines.records_only(database, scratch / "records.jsonl", files.files[0].name)
        columns = columns_of(records, self.config.types, database)
        faulty = lines.faulty_sql(columns)
        layout = Layout(tuple(Column(name, kind) for name, kind in columns.items()))
        return Result(
            database.sql(lines.good_sql(columns, self.config.file_column)),
            rejected=lambda: database.sql(faulty),
            layouts=(layout,),
        )

    def _reread(self, inputs: Inputs) -> Result:
        from etl.json_replay import raw_result

        return raw_result(inputs, self.config.types, self.config.file_column)

    def _ready(self, sources: "list[SourceFile]", scratch: Path, odd: "FaultyRows") -> "JSONSet":
        from etl.json_odd_lines import refuse_odd_lines, without_odd_lines
        from etl.json_reading import JSONSet, uncompressed

        plain = uncompressed(sources, self.config.compression, scratch)
        files = JSONSet("newline_delimited", tuple(plain), self.config.file_column)
        if accepts_rejects(self.config):
            files = without_odd_lines(files, scratch, odd)
        else:
            refuse_odd_lines(files)
        self._set = files
        return files

    def _rows(
        self, sources: "list[SourceFile]", inputs: Inputs, scratch: Path, context: RunContext
    ) -> "duckdb.DuckDBPyRelation":
        from etl.faulty_rows import FaultyRows
        from etl.json_reading import columns_of, rows_sql

        files = self._ready(sources, scratch, FaultyRows(scratch / "odd.jsonl"))
        database = inputs.database(files=files.paths())
        return database.sql(rows_sql(files, columns_of(files, self.config.types, database)))

    def explain(self, error: Exception) -> ETLError | None:
        """Return an error of DuckDB's readers with the file's name and line."""
        import duckdb

        from etl.csv_errors import explain_csv, file_in

        if isinstance(error, duckdb.Error) and self._set and "CSV" in str(error):
            return explain_csv(error, self._set.names.get(file_in(error) or "", self.config.path))
        return super().explain(error)
