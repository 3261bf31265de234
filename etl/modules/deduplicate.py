"""transform.deduplicate"""

from typing import Literal

from pydantic import Field, model_validator

from etl.accounting import repeated
from etl.columns import ColumnName, require_columns, unique_names
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.ordering import SortKey, named, ordering, partition


class Deduplicate(Transformer):
    """Keep one row of those that are the same, in key columns or as a whole.

    Empty values are the same as each other. Rows with equal `order_by` are told apart by their
    other columns, so that the same input always gives the same rows. They come in no particular
    order.
    """

    key = "transform.deduplicate"
    title = "Deduplicate"
    icon = "filter_none"
    keywords = "dedupe, distinct, unique, duplicates"
    pure = True
    account = "removes"

    class Config(ModuleConfig):
        """The settings of transform.deduplicate."""

        keys: list[ColumnName] = Field(
            default=[],
            description="Columns whose equal values make duplicates. Empty: all columns.",
            examples=[["customer_id"]],
        )
        order_by: list[SortKey] = Field(
            default=[],
            description="What says which of the duplicates comes first.",
            examples=[[{"column": "updated_at"}]],
        )
        keep: Literal["first", "last"] = Field(
            default="first",
            title="Which one to keep",
            description="Which of the duplicates is kept. A row whose order_by is empty is kept "
            "only where there is no other.",
        )

        @model_validator(mode="after")
        def _order_has_keys(self) -> "Deduplicate.Config":
            unique_names(self.keys)
            if not self.keys and (self.order_by or self.keep == "last"):
                raise ValueError(
                    say(
                        "Rows that are the same as a whole have no order. Set keys, or remove "
                        "order_by and keep"
                    )
                )
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return one row a key; raise ConfigError for a column that the input does not have."""
        existing = inputs["input"].column_names()
        require_columns(self.config.keys, existing, field="keys")
        require_columns(named(self.config.order_by), existing, field="order_by")
        if self.config.keys:
            order = ordering(
                self.config.order_by, ties=existing, reverse=self.config.keep == "last"
            )
            first = f"row_number() OVER ({partition(self.config.keys)} ORDER BY {order}) = 1"
            kept = inputs.select(["*"], then=f"QUALIFY {first}")
        else:
            kept = inputs.select(["DISTINCT *"])
        return Result(kept, removed=repeated(inputs, self.config.keys or existing))
