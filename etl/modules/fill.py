"""transform.fill"""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from etl.column_types import Constant, column_of, constant, is_number, is_time
from etl.columns import ColumnName, require_columns, unique_names
from etl.dataset import Column
from etl.errors import ConfigError
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.ordering import SortKey, named, ordering, partition
from etl.sql import INPUT, quote

_MEANS = {"mean": "avg", "median": "median"}
_NEIGHBOURS = {
    "previous": "last_value({} IGNORE NULLS) OVER ({} ROWS BETWEEN UNBOUNDED PRECEDING AND "
    "CURRENT ROW)",
    "next": "first_value({} IGNORE NULLS) OVER ({} ROWS BETWEEN CURRENT ROW AND "
    "UNBOUNDED FOLLOWING)",
}


class FilledColumn(ModuleConfig):
    """A column, and what its empty values become."""

    column: ColumnName = Field(description="Column to fill.")
    method: Literal["constant", "previous", "next", "mean", "median", "mode"] = Field(
        default="constant",
        description="Where the value comes from: constant is `value`; previous and next are the "
        "nearest row that has one, by order_by; mean, median and mode those of the column.",
    )
    value: Constant | None = Field(
        default=None, description="The value of the method constant.", examples=[0, "unknown"]
    )

    @model_validator(mode="after")
    def _value_is_meant(self) -> "FilledColumn":
        if (self.method == "constant") != (self.value is not None):
            if self.value is None:
                raise ValueError(
                    say(
                        "The method constant takes a value and no other does; '{method}' has none. "
                        "Set one, or remove the other",
                        method=self.method,
                    )
                )
            raise ValueError(
                say(
                    "The method constant takes a value and no other does; '{method}' has one. "
                    "Set one, or remove the other",
                    method=self.method,
                )
            )
        return self


class Fill(Transformer):
    """Fill the empty values of columns.

    A column keeps its type: a mean is rounded to it. Of several values that are equally frequent
    the mode is the least. What no row has a value for stays empty. With order_by or partition_by
    the rows come in no particular order.
    """

    key = "transform.fill"
    title = "Fill"
    icon = "format_color_fill"
    keywords = "null, missing, default, coalesce, empty"
    pure = True
    account = "keeps"

    class Config(ModuleConfig):
        """The settings of transform.fill."""

        columns: list[FilledColumn] = Field(min_length=1, description="What to fill, and how.")
        partition_by: list[ColumnName] = Field(
            default=[],
            description="Columns whose equal values make a group: values come from the same group "
            "only. Empty: from the whole input.",
        )
        order_by: list[SortKey] = Field(
            default=[], description="What makes a row the previous or the next one."
        )

        @field_validator("columns")
        @classmethod
        def _unique(cls, columns: list[FilledColumn]) -> list[FilledColumn]:
            unique_names(column.column for column in columns)
            return columns

        @model_validator(mode="after")
        def _ordered(self) -> "Fill.Config":
            for column in self.columns:
                if column.method in _NEIGHBOURS and not self.order_by:
                    raise ValueError(
                        say(
                            "Without an order there is no {method} row to fill '{column}' from. "
                            "Set order_by",
                            method=column.method,
                            column=column.column,
                        )
                    )
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return all rows; raise ConfigError for a column that is missing, or cannot be filled."""
        existing = inputs["input"].column_names()
        require_columns([c.column for c in self.config.columns], existing, field="columns")
        require_columns(self.config.partition_by, existing, field="partition_by")
        require_columns(named(self.config.order_by), existing, field="order_by")
        filled = {
            column.column.casefold(): self._value(column, inputs) for column in self.config.columns
        }
        items = [
            f"coalesce({quote(name)}, {filled[name.casefold()]}) AS {quote(name)}"
            if name.casefold() in filled
            else quote(name)
            for name in existing
        ]
        return Result(inputs.select(items))

    def _value(self, filled: FilledColumn, inputs: Inputs) -> str:
        columns = inputs["input"].columns
        column = column_of(columns, filled.column)
        if filled.value is not None:
            return constant(inputs, filled.value, column, field="columns")
        if filled.method in _NEIGHBOURS:
            ties = [other.name for other in columns]
            window = f"ORDER BY {ordering(self.config.order_by, ties=ties)}"
            return _NEIGHBOURS[filled.method].format(
                quote(column.name), f"{partition(self.config.partition_by)} {window}".strip()
            )
        return self._mode(column) if filled.method == "mode" else self._mean(filled.method, column)

    def _mean(self, method: str, column: Column) -> str:
        if not (is_number(column.type) or is_time(column.type)):
            raise ConfigError(
                say(
                    "column '{name}' is {type}, of which there is no {method}. Fill it by "
                    "another method, or cast it before.",
                    name=column.name,
                    type=column.type,
                    method=method,
                ),
                field="config.columns",
            )
        value = f"{_MEANS[method]}({quote(column.name)})"
        if self.config.partition_by:
            value = f"{value} OVER ({partition(self.config.partition_by)})"
        else:
            # Unlike a window over everything, this needs no memory for the rows.
            value = f"(SELECT {value} FROM {INPUT})"  # noqa: S608
        return f"CAST({value} AS {column.type})"

    def _mode(self, column: Column) -> str:
        own = f"m.{quote(column.name)}"
        same = "".join(
            f" AND m.{quote(name)} IS NOT DISTINCT FROM {INPUT}.{quote(name)}"
            for name in self.config.partition_by
        )
        return (
            f"(SELECT {own} FROM {INPUT} AS m WHERE {own} IS NOT NULL{same} "  # noqa: S608
            f"GROUP BY {own} ORDER BY count(*) DESC, {own} LIMIT 1)"
        )
