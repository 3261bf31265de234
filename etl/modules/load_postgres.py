"""load.postgres"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from etl.columns import ColumnName, require_columns, unique_names
from etl.inputs import Inputs
from etl.module import ConnectionId, Loaded, Loader, ModuleConfig, RunContext


def _check_table(value: str) -> str:
    from etl.postgres.table import Table

    Table.parse(value)
    return value


class LoadPostgres(Loader):
    """Write the input to a PostgreSQL table, which is created if it is missing.

    Everything happens in one transaction: a load that fails leaves the table as it was. A load
    that is repeated within an execution, by a retry, makes no duplicates: append notes each
    load for 90 days in the table `_logidata_loads` beside the target.
    """

    key = "load.postgres"
    title = "PostgreSQL table"

    class Config(ModuleConfig):
        """The settings of load.postgres."""

        connection: ConnectionId = Field(
            description="Connection to load into.",
            json_schema_extra={"format": "connection"},
            examples=["warehouse"],
        )
        table: Annotated[str, AfterValidator(_check_table)] = Field(
            description="Table, as name or schema.name.", examples=["orders", "sales.orders"]
        )
        mode: Literal["append", "replace", "upsert"] = Field(
            default="append",
            description="append adds the rows; replace makes them the only ones; upsert updates "
            "rows whose keys exist and adds the others.",
        )
        keys: list[ColumnName] = Field(
            default=[],
            description="Columns that identify a row, for upsert. A new table gets them as its "
            "primary key; an existing one needs a unique index on them.",
            examples=[["order_id"]],
        )

        @model_validator(mode="after")
        def _keys_fit_mode(self) -> "LoadPostgres.Config":
            if self.mode == "upsert" and not self.keys:
                raise ValueError("Mode upsert needs keys: name the columns that identify a row")
            if self.mode != "upsert" and self.keys:
                raise ValueError("Keys are for mode upsert only. Remove them, or set the mode")
            unique_names(self.keys)
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Load the rows, commit, and return how many; raise and change nothing otherwise."""
        from etl.postgres import loading
        from etl.postgres.ledger import claim
        from etl.postgres.session import session
        from etl.postgres.table import Table, ensure_table

        dataset = inputs["input"]
        keys = _as_named(self.config.keys, dataset.column_names())
        table = Table.parse(self.config.table)
        with session(context.connection(self.config.connection)) as connection:
            ensure_table(connection, table, dataset.columns, keys)
            if self.config.mode == "upsert":
                rows = loading.upsert(connection, table, inputs, keys)
            elif self.config.mode == "replace":
                rows = loading.replace(connection, table, inputs)
            else:
                before = claim(
                    connection, table, context.execution_id, context.node_id, dataset.rows
                )
                if before is not None:
                    context.logger.warning(
                        "this execution has loaded %d rows into %s already; nothing is added",
                        before,
                        table,
                    )
                rows = loading.append(connection, table, inputs) if before is None else before
            # The last thing before the commit, since a load that is committed stays.
            context.check_stop()
        target = f"{table} on {self.config.connection} ({self.config.mode})"
        return Loaded(rows=rows, target=target)


def _as_named(keys: list[str], columns: list[str]) -> list[str]:
    """Return the keys spelled as the input spells them: case matters to PostgreSQL."""
    require_columns(keys, columns, field="keys")
    spelled = {name.casefold(): name for name in columns}
    return [spelled[key.casefold()] for key in keys]
