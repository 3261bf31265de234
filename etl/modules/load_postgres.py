"""load.postgres"""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from etl.databases.config import TableConfig, as_named
from etl.inputs import Inputs
from etl.module import ConnectionId, Loaded, Loader, RunContext

if TYPE_CHECKING:
    import psycopg

    from etl.databases.loading import Load
    from etl.databases.source import Source
    from etl.postgres.table import Table


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

    class Config(TableConfig):
        """The settings of load.postgres."""

        connection: ConnectionId = Field(
            description="Connection to load into.",
            json_schema_extra={"format": "connection"},
            examples=["warehouse"],
        )
        table: Annotated[str, AfterValidator(_check_table)] = Field(
            description="Table, as name or schema.name.", examples=["orders", "sales.orders"]
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Load the rows, commit, and return how many; raise and change nothing otherwise."""
        from etl.databases.loading import Load
        from etl.postgres.session import session
        from etl.postgres.table import Table

        table = Table.parse(self.config.table)
        load = Load(self.config, inputs, context)

        def run() -> None:
            with session(context.connection(self.config.connection)) as connection:
                self._load(load, connection, table)

        return load.loaded(f"{table} on {self.config.connection}", run)

    def _load(self, load: "Load", connection: "psycopg.Connection", table: "Table") -> None:
        from etl.databases.source import Source
        from etl.postgres import ledger
        from etl.postgres.table import ensure_table
        from etl.postgres.types import as_text

        dataset = load.inputs["input"]
        names = dataset.column_names()
        keys = as_named(self.config.keys, names, field="keys")
        parts = as_named(self.config.partition_by, names, field="partition_by")
        drift = ensure_table(
            connection, table, dataset.columns, keys, self.config.on_drift, needed=parts
        )
        load.notice(drift.notice)
        source = Source(load.inputs, drift.loaded, as_text)
        if self.config.mode != "append":
            self._write(load, connection, table, source, keys, parts)
            load.finish()
            return
        node = (load.context.execution_id, load.context.node_id)
        before = ledger.claim(connection, table, *node, dataset.rows)
        if before is not None:
            load.repeat(str(table), before.rows, before.rejected)
            return
        self._write(load, connection, table, source, keys, parts)
        file = load.faults.file()
        if file is not None:
            ledger.note_rejected(connection, table, *node, load.rows, file.read_bytes())
        load.finish()

    def _write(
        self,
        load: "Load",
        connection: "psycopg.Connection",
        table: "Table",
        source: "Source",
        keys: list[str],
        parts: list[str],
    ) -> None:
        from etl.postgres.loading import Writer, delete_all, delete_partitions

        if keys:
            source = load.without_faulty_keys(source, keys)
        elif parts:
            delete_partitions(connection, table, source, parts, rejects=load.rejects)
        elif self.config.mode == "replace":
            delete_all(connection, table)
        load.write(Writer(connection, table, source, keys), source)
