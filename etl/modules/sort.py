"""transform.sort"""

from pydantic import Field

from etl.columns import require_columns
from etl.inputs import Inputs
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.ordering import SortKey, named, ordering


class Sort(Transformer):
    """Sort rows, and keep only the first ones if a limit is set.

    Empty values come last. With a limit, rows with equal keys are told apart by their other
    columns, so that the same input always gives the same rows.
    """

    key = "transform.sort"
    title = "Sort"
    icon = "sort"
    keywords = "order by, rank, arrange"
    pure = True
    account = "removes"

    class Config(ModuleConfig):
        """The settings of transform.sort."""

        by: list[SortKey] = Field(
            min_length=1, description="Columns to sort by, the most important first."
        )
        limit: int | None = Field(
            default=None, ge=1, description="Keep this many rows. Empty: all."
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the sorted rows; raise ConfigError for a column that does not exist."""
        existing = inputs["input"].column_names()
        require_columns(named(self.config.by), existing, field="by")
        limit = self.config.limit
        if limit is None:
            rows = inputs.select(["*"], then=f"ORDER BY {ordering(self.config.by)}")
            return Result(rows, removed=0)
        # Which of the rows with equal keys are kept must not change from one try to the next.
        order = ordering(self.config.by, ties=existing)
        return Result(
            inputs.select(["*"], then=f"ORDER BY {order} LIMIT {limit}"),
            removed=inputs.select([f"greatest(count(*) - {limit}, 0)"]),
        )
