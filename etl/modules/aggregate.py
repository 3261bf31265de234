"""transform.aggregate"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from etl.columns import ColumnName, require_columns, unique_names
from etl.inputs import Inputs
from etl.module import ModuleConfig, RunContext, Transformer
from etl.sql import quote

if TYPE_CHECKING:
    import duckdb

_SQL = {
    "count": "count({})",
    "count_distinct": "count(DISTINCT {})",
    "sum": "sum({})",
    "avg": "avg({})",
    "min": "min({})",
    "max": "max({})",
    "median": "median({})",
}
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "BOOLEAN"}
_INTEGERS |= {"UTINYINT", "USMALLINT", "UINTEGER"}


class Measure(ModuleConfig):
    """One number for each group."""

    name: ColumnName = Field(description="Name of the column that holds the result.")
    function: Literal["count", "count_distinct", "sum", "avg", "min", "max", "median"] = Field(
        description="How the values of a group become one."
    )
    column: ColumnName | None = Field(
        default=None, description="Column to aggregate. Only count works without: it counts rows."
    )

    @model_validator(mode="after")
    def _has_column(self) -> "Measure":
        if self.column is None and self.function != "count":
            raise ValueError(f"{self.function} needs a column. Set it")
        return self


class Aggregate(Transformer):
    """Group rows and compute one row for each group.

    Groups come in the order of their keys. Without group_by the whole input is one group.
    """

    key = "transform.aggregate"
    title = "Aggregate"
    pure = True

    class Config(ModuleConfig):
        """The settings of transform.aggregate."""

        group_by: list[ColumnName] = Field(
            default=[], description="Columns whose equal values make a group."
        )
        measures: list[Measure] = Field(min_length=1, description="What to compute for a group.")

        @model_validator(mode="after")
        def _unique(self) -> "Aggregate.Config":
            unique_names([*self.group_by, *(measure.name for measure in self.measures)])
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return one row a group; raise ConfigError for a column that the input does not have."""
        dataset = inputs["input"]
        require_columns(self.config.group_by, dataset.column_names(), field="group_by")
        measured = [m.column for m in self.config.measures if m.column is not None]
        require_columns(measured, dataset.column_names(), field="measures")
        types = {column.name.casefold(): column.type for column in dataset.columns}
        items = [quote(name) for name in self.config.group_by]
        items += [_measure(measure, types) for measure in self.config.measures]
        grouping = "GROUP BY ALL ORDER BY ALL" if self.config.group_by else ""
        return inputs.select(items, then=grouping)


def _measure(measure: Measure, types: dict[str, str]) -> str:
    column = "*" if measure.column is None else quote(measure.column)
    value = _SQL[measure.function].format(column)
    whole = measure.column is not None and types[measure.column.casefold()] in _INTEGERS
    if measure.function == "sum" and whole:
        # DuckDB sums integers in 128 bits, which few databases can store.
        value = f"CAST({value} AS BIGINT)"
    return f"{value} AS {quote(measure.name)}"
