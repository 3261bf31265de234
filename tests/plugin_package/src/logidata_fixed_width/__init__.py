"""extract.fixed_width: a module for LogiData."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from etl.columns import ColumnName, unique_names
from etl.errors import DataError
from etl.files import DataPath, readable
from etl.inputs import Inputs
from etl.module import Extractor, ModuleConfig, RunContext

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 10_000


class FixedColumn(ModuleConfig):
    """A column and where its characters stand in a line."""

    name: ColumnName = Field(description="Name of the column.")
    start: int = Field(ge=1, description="Its first character; a line begins with 1.")
    width: int = Field(ge=1, description="How many characters it has.")


class ExtractFixedWidth(Extractor):
    """Read a text file whose columns have fixed widths.

    All columns are text, without the spaces around it; nothing but spaces is no value. Give them
    other types with transform.cast. Empty lines are skipped.
    """

    key = "extract.fixed_width"
    title = "Fixed-width file"

    class Config(ModuleConfig):
        """The settings of extract.fixed_width."""

        path: DataPath = Field(description="File below a data folder.", examples=["ledger.txt"])
        columns: list[FixedColumn] = Field(
            min_length=1,
            description="The columns, in the order of the output.",
            examples=[[{"name": "account", "start": 1, "width": 8}]],
        )
        encoding: str = Field(default="utf-8", description="How the file encodes characters.")

        @field_validator("columns")
        @classmethod
        def _names_differ(cls, columns: list[FixedColumn]) -> list[FixedColumn]:
            unique_names(column.name for column in columns)
            return columns

        @field_validator("encoding")
        @classmethod
        def _known(cls, encoding: str) -> str:
            try:
                "".encode(encoding)
            except LookupError:
                raise ValueError(f"'{encoding}' is no encoding. Write utf-8 or latin-1") from None
            return encoding

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "Iterator[pa.RecordBatch]":
        """Yield the lines in batches of 10,000; raise DataError naming a line that is too short."""
        import pyarrow as pa

        path = readable(self.config.path, context.data_dirs)
        schema = pa.schema([(column.name, pa.string()) for column in self.config.columns])
        rows: list[list[str | None]] = []
        try:
            with path.open(encoding=self.config.encoding, newline=None) as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        rows.append(self._values(line.rstrip("\n"), number))
                    if len(rows) >= _BATCH_ROWS:
                        yield _batch(rows, schema)
                        rows = []
        except UnicodeDecodeError:
            raise DataError(
                f"file '{self.config.path}' holds bytes that are no {self.config.encoding}. "
                "Set its encoding.",
                field="config.encoding",
            ) from None
        yield _batch(rows, schema)

    def _values(self, line: str, number: int) -> list[str | None]:
        last = max(column.start for column in self.config.columns)
        if len(line) < last:
            raise DataError(
                f"file '{self.config.path}', line {number}: it ends after {len(line)} characters, "
                f"but a column starts at {last}. Correct the line, or the columns.",
                field="config.path",
            )
        begins = ((column, column.start - 1) for column in self.config.columns)
        return [line[begin : begin + column.width].strip() or None for column, begin in begins]


def _batch(rows: "list[list[str | None]]", schema: "pa.Schema") -> "pa.RecordBatch":
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.RecordBatch.from_arrays([pa.array(c, pa.string()) for c in columns], schema=schema)
