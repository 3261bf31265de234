"""extract.excel"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from etl.files.reading import SourceConfig, peeked, source_files
from etl.files.remote import is_uri
from etl.files.sampling import files_or_samples
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Extractor, RunContext

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from etl.dataset import Column
    from etl.excel import Sheets
    from etl.files.reading import SourceFile

_Row = Annotated[int, Field(ge=1, le=1_048_576)]
_MOST_TO_PEEK = 2 * 1024 * 1024


class ExtractExcel(Extractor):
    """Read a sheet of Excel files (.xlsx, .xlsm, .xlsb, .xls) or of OpenDocument (.ods).

    A column has the type that all of its values have: whole numbers, numbers, booleans, dates,
    times; otherwise it is text. Of formulas the last computed value counts, errors are empty, and
    rows without any value are left out. One sheet is in memory at a time.
    """

    key = "extract.excel"
    title = "Excel file"
    icon = "table_view"
    keywords = "s3, spreadsheet, xlsx, ods, workbook"

    class Config(SourceConfig):
        """The settings of extract.excel."""

        sheet: Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1)] = Field(
            default=1, description="Sheet, by its name or its number from 1.", examples=["Orders"]
        )
        header_row: int = Field(
            default=1,
            ge=0,
            le=1_048_576,
            description="Row that holds the names of the columns, from 1; 0 if there is none.",
        )
        first_row: _Row | None = Field(
            default=None, description="First row of data. Empty: the one after the header."
        )
        last_row: _Row | None = Field(
            default=None, description="Last row of data. Empty: the last of the sheet."
        )

        @model_validator(mode="after")
        def _rows_in_order(self) -> "ExtractExcel.Config":
            if self.first_row is not None and self.first_row <= self.header_row:
                raise ValueError(say("first_row must come after header_row. Correct one of them"))
            if self.last_row is not None and self.last_row < (self.first_row or 1):
                raise ValueError(say("last_row comes before first_row. Correct one of them"))
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "Iterator[pa.RecordBatch]":
        """Yield the rows of the sheets; raise DataError for a file that cannot be read."""
        from etl.excel_heads import first_rows

        first_row = self.config.first_row or self.config.header_row + 1
        files = files_or_samples(
            self.config,
            context,
            inputs.scratch_folder(),
            take=partial(first_rows, first_row=first_row),
        )
        return self._sheets(files).batches()

    def _sheets(self, files: "list[SourceFile]") -> "Sheets":
        from etl.excel import SheetOptions, Sheets

        options = SheetOptions(
            sheet=self.config.sheet,
            header_row=self.config.header_row,
            first_row=self.config.first_row,
            last_row=self.config.last_row,
            file_column=self.config.file_column,
        )
        return Sheets(files, options)

    def peek(self, context: RunContext) -> "tuple[Column, ...] | None":
        """Return the columns of local files of at most 2 MB: an Excel file has no head."""
        return peeked(self, context, lambda inputs, _: self._small(inputs, context))

    def _small(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation | None":
        if is_uri(self.config.path):
            return None
        files = source_files(self.config, context, Path())
        if sum(file.local.stat().st_size for file in files) > _MOST_TO_PEEK:
            return None
        return inputs.database().from_arrow(self._sheets(files).schema().empty_table())
