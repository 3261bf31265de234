"""transform.pivot"""

from typing import Literal

from pydantic import Field, model_validator

from etl.aggregates import Function, aggregate
from etl.column_types import Constant, column_of, constant
from etl.columns import ColumnName, NewColumnName, require_columns, unique_names
from etl.errors import DataError
from etl.inputs import Inputs
from etl.messages import Message, join, say
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.sql import quote

_SHOWN = 3


class Pivot(Transformer):
    """Turn the values of a column into columns, with one row for each group of `rows`.

    The values are listed, so that the columns of the output are known before any data is. Rows
    come in the order of their groups. A column is empty where a group has no row for it; counts
    are 0 there.
    """

    key = "transform.pivot"
    title = "Pivot"
    icon = "pivot_table_chart"
    keywords = "crosstab, rows to columns, wide"
    pure = True

    class Config(ModuleConfig):
        """The settings of transform.pivot."""

        rows: list[ColumnName] = Field(
            default=[],
            title="Columns of a row",
            description="Columns whose equal values make a row of the output. Empty: one row.",
            examples=[["customer_id"]],
        )
        column: ColumnName = Field(
            description="Column whose values become columns.", examples=["month"]
        )
        values: list[Constant] = Field(
            min_length=1,
            description="The values that become columns, in this order.",
            examples=[["january", "february"]],
        )
        prefix: str = Field(
            default="", max_length=100, description="Put before each value to name its column."
        )
        function: Function = Field(
            default="sum", description="How the values of a group become one."
        )
        value: ColumnName | None = Field(
            default=None,
            description="Column to aggregate. Only count works without: it counts rows.",
            examples=["amount"],
        )
        unlisted: Literal["error", "ignore", "other"] = Field(
            default="error",
            description="What to do with rows whose value is not listed, or empty: error stops the "
            "node, ignore leaves them out of the sums, other gives them a column of their own.",
        )
        other: NewColumnName = Field(default="other", description="Name of the column for these.")

        @model_validator(mode="after")
        def _named(self) -> "Pivot.Config":
            if self.value is None and self.function != "count":
                raise ValueError(
                    say("{function} needs a column to aggregate. Set value", function=self.function)
                )
            if "" in self.names:
                raise ValueError(say("An empty value gives no name for its column. Set a prefix"))
            other = [self.other] if self.unlisted == "other" else []
            unique_names([*self.rows, *self.names, *other])
            return self

        @property
        def names(self) -> list[str]:
            """The columns that the values become."""
            texts = [str(v).lower() if isinstance(v, bool) else str(v) for v in self.values]
            return [f"{self.prefix}{text}" for text in texts]

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return a row a group; raise DataError for values that have no column, if so told."""
        config = self.config
        dataset = inputs["input"]
        existing = dataset.column_names()
        require_columns(config.rows, existing, field="rows")
        require_columns([config.column], existing, field="column")
        require_columns([config.value] if config.value else [], existing, field="value")
        column = column_of(dataset.columns, config.column)
        values = [constant(inputs, value, column, field="values") for value in config.values]
        name = quote(column.name)
        unlisted = f"({name} IS NULL OR {name} NOT IN ({', '.join(values)}))"
        if config.unlisted == "error":
            _refuse(inputs, name, unlisted)
        conditions = {n: f"{name} = {v}" for n, v in zip(config.names, values, strict=True)}
        if config.unlisted == "other":
            conditions[config.other] = unlisted
        kind = column_of(dataset.columns, config.value).type if config.value else None
        items = [quote(row) for row in config.rows]
        for title, condition in conditions.items():
            clause = f"FILTER (WHERE {condition})"
            value = aggregate(config.function, config.value, kind, clause=clause)
            items.append(f"{value} AS {quote(title)}")
        rows = ", ".join(quote(row) for row in config.rows)
        grouping = f"GROUP BY {rows} ORDER BY {rows}" if rows else ""
        return Result(inputs.select(items, then=grouping))


def _refuse(inputs: Inputs, column: str, unlisted: str) -> None:
    """Raise DataError if there are rows whose value is not listed."""
    found = inputs.select(
        [f"left(CAST({column} AS VARCHAR), 100)", "count(*)"],
        then=f"WHERE {unlisted} GROUP BY {column} ORDER BY count(*) DESC, {column}",
    ).fetchmany(_SHOWN + 1)
    if not found:
        return
    values = join((_shown(value, rows) for value, rows in found[:_SHOWN]), ", ")
    if len(found) > _SHOWN:
        values = say("{values} and others", values=values)
    raise DataError(
        say(
            "column {column} has values that are not listed: {values}. Add them to "
            "values, or set unlisted to ignore or other.",
            column=column,
            values=values,
        ),
        field="config.values",
    )


def _shown(value: str | None, rows: int) -> Message:
    if value is None:
        return say("empty ({rows} rows)", rows=rows)
    return say("'{value}' ({rows} rows)", value=value, rows=rows)
