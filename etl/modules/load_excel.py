"""load.excel"""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from etl.errors import DataError
from etl.files.writing import TargetConfig, target_file
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Loaded, Loader, RunContext
from etl.sql import quote

if TYPE_CHECKING:
    from etl.dataset import Column

# What a sheet holds, less the header.
_MOST_ROWS = 1_048_575
_MOST_COLUMNS = 16_384
_FORBIDDEN = set("[]:*?/\\")


def _check_sheet(name: str) -> str:
    if _FORBIDDEN & set(name) or name.startswith("'") or name.endswith("'"):
        raise ValueError(
            say(
                "'{name}' cannot name a sheet. Leave out [ ] : * ? / \\ and quotes at its ends",
                name=name,
            )
        )
    return name


class LoadExcel(Loader):
    """Write the input as an Excel file (.xlsx) with a header row.

    Text stays text: what looks like a formula, a number or a link is none. Numbers that Excel
    cannot hold exactly, of more than 15 digits, are written as text, and so are NaN, infinity and
    dates before 1900; times with a zone in UTC. The file is replaced at once when it is complete;
    until then, and if the node fails, the old one stays.
    """

    key = "load.excel"
    title = "Excel file"
    icon = "table_view"
    keywords = "s3, spreadsheet, xlsx, export, workbook"

    class Config(TargetConfig):
        """The settings of load.excel."""

        sheet: Annotated[str, AfterValidator(_check_sheet)] = Field(
            default="Data", min_length=1, max_length=31, description="Name of the sheet."
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Write the file and return the number of its rows; raise DataError if they are too many.

        Memory stays bounded however many rows there are.
        """
        from etl.excel_writing import write_sheet

        dataset = inputs["input"]
        if dataset.rows > _MOST_ROWS or len(dataset.columns) > _MOST_COLUMNS:
            raise DataError(
                say(
                    "the input has {rows} rows and {columns} columns, but a sheet holds "
                    "{most_rows} and {most_columns}. Filter or split it first, or load it as "
                    "CSV.",
                    rows=dataset.rows,
                    columns=len(dataset.columns),
                    most_rows=_MOST_ROWS,
                    most_columns=_MOST_COLUMNS,
                )
            )
        with target_file(self.config, inputs, context) as temporary:
            rows = write_sheet(
                inputs.database(files=[temporary]).execute(
                    f"SELECT {', '.join(map(_item, dataset.columns))} FROM input"  # noqa: S608
                ),
                dataset.column_names(),
                temporary,
                self.config.sheet,
                inputs.scratch_folder(),
            )
        return Loaded(rows=rows, target=self.config.path)


def _item(column: "Column") -> str:
    name = quote(column.name)
    # Excel knows no zones. The engine's own is UTC.
    if column.type == "TIMESTAMP WITH TIME ZONE":
        return f"CAST({name} AS TIMESTAMP) AS {name}"
    return name
