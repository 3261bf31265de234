"""What the extractors of JSON share, however the records stand in the file."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from etl.columns import ColumnName
from etl.errors import ETLError
from etl.files.reading import SourceConfig, file_heads, peeked
from etl.inputs import Inputs
from etl.module import Extractor, RunContext
from etl.sql_checks import SQLType

if TYPE_CHECKING:
    import duckdb

    from etl.dataset import Column
    from etl.files.reading import SourceFile
    from etl.json_reading import JSONSet

_HEAD = 4 * 1024 * 1024

# The setting `types` of either extractor.
GivenTypes = Annotated[
    dict[ColumnName, SQLType],
    Field(
        description="SQL types of columns that must not be guessed.",
        examples=[{"amount": "DECIMAL(10, 2)"}],
    ),
]


class JSONExtractor(Extractor):
    """Knows the columns of small files before a run, and tells what is wrong with a record."""

    config: SourceConfig
    # What is being read, once that is known.
    _set: "JSONSet | None" = None

    @abstractmethod
    def _rows(
        self, sources: "list[SourceFile]", inputs: Inputs, scratch: Path, context: RunContext
    ) -> "duckdb.DuckDBPyRelation":
        """Return the records of these files."""

    def peek(self, context: RunContext) -> "tuple[Column, ...] | None":
        """Return the columns of files of at most 4 MB; in larger ones others may come later."""
        return peeked(self, context, lambda inputs, scratch: self._small(inputs, scratch, context))

    def _small(
        self, inputs: Inputs, scratch: Path, context: RunContext
    ) -> "duckdb.DuckDBPyRelation | None":
        sources = file_heads(self.config, context, scratch, size=_HEAD)
        if sources is None or any(s.partial or s.local.stat().st_size > _HEAD for s in sources):
            return None
        return self._rows(sources, inputs, scratch, context)

    def explain(self, error: Exception) -> ETLError | None:
        """Return an error of DuckDB's JSON reader with the file's name and record."""
        import duckdb

        from etl.json_reading import explain_json

        text = str(error)
        if isinstance(error, duckdb.Error) and self._set and ("JSON" in text or "json" in text):
            return explain_json(error, self._set.names, self.config.path)
        return None
