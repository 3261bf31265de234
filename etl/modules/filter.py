"""transform.filter"""

from pydantic import Field

from etl.inputs import Inputs
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.sql import is_deterministic
from etl.sql_checks import SQLExpression


class Filter(Transformer):
    """Keep the rows for which a SQL condition holds."""

    key = "transform.filter"
    title = "Filter"
    icon = "filter_alt"
    keywords = "where, condition, keep, remove rows"
    pure = True
    account = "removes"

    class Config(ModuleConfig):
        """The settings of transform.filter."""

        condition: SQLExpression = Field(
            description="SQL condition over the columns of the input. Rows for which it is "
            "false or unknown are dropped.",
            examples=["amount > 0 AND status = 'paid'"],
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the rows that satisfy the condition, in their order."""
        condition = f"(\n{self.config.condition}\n)"
        kept = inputs.select(["*"], then=f"WHERE {condition}")
        if not is_deterministic(self.config.condition):
            # Counting would draw anew.
            return Result(kept)
        return Result(
            kept, removed=inputs.select(["count(*)"], then=f"WHERE {condition} IS NOT TRUE")
        )
