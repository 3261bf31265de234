"""transform.derive"""

from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from etl.columns import NewColumnName, unique_names
from etl.inputs import Inputs
from etl.module import ModuleConfig, RunContext, Transformer
from etl.sql import quote
from etl.sql_checks import SQLExpression

if TYPE_CHECKING:
    import duckdb


class DerivedColumn(ModuleConfig):
    """A column computed from the columns of the input."""

    name: NewColumnName = Field(description="Name of the new column, or of the one to replace.")
    expression: SQLExpression = Field(
        description="SQL expression over the columns of the input.", examples=["price * quantity"]
    )


class Derive(Transformer):
    """Add columns computed by SQL expressions, or replace columns by them.

    Every expression sees the columns of the input, not the other derived ones.
    """

    key = "transform.derive"
    title = "Derive columns"
    icon = "function"
    keywords = "compute, calculate, formula, add column, expression"
    pure = True
    account = "keeps"

    class Config(ModuleConfig):
        """The settings of transform.derive."""

        columns: list[DerivedColumn] = Field(
            min_length=1, description="The columns to compute, in the order they are added."
        )

        @field_validator("columns")
        @classmethod
        def _unique(cls, columns: list[DerivedColumn]) -> list[DerivedColumn]:
            unique_names(column.name for column in columns)
            return columns

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return the input with the derived columns; replaced ones keep their place."""
        existing = {name.casefold() for name in inputs["input"].column_names()}
        replaced: list[str] = []
        added: list[str] = []
        for column in self.config.columns:
            item = f"(\n{column.expression}\n) AS {quote(column.name)}"
            (replaced if column.name.casefold() in existing else added).append(item)
        star = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
        return inputs.select([star, *added])
