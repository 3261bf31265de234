"""transform.aggregate"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from etl.aggregates import Function, aggregate
from etl.column_types import column_of
from etl.columns import ColumnName, NewColumnName, require_columns, unique_names
from etl.dataset import Column
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, RunContext, Transformer
from etl.ordering import SortKey, named, ordering
from etl.sql import INPUT, literal, quote
from etl.sql_checks import SQLExpression

if TYPE_CHECKING:
    import duckdb

_ORDERED = {"first", "last", "list", "string_agg"}


class Measure(ModuleConfig):
    """One value for each group."""

    name: NewColumnName = Field(description="Name of the column that holds the result.")
    function: Function | Literal["quantile", "first", "last", "list", "string_agg"] = Field(
        description="How the values of a group become one. stddev and variance are those of a "
        "sample; string_agg leaves out empty values."
    )
    column: ColumnName | None = Field(
        default=None, description="Column to aggregate. Only count works without: it counts rows."
    )
    order_by: list[SortKey] = Field(
        default=[],
        description="Order of the values for first, last, list and string_agg. Equal ones, and "
        "those without an order, go by their value. Rows whose order is empty lose to others.",
    )
    fraction: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Which quantile: 0.9 is above nine tenths.",
        examples=[0.9],
    )
    separator: str = Field(
        default=", ", max_length=50, description="What string_agg puts between values."
    )

    @model_validator(mode="after")
    def _has_column(self) -> "Measure":
        if self.column is None and self.function != "count":
            raise ValueError(say("{function} needs a column. Set it", function=self.function))
        if self.function in {"first", "last"} and not self.order_by:
            raise ValueError(say("{function} needs an order. Set order_by", function=self.function))
        if self.order_by and self.function not in _ORDERED:
            raise ValueError(
                say("{function} has no order. Remove order_by", function=self.function)
            )
        return self


class Aggregate(Transformer):
    """Group rows and compute one row for each group.

    Groups come in the order of their keys. Without group_by the whole input is one group.
    """

    key = "transform.aggregate"
    title = "Aggregate"
    icon = "functions"
    keywords = "group by, sum, count, average, total, summarise"
    pure = True

    class Config(ModuleConfig):
        """The settings of transform.aggregate."""

        group_by: list[ColumnName] = Field(
            default=[], description="Columns whose equal values make a group."
        )
        measures: list[Measure] = Field(min_length=1, description="What to compute for a group.")
        having: SQLExpression | None = Field(
            default=None,
            description="SQL condition over the columns of the output. Groups for which it is "
            "false or unknown are dropped.",
            examples=["total > 100"],
        )

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
        orders = [name for m in self.config.measures for name in named(m.order_by)]
        require_columns([*measured, *orders], dataset.column_names(), field="measures")
        items = [quote(name) for name in self.config.group_by]
        items += [
            f"{_measure(measure, dataset.columns)} AS {quote(measure.name)}"
            for measure in self.config.measures
        ]
        grouping = "GROUP BY ALL" if self.config.group_by else ""
        order = "ORDER BY ALL" if self.config.group_by else ""
        if self.config.having is None:
            return inputs.select(items, then=f"{grouping} {order}")
        groups = f"(SELECT {', '.join(items)} FROM {INPUT} {grouping})"  # noqa: S608
        having = f"WHERE (\n{self.config.having}\n) {order}"
        return inputs.select(["*"], source=groups, then=having)


def _measure(measure: Measure, columns: tuple[Column, ...]) -> str:
    if measure.column is None:
        return aggregate(measure.function, None, None)
    name = quote(measure.column)
    if measure.function == "quantile":
        return f"quantile_cont({name}, {measure.fraction!r})"
    if measure.function not in _ORDERED:
        return aggregate(measure.function, measure.column, column_of(columns, measure.column).type)
    last = measure.function == "last"
    order = ordering(measure.order_by, ties=[measure.column], reverse=last)
    if measure.function == "string_agg":
        return f"string_agg(CAST({name} AS VARCHAR), {literal(measure.separator)} ORDER BY {order})"
    # The last one is the first from behind, where empty values come last again.
    return f"{'first' if last else measure.function}({name} ORDER BY {order})"
