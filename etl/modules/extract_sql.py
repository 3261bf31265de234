"""extract.sql"""

import re
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from etl.columns import ColumnName
from etl.dataset import Column
from etl.errors import ConfigError, DataError, ETLError
from etl.files import DataPath, readable
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ConnectionId, Extractor, ModuleConfig, Rows, RunContext

if TYPE_CHECKING:
    from pathlib import Path

    from etl.connections import Connection

Scalar = str | int | float | bool | None

_CONVERSION = re.compile(
    r'converting column "c(?P<number>\d+)"\.? *Could not convert string "(?P<value>.*?)" to'
    r" '(?P<type>.*?)'",
    re.DOTALL,
)


class ExtractSQL(Extractor):
    """Read the rows of a query from PostgreSQL, MySQL, MariaDB or a SQLite file.

    The type of the connection says which; the query is in that database's own SQL. Rows are
    streamed, and the transaction is read-only. Give values as parameters, written `%(name)s` in
    the query: they never become SQL, as a template within the query would. With parameters a
    literal percent sign is `%%`.

    Times with a zone come as UTC, JSON and what has no type of its own as text. Numbers of
    unlimited precision become floating point in PostgreSQL: cast them to numeric(p, s) in the
    query to keep their digits.

    From PostgreSQL a large result can be read in several ranges of a column at the same time, all
    as of one moment; the rows then come in no order.

    With a watermark the database is asked for the new rows only, where its column is a number or
    time (in SQLite, a whole number); the query itself must give all of them.
    """

    key = "extract.sql"
    title = "SQL query"
    icon = "database"
    keywords = "database, table, query, postgres, mysql, sqlite"

    class Config(ModuleConfig):
        """The settings of extract.sql."""

        connection: ConnectionId | None = Field(
            default=None,
            description="Connection to read from, of type postgres, mysql, mariadb or sqlite. Not "
            "needed with path.",
            json_schema_extra={"format": "connection"},
            examples=["warehouse"],
        )
        path: DataPath | None = Field(
            default=None,
            description="SQLite file below a data folder, instead of a connection.",
            examples=["shop.sqlite"],
        )
        query: str = Field(
            min_length=1,
            description="One SELECT statement, in the SQL of the database.",
            json_schema_extra={"format": "sql"},
            examples=["SELECT * FROM orders WHERE ordered_at >= %(since)s"],
        )
        parameters: dict[str, Scalar] = Field(
            default={},
            description="Values of the parameters in the query.",
            examples=[{"since": "{{ ds }}"}],
        )
        partition_column: ColumnName | None = Field(
            default=None,
            description="Column of numbers, dates or times by whose ranges the result is read in "
            "parts at the same time. PostgreSQL only.",
            examples=["order_id"],
        )
        partitions: int = Field(
            default=4,
            ge=2,
            le=16,
            description="Into how many parts partition_column divides the result. Each takes a "
            "connection to the server.",
        )

        @model_validator(mode="after")
        def _one_source(self) -> "ExtractSQL.Config":
            if (self.connection is None) == (self.path is None):
                raise ValueError(say("Name either a connection, or the path of a SQLite file"))
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Rows:
        """Return the rows; raise what the server refuses."""
        from etl.connections import dialect_of

        query, parameters = self.config.query, self.config.parameters
        source = self._source(context)
        if source is not None and dialect_of(source) == "postgres":
            from etl.postgres.reading import read

            return read(
                source,
                query,
                parameters,
                inputs,
                partition_column=self.config.partition_column,
                partitions=self.config.partitions,
                bounds=context.bounds,
                sample=context.sample,
            )
        if self.config.partition_column is not None:
            raise ConfigError(
                say(
                    "only PostgreSQL lets several connections read as of one moment; elsewhere "
                    "rows that change meanwhile could be missed. Remove partition_column."
                ),
                field="config.partition_column",
            )
        if source is not None and dialect_of(source) == "mysql":
            from etl.mysql import reading

            return reading.read_batches(source, query, parameters, context.bounds, context.sample)
        from etl.sqlite.reading import read_batches

        file = self._file(source, context)
        return read_batches(file, query, parameters, context.bounds, context.sample)

    def peek(self, context: RunContext) -> tuple[Column, ...] | None:
        """Return the columns, asking the database for no row; None if only the rows tell them.

        Raise ETLError if the query is refused, or the database cannot be asked.
        """
        from etl.connections import dialect_of
        from etl.databases.patience import hurried

        query, parameters = self.config.query, self.config.parameters
        source = self._source(context)
        if source is not None and dialect_of(source) == "postgres":
            from etl.postgres.reading import describe

            return describe(hurried(source), query, parameters)
        if source is not None and dialect_of(source) == "mysql":
            from etl.mysql import reading

            return reading.describe(hurried(source), query, parameters)
        from etl.sqlite.reading import describe as describe_file

        return describe_file(self._file(source, context), query, parameters)

    def explain(self, error: Exception) -> ETLError | None:
        """Say which value does not fit the type that the database gave its column."""
        found = _CONVERSION.search(str(error))
        if found is None:
            return None
        return DataError(
            say(
                "a value of column {number} of the query, '{value}', cannot be read as {type}. "
                "Cast the column in the query.",
                number=int(found["number"]) + 1,
                value=found["value"],
                type=found["type"],
            ),
            field="config.query",
        )

    def _source(self, context: RunContext) -> "Connection | None":
        return context.connection(self.config.connection) if self.config.connection else None

    def _file(self, source: "Connection | None", context: RunContext) -> "Path":
        from etl.connections import sqlite_path

        path = self.config.path if source is None else sqlite_path(source)
        return readable(str(path), context.data_dirs)
