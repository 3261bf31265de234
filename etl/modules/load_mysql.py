"""load.mysql"""

from typing import Annotated

from pydantic import AfterValidator, Field

from etl.databases.config import TableConfig
from etl.inputs import Inputs
from etl.module import ConnectionId, Loaded, Loader, RunContext


def _check_table(value: str) -> str:
    from etl.mysql.table import Table

    Table.parse(value)
    return value


class LoadMySQL(Loader):
    """Write the input to a table of MySQL or MariaDB, which is created if it is missing.

    The rows are written in one transaction, or for replace into a new table that takes the place
    of the old at once: a load that fails leaves the rows as they were, and who reads meanwhile
    sees the old ones. A load that is repeated within an execution, by a retry, makes no
    duplicates: append notes each load for 90 days in the table `_logidata_loads` beside the
    target. New tables and new columns stay even if the load then fails, for MySQL cannot take
    them back.

    Rows that break a constraint of the table, or whose values do not fit its types, are set aside
    up to max_rejected. For upsert these are also rows without a key, and all that share one.

    The table must be of InnoDB. The login needs the privilege CREATE TEMPORARY TABLES, and CREATE,
    ALTER and DROP for replace. Times with a zone are kept in UTC. Loading is faster where the
    server's `local_infile` is on.
    """

    key = "load.mysql"
    title = "MySQL table"
    icon = "database"
    keywords = "database, table, mariadb, insert, upsert"

    class Config(TableConfig):
        """The settings of load.mysql."""

        connection: ConnectionId = Field(
            description="Connection to load into, of type mysql or mariadb.",
            json_schema_extra={"format": "connection"},
            examples=["shop"],
        )
        table: Annotated[str, AfterValidator(_check_table)] = Field(
            json_schema_extra={"format": "table"},
            description="Table, as name or database.name.",
            examples=["orders", "sales.orders"],
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Load the rows, commit, and return how many; raise and change no row otherwise."""
        from etl.databases.loading import Load
        from etl.mysql.session import session
        from etl.mysql.table import Table
        from etl.mysql.target import MySQLTarget

        table = Table.parse(self.config.table)
        load = Load(self.config, inputs, context)

        def run() -> None:
            with session(context.connection(self.config.connection)) as opened:
                target = MySQLTarget(opened, table, context, self.config.mode)
                with target.alone():
                    load.into(target)
                    target.publish()

        return load.loaded(f"{table} on {self.config.connection}", run)
