"""transform.unpivot"""

from pydantic import Field, model_validator

from etl.column_types import column_of, require_one_type
from etl.columns import ColumnName, NewColumnName, require_columns, require_new, unique_names
from etl.errors import ConfigError
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.sql import INPUT, literal, quote


class Unpivot(Transformer):
    """Turn columns into rows: one row for each of them, with the column's name and its value.

    The columns must have types that go together. The rows stay in their order.
    """

    key = "transform.unpivot"
    title = "Unpivot"
    icon = "table_rows"
    keywords = "melt, columns to rows, long"
    pure = True

    class Config(ModuleConfig):
        """The settings of transform.unpivot."""

        ids: list[ColumnName] = Field(
            default=[],
            description="Columns that every row keeps. Empty: all that are not unpivoted.",
            examples=[["customer_id"]],
        )
        columns: list[ColumnName] = Field(
            default=[],
            description="Columns to turn into rows. Empty: all that are not ids.",
            examples=[["january", "february"]],
        )
        name_column: NewColumnName = Field(
            default="name", description="Column for the names of the unpivoted columns."
        )
        value_column: NewColumnName = Field(default="value", description="Column for their values.")
        keep_nulls: bool = Field(
            default=False,
            description="Make a row for an empty value, too. Otherwise it is removed.",
        )

        @model_validator(mode="after")
        def _apart(self) -> "Unpivot.Config":
            if not (self.ids or self.columns):
                raise ValueError(say("Set ids, columns or both"))
            unique_names([*self.ids, *self.columns])
            unique_names([*self.ids, self.name_column, self.value_column])
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return a row a column and row; raise ConfigError for columns that do not fit."""
        ids, names = self._columns(inputs["input"].column_names())
        types = [column_of(inputs["input"].columns, name) for name in names]
        value = self.config.value_column
        require_one_type(
            {f"'{column.name}'": column.type for column in types},
            say("column '{name}'", name=value),
            field="columns",
        )
        listed = ", ".join(literal(name) for name in names)
        values = ", ".join(quote(name) for name in names)
        items = [
            *(quote(name) for name in ids),
            f"unnest([{listed}]) AS {quote(self.config.name_column)}",
            f"unnest([{values}]) AS {quote(value)}",
        ]
        added = inputs.select([f"count(*) * {len(names) - 1}"])
        if self.config.keep_nulls:
            return Result(inputs.select(items), added=added, removed=0)
        empty = " + ".join(f"count(*) - count({quote(name)})" for name in names)
        return Result(
            inputs.select(
                ["*"],
                source=f"(SELECT {', '.join(items)} FROM {INPUT})",  # noqa: S608
                then=f"WHERE {quote(value)} IS NOT NULL",
            ),
            added=added,
            removed=inputs.select([empty]),
        )

    def _columns(self, existing: list[str]) -> tuple[list[str], list[str]]:
        """Return the ids and the columns to unpivot, as the input writes them."""
        require_columns(self.config.ids, existing, field="ids")
        require_columns(self.config.columns, existing, field="columns")
        known = {name.casefold(): name for name in existing}
        ids = [known[name.casefold()] for name in self.config.ids]
        columns = [known[name.casefold()] for name in self.config.columns]
        columns = columns or [name for name in existing if name not in ids]
        ids = ids or [name for name in existing if name not in columns]
        if not columns:
            raise ConfigError(
                say("every column is an id. Leave some to unpivot."),
                field="config.ids",
            )
        for field in ("name_column", "value_column"):
            require_new([getattr(self.config, field)], ids, field=field)
        return ids, columns
