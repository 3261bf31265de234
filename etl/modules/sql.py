"""transform.sql"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from etl.errors import ConfigError
from etl.inputs import Inputs
from etl.messages import Message, say
from etl.module import ModuleConfig, RunContext, Transformer
from etl.sql import INPUT, SQLRefusedError
from etl.sql_checks import SQLQuery, check_query

if TYPE_CHECKING:
    import duckdb


class SQL(Transformer):
    """Run one SELECT over any number of inputs.

    Each input is a table named after the port of its edge, which is the id of the node that
    feeds it unless the edge says otherwise. An only input is also the table `input`. The SQL is
    DuckDB's, and reaches nothing but these tables: no file, network or setting.
    """

    key = "transform.sql"
    title = "SQL"
    icon = "code"
    keywords = "query, duckdb, custom"
    pure = True
    ports = ()
    variadic = True

    class Config(ModuleConfig):
        """The settings of transform.sql."""

        query: SQLQuery = Field(
            description="One SELECT statement.",
            examples=["SELECT status, sum(amount) AS total FROM input GROUP BY status"],
        )

    config: Config

    @classmethod
    def problems(cls, config: ModuleConfig, inputs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the table that the query reads although no input has its name."""
        if isinstance(config, cls.Config):
            try:
                check_query(config.query, tables=_tables(inputs))
            except SQLRefusedError as exc:
                yield "query", _sentence(exc)

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return the result; raise ConfigError if the query reads anything but the inputs."""
        try:
            check_query(self.config.query, tables=_tables(inputs))
        except SQLRefusedError as exc:
            raise ConfigError(_sentence(exc), field="config.query") from None
        return inputs.query(self.config.query)


def _sentence(error: SQLRefusedError) -> Message:
    # The text of an exception is a plain string: what it was raised with is still a message.
    return say("{problem}.", problem=error.args[0])


def _tables(inputs: Mapping[str, object]) -> list[str]:
    return [*inputs, INPUT] if len(inputs) == 1 else [*inputs]
