"""transform.join"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from etl.columns import ColumnName, require_columns
from etl.inputs import Inputs
from etl.module import ModuleConfig, RunContext, Transformer
from etl.sql import quote

if TYPE_CHECKING:
    import duckdb

_SQL = {
    "inner": "JOIN",
    "left": "LEFT JOIN",
    "right": "RIGHT JOIN",
    "full": "FULL JOIN",
    "semi": "SEMI JOIN",
    "anti": "ANTI JOIN",
}


class Join(Transformer):
    """Join two inputs where their keys are equal.

    The output has the columns of the left input, then those of the right without its keys; a
    name that both have gets the suffix on the right. A semi join keeps the left rows that have
    a match, an anti join those that have none; both give the left columns only.
    """

    key = "transform.join"
    title = "Join"
    pure = True
    ports = ("left", "right")

    class Config(ModuleConfig):
        """The settings of transform.join."""

        how: Literal["inner", "left", "right", "full", "semi", "anti"] = Field(
            default="inner", description="Which rows without a match are kept."
        )
        left_keys: list[ColumnName] = Field(min_length=1, description="Key columns on the left.")
        right_keys: list[ColumnName] = Field(
            default=[],
            description="Key columns on the right, in the same order. Empty: named as the left.",
        )
        suffix: str = Field(
            default="_right",
            min_length=1,
            max_length=50,
            description="Added to the name of a right column that the left input has, too.",
        )

        @model_validator(mode="after")
        def _same_length(self) -> "Join.Config":
            if self.right_keys and len(self.right_keys) != len(self.left_keys):
                raise ValueError(
                    f"There are {len(self.left_keys)} left keys but {len(self.right_keys)} right "
                    "keys. Name as many on both sides"
                )
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> "duckdb.DuckDBPyRelation":
        """Return the joined rows; raise ConfigError for a key that an input does not have."""
        left, right = inputs["left"].column_names(), inputs["right"].column_names()
        left_keys = self.config.left_keys
        right_keys = self.config.right_keys or left_keys
        require_columns(left_keys, left, field="left_keys", port="left input")
        require_columns(right_keys, right, field="right_keys", port="right input")
        condition = " AND ".join(
            f"l.{quote(a)} = r.{quote(b)}" for a, b in zip(left_keys, right_keys, strict=True)
        )
        columns = self._columns(left, right, dict(zip(left_keys, right_keys, strict=True)))
        joined = f'"left" AS l {_SQL[self.config.how]} "right" AS r ON {condition}'
        return inputs.select(columns, source=joined)

    def _columns(self, left: list[str], right: list[str], keys: dict[str, str]) -> list[str]:
        if self.config.how in {"semi", "anti"}:
            return ["l.*"]
        partner = {a.casefold(): b for a, b in keys.items()}
        used = {b.casefold() for b in keys.values()}
        items = []
        for name in left:
            if name.casefold() in partner and self.config.how in {"right", "full"}:
                # A row that only the right side has keeps its key.
                other = f"r.{quote(partner[name.casefold()])}"
                items.append(f"coalesce(l.{quote(name)}, {other}) AS {quote(name)}")
            else:
                items.append(f"l.{quote(name)}")
        taken = {name.casefold() for name in left}
        for name in right:
            if name.casefold() not in used:
                alias = name + self.config.suffix if name.casefold() in taken else name
                items.append(f"r.{quote(name)} AS {quote(alias)}")
        return items
