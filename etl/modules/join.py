"""transform.join"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from etl.accounting import counted
from etl.columns import ColumnName, require_columns, unused_name
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.sql import quote

_SQL = {
    "inner": "JOIN",
    "left": "LEFT JOIN",
    "right": "RIGHT JOIN",
    "full": "FULL JOIN",
    "semi": "SEMI JOIN",
    "anti": "ANTI JOIN",
}


@dataclass(frozen=True)
class _Matches:
    """How many rows there are on each side, how many find no match, and how many pairs match."""

    left: int
    right: int
    left_alone: int
    right_alone: int
    pairs: int

    def removed(self, how: str) -> int:
        """Return how many rows do not go on, or go on as a part of a left row only."""
        left_found, right_found = self.left - self.left_alone, self.right - self.right_alone
        return {
            "inner": self.left_alone + self.right,
            "left": self.right,
            "right": self.left_alone + right_found,
            "full": right_found,
            "semi": self.left_alone + self.right,
            "anti": left_found + self.right,
        }[how]

    def added(self, how: str) -> int:
        """Return how many rows are made of left rows that match more than once."""
        left_found = self.left - self.left_alone
        return 0 if how in {"semi", "anti"} else self.pairs - left_found


class Join(Transformer):
    """Join two inputs where their keys are equal.

    The output has the columns of the left input, then those of the right without its keys; a
    name that both have gets the suffix on the right. A semi join keeps the left rows that have
    a match, an anti join those that have none; both give the left columns only.

    In the account a left row that matches several times is added for each match after the first,
    and a right row that matches counts as removed, because it goes on within left rows.
    """

    key = "transform.join"
    title = "Join"
    icon = "join_inner"
    keywords = "merge, combine, match, left join, inner join"
    pure = True
    ports = ("left", "right")

    class Config(ModuleConfig):
        """The settings of transform.join."""

        how: Literal["inner", "left", "right", "full", "semi", "anti"] = Field(
            default="inner", description="Which rows without a match are kept."
        )
        left_keys: list[ColumnName] = Field(
            min_length=1,
            description="Key columns on the left.",
            json_schema_extra={"x-port": "left"},
        )
        right_keys: list[ColumnName] = Field(
            default=[],
            json_schema_extra={"x-port": "right"},
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
                    say(
                        "There are {left} left keys but {right} right keys. Name as many on "
                        "both sides",
                        left=len(self.left_keys),
                        right=len(self.right_keys),
                    )
                )
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the joined rows; raise ConfigError for a key that an input does not have."""
        left, right = inputs["left"].column_names(), inputs["right"].column_names()
        left_keys = self.config.left_keys
        right_keys = self.config.right_keys or left_keys
        require_columns(left_keys, left, field="left_keys", port=say("the left input"))
        require_columns(right_keys, right, field="right_keys", port=say("the right input"))
        condition = " AND ".join(
            f"l.{quote(a)} = r.{quote(b)}" for a, b in zip(left_keys, right_keys, strict=True)
        )
        columns = self._columns(left, right, dict(zip(left_keys, right_keys, strict=True)))
        how = self.config.how

        @cache
        def matches() -> _Matches:
            found = _matches(inputs, condition, right_keys, pairs=how not in {"semi", "anti"})
            context.logger.info(
                "%s join: %d of %d left rows and %d of %d right rows found no match, "
                "and %d rows were added by matches after the first",
                how,
                found.left_alone,
                found.left,
                found.right_alone,
                found.right,
                found.added(how),
            )
            return found

        return Result(
            inputs.select(columns, source=f'"left" AS l {_SQL[how]} "right" AS r ON {condition}'),
            removed=lambda: matches().removed(how),
            added=lambda: matches().added(how),
        )

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


def _matches(inputs: Inputs, condition: str, right_keys: list[str], *, pairs: bool) -> _Matches:
    """Count matches apart from the join itself, by the keys alone."""

    def count(item: str, source: str) -> int:
        return counted(inputs.select([item], source=source)) or 0

    rows = quote(unused_name("rows", right_keys))
    keys = ", ".join(quote(name) for name in dict.fromkeys(right_keys))
    groups = f'(SELECT {keys}, count(*) AS {rows} FROM "right" GROUP BY {keys})'  # noqa: S608
    return _Matches(
        left=inputs["left"].rows,
        right=inputs["right"].rows,
        left_alone=count("count(*)", f'"left" AS l ANTI JOIN "right" AS r ON {condition}'),
        right_alone=count("count(*)", f'"right" AS r ANTI JOIN "left" AS l ON {condition}'),
        pairs=count(f"coalesce(sum(r.{rows}), 0)", f'"left" AS l JOIN {groups} AS r ON {condition}')
        if pairs
        else 0,
    )
