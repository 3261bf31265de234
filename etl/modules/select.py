"""transform.select"""

from typing import TYPE_CHECKING

from pydantic import Field, field_validator, model_validator

from etl.columns import ColumnName, NewColumnName, require_columns, unique_names
from etl.errors import ConfigError
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, RunContext, Transformer
from etl.sql import quote
from etl.sql_checks import SQLType

if TYPE_CHECKING:
    import duckdb


class Select(Transformer):
    """Keep or drop, rename and cast columns.

    All of them name the columns as the input has them. A value that does not cast stops the node.
    """

    key = "transform.select"
    title = "Select columns"
    icon = "view_week"
    keywords = "columns, rename, drop, project, keep"
    pure = True
    account = "keeps"

    class Config(ModuleConfig):
        """The settings of transform.select."""

        keep: list[ColumnName] = Field(
            default=[],
            description="Columns to keep, in the order of the output. Empty: all.",
            examples=[["order_id", "amount"]],
        )
        drop: list[ColumnName] = Field(
            default=[],
            description="Columns to leave out, instead of naming those to keep.",
            examples=[["internal_note"]],
        )
        rename: dict[ColumnName, NewColumnName] = Field(
            default={},
            description="New names of columns.",
            examples=[{"amount": "amount_eur"}],
        )
        cast: dict[ColumnName, SQLType] = Field(
            default={},
            description="SQL types to cast columns to.",
            examples=[{"amount": "DECIMAL(10, 2)"}],
        )

        @field_validator("keep", "drop")
        @classmethod
        def _unique(cls, names: list[str]) -> list[str]:
            unique_names(names)
            return names

        @model_validator(mode="after")
        def _something(self) -> "Select.Config":
            if not (self.keep or self.drop or self.rename or self.cast):
                raise ValueError(say("Set at least one of keep, drop, rename and cast"))
            if self.keep and self.drop:
                raise ValueError(say("What is not kept is dropped. Set either keep or drop"))
            kept = {name.casefold() for name in self.keep}
            dropped = {name.casefold() for name in self.drop}
            for name in [*self.rename, *self.cast]:
                if name.casefold() in dropped:
                    raise ValueError(
                        say(
                            "Column '{name}' is renamed or cast, but dropped. Remove it from drop",
                            name=name,
                        )
                    )
                if kept and name.casefold() not in kept:
                    raise ValueError(
                        say(
                            "Column '{name}' is renamed or cast, but not kept. Add it to keep",
                            name=name,
                        )
                    )
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return the chosen columns; raise ConfigError for one that the input does not have."""
        existing = inputs["input"].column_names()
        for field, names in (
            ("keep", self.config.keep),
            ("drop", self.config.drop),
            ("rename", list(self.config.rename)),
            ("cast", list(self.config.cast)),
        ):
            require_columns(names, existing, field=field)
        rename = {old.casefold(): new for old, new in self.config.rename.items()}
        cast = {name.casefold(): kind for name, kind in self.config.cast.items()}
        dropped = {name.casefold() for name in self.config.drop}
        kept = [name for name in self.config.keep or existing if name.casefold() not in dropped]
        if not kept:
            raise ConfigError(say("no column is left. Drop fewer of them."), field="config.drop")
        items = []
        for name in kept:
            key = name.casefold()
            value = f"CAST({quote(name)} AS {cast[key]}\n)" if key in cast else quote(name)
            items.append(f"{value} AS {quote(rename.get(key, name))}")
        return inputs.select(items)
