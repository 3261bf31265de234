"""extract.sql"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from etl.inputs import Inputs
from etl.module import ConnectionId, Extractor, ModuleConfig, RunContext

if TYPE_CHECKING:
    import pyarrow as pa

Scalar = str | int | float | bool | None


class ExtractSQL(Extractor):
    """Read the rows of a query from PostgreSQL.

    Rows are streamed, and the transaction is read-only. Give values as parameters, written
    `%(name)s` in the query: they never become SQL, as a template within the query would. With
    parameters a literal percent sign is `%%`.
    Numbers of unlimited precision become floating point: cast them to numeric(p, s) in the
    query to keep their digits.
    """

    key = "extract.sql"
    title = "PostgreSQL query"

    class Config(ModuleConfig):
        """The settings of extract.sql."""

        connection: ConnectionId = Field(
            description="Connection to read from.",
            json_schema_extra={"format": "connection"},
            examples=["warehouse"],
        )
        query: str = Field(
            min_length=1,
            description="One SELECT statement, in PostgreSQL's SQL.",
            json_schema_extra={"format": "sql"},
            examples=["SELECT * FROM orders WHERE ordered_at >= %(since)s"],
        )
        parameters: dict[str, Scalar] = Field(
            default={},
            description="Values of the parameters in the query.",
            examples=[{"since": "{{ ds }}"}],
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "Iterator[pa.RecordBatch]":
        """Yield the rows as Arrow batches, at least one; raise what the server refuses."""
        from etl.postgres.reading import read_batches

        return read_batches(
            context.connection(self.config.connection), self.config.query, self.config.parameters
        )
