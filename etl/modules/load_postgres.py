"""load.postgres"""

from typing import Annotated

from pydantic import AfterValidator, Field

from etl.databases.config import TableConfig
from etl.inputs import Inputs
from etl.module import ConnectionId, Loaded, Loader, RunContext


def _check_table(value: str) -> str:
    from etl.postgres.table import Table

    Table.parse(value)
    return value


class LoadPostgres(Loader):
    """Write the input to a PostgreSQL table, which is created if it is missing.

    Everything happens in one transaction: a load that fails leaves the table as it was, and who
    reads meanwhile sees the old rows. A load that is repeated within an execution, by a retry,
    makes no duplicates: append notes each load for 90 days in the table `_logidata_loads` beside
    the target.

    Rows that break a constraint of the table, or whose values do not fit its types, are set aside
    up to max_rejected. For upsert these are also rows without a key, and all that share one.
    """

    key = "load.postgres"
    title = "PostgreSQL table"
    icon = "database"
    keywords = "database, table, warehouse, insert, upsert"

    class Config(TableConfig):
        """The settings of load.postgres."""

        connection: ConnectionId = Field(
            description="Connection to load into.",
            json_schema_extra={"format": "connection"},
            examples=["warehouse"],
        )
        table: Annotated[str, AfterValidator(_check_table)] = Field(
            json_schema_extra={"format": "table"},
            description="Table, as name or schema.name.",
            examples=["orders", "sales.orders"],
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Load the rows, commit, and return how many; raise and change nothing otherwise."""
        from etl.databases.loading import Load
        from etl.postgres.session import session
        from etl.postgres.table import Table
        from etl.postgres.target import PostgresTarget

        table = Table.parse(self.config.table)
        load = Load(self.config, inputs, context)

        def run() -> None:
            with session(context.connection(self.config.connection)) as connection:
                load.into(PostgresTarget(connection, table, context))

        return load.loaded(f"{table} on {self.config.connection}", run)
