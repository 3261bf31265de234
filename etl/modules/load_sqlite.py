"""load.sqlite"""

from typing import Annotated

from pydantic import AfterValidator, Field

from etl.databases.config import TableConfig
from etl.files import DataPath, writable
from etl.inputs import Inputs
from etl.module import Loaded, Loader, RunContext


def _check_table(value: str) -> str:
    from etl.sqlite.table import check_name

    return check_name(value)


class LoadSQLite(Loader):
    """Write the input to a table of a SQLite file; both are created if they are missing.

    Everything happens in one transaction: a load that fails leaves the file as it was, and who
    reads meanwhile sees the old rows. A load that is repeated within an execution, by a retry,
    makes no duplicates: append notes each load for 90 days in the table `_logidata_loads`.

    Rows that break a constraint of the table are set aside up to max_rejected. For upsert these
    are also rows without a key, and all that share one. SQLite itself takes values of any type
    in any column, unless the table is STRICT. Decimals of more than 15 digits, dates and times
    are kept as text.
    """

    key = "load.sqlite"
    title = "SQLite table"
    icon = "database"
    keywords = "database, table, insert, upsert"

    class Config(TableConfig):
        """The settings of load.sqlite."""

        path: DataPath = Field(
            description="SQLite file below the first data folder. Folders on the way are made.",
            examples=["marts/sales.sqlite"],
        )
        table: Annotated[str, AfterValidator(_check_table)] = Field(
            json_schema_extra={"format": "table"},
            description="Name of the table.",
            examples=["orders"],
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Load the rows, commit, and return how many; raise and change nothing otherwise."""
        from etl.databases.loading import Load
        from etl.sqlite.session import session
        from etl.sqlite.target import SQLiteTarget

        load = Load(self.config, inputs, context)
        path = writable(self.config.path, context.data_dirs)

        def run() -> None:
            with session(path) as connection:
                load.into(SQLiteTarget(connection, self.config.table, context))

        return load.loaded(f"{self.config.table} in {self.config.path}", run)
