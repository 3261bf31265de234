"""transform.sort"""

from typing import TYPE_CHECKING

from pydantic import Field

from etl.columns import ColumnName, require_columns
from etl.inputs import Inputs
from etl.module import ModuleConfig, RunContext, Transformer
from etl.sql import quote

if TYPE_CHECKING:
    import duckdb


class SortKey(ModuleConfig):
    """A column to sort by."""

    column: ColumnName = Field(description="Column to sort by.")
    descending: bool = Field(default=False, description="Largest first.")


class Sort(Transformer):
    """Sort rows, and keep only the first ones if a limit is set. Empty values come last."""

    key = "transform.sort"
    title = "Sort"
    pure = True

    class Config(ModuleConfig):
        """The settings of transform.sort."""

        by: list[SortKey] = Field(
            min_length=1, description="Columns to sort by, the most important first."
        )
        limit: int | None = Field(
            default=None, ge=1, description="Keep this many rows. Empty: all."
        )

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return the sorted rows; raise ConfigError for a column that does not exist."""
        columns = [key.column for key in self.config.by]
        require_columns(columns, inputs["input"].column_names(), field="by")
        order = ", ".join(
            f"{quote(key.column)} {'DESC' if key.descending else 'ASC'} NULLS LAST"
            for key in self.config.by
        )
        limit = f" LIMIT {self.config.limit}" if self.config.limit else ""
        return inputs.select(["*"], then=f"ORDER BY {order}{limit}")
