"""transform.filter"""

from typing import TYPE_CHECKING

from pydantic import Field

from etl.inputs import Inputs
from etl.module import ModuleConfig, RunContext, Transformer
from etl.sql import SQLExpression

if TYPE_CHECKING:
    import duckdb


class Filter(Transformer):
    """Keep the rows for which a SQL condition holds."""

    key = "transform.filter"
    title = "Filter"

    class Config(ModuleConfig):
        """The settings of transform.filter."""

        condition: SQLExpression = Field(
            description="SQL condition over the columns of the input. Rows for which it is "
            "false or unknown are dropped.",
            examples=["amount > 0 AND status = 'paid'"],
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return the rows that satisfy the condition, in their order."""
        return inputs.select(["*"], then=f"WHERE (\n{self.config.condition}\n)")
