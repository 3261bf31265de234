"""transform.split"""

import keyword
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator

from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.sql import is_deterministic
from etl.sql_checks import SQLExpression

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ValueError(
            say(
                "'{name}' cannot name an output. Use at most 63 letters, digits and "
                "underscores, and begin with a letter",
                name=name,
            )
        )
    return name


OutputName = Annotated[
    str, Field(json_schema_extra={"format": "output-name"}), AfterValidator(_check_name)
]


class Branch(ModuleConfig):
    """An output and the rows that go there."""

    name: OutputName = Field(description="Name of the output, for the edges that leave it.")
    condition: SQLExpression = Field(
        description="SQL condition over the columns of the input.", examples=["amount > 1000"]
    )


class Split(Transformer):
    """Send each row to the first of several outputs whose condition holds.

    Rows for which none holds go to the output `rest`, or are dropped on purpose if that is empty.
    """

    key = "transform.split"
    title = "Split"
    icon = "call_split"
    keywords = "branch, route, case, if, switch"
    pure = True
    account = "removes"

    class Config(ModuleConfig):
        """The settings of transform.split."""

        branches: list[Branch] = Field(
            min_length=1, description="The outputs, in the order in which they are tried."
        )
        rest: OutputName | None = Field(
            default=None,
            description="Name of the output for rows that go nowhere else. Empty: drop them.",
            examples=["others"],
        )

        @field_validator("branches")
        @classmethod
        def _deterministic(cls, branches: list[Branch]) -> list[Branch]:
            names = [branch.name.casefold() for branch in branches]
            if len(set(names)) < len(names):
                raise ValueError(say("Two outputs have the same name. Rename one of them"))
            for branch in branches:
                if not is_deterministic(branch.condition):
                    raise ValueError(
                        say(
                            "The condition of '{name}' is another at each look, so a row could "
                            "go to two outputs, or to none. Derive a column with it first",
                            name=branch.name,
                        )
                    )
            return branches

    config: Config

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the branches, then that of the rest."""
        branches = config.get("branches")
        named = [b.get("name") for b in branches if isinstance(b, Mapping)] if branches else []
        return tuple(name for name in [*named, config.get("rest")] if isinstance(name, str))

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the rows of each output, in their order."""
        outputs = {}
        before: list[str] = []
        for branch in self.config.branches:
            own = f"(\n{branch.condition}\n)"
            where = " AND ".join([*(f"{condition} IS NOT TRUE" for condition in before), own])
            outputs[branch.name] = inputs.select(["*"], then=f"WHERE {where}")
            before.append(own)
        nowhere = " AND ".join(f"{condition} IS NOT TRUE" for condition in before)
        if self.config.rest is not None:
            outputs[self.config.rest] = inputs.select(["*"], then=f"WHERE {nowhere}")
            return Result(outputs)
        return Result(outputs, removed=inputs.select(["count(*)"], then=f"WHERE {nowhere}"))
