"""load.csv"""

from pydantic import Field

from etl.files import DataPath, replaced
from etl.inputs import Inputs
from etl.module import Loaded, Loader, ModuleConfig, RunContext
from etl.sql import literal


class LoadCSV(Loader):
    """Write the input as a CSV file with a header line, in UTF-8.

    The file is replaced at once when it is complete; until then, and if the node fails, the
    old one stays.
    """

    key = "load.csv"
    title = "CSV file"

    class Config(ModuleConfig):
        """The settings of load.csv."""

        path: DataPath = Field(
            description="File below the first data folder. Folders on the way are made.",
            examples=["reports/totals.csv"],
        )
        delimiter: str = Field(
            default=",", min_length=1, max_length=1, description="Character between two values."
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Write the file and return the number of its rows, without the header."""
        with replaced(self.config.path, context) as temporary:
            database = inputs.database(files=[temporary])
            database.execute(
                f"COPY (FROM input) TO {literal(str(temporary))}"
                f" (FORMAT csv, HEADER, DELIMITER {literal(self.config.delimiter)})"
            )
        return Loaded(rows=inputs["input"].rows, target=self.config.path)
