"""transform.window"""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from etl.aggregates import aggregate
from etl.column_types import Constant, column_of, constant
from etl.columns import ColumnName, NewColumnName, require_columns, require_new, unique_names
from etl.dataset import Column
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig, Result, RunContext, Transformer
from etl.ordering import SortKey, named, ordering, partition
from etl.sql import quote

_RANKS = {"rank", "dense_rank", "percent_rank"}
_SHIFTS = {"lag", "lead"}
_ENDS = {"first_value", "last_value"}
_NEED_ORDER = _RANKS | _SHIFTS | _ENDS | {"row_number", "ntile"}
_WITHOUT_COLUMN = _RANKS | {"row_number", "ntile", "count"}
_AGGREGATES = {"sum", "avg", "min", "max", "count"}


class WindowFunction(ModuleConfig):
    """A new column, computed for each row from the rows of its window."""

    name: NewColumnName = Field(description="Name of the new column.", examples=["running_total"])
    function: Literal[
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "ntile",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "sum",
        "avg",
        "min",
        "max",
        "count",
    ] = Field(description="What to compute.")
    column: ColumnName | None = Field(
        default=None, description="Column to compute it from. count without one counts rows."
    )
    offset: int = Field(
        default=1,
        ge=0,
        le=2**31,
        title="Rows back or ahead",
        description="How many rows back (lag) or ahead (lead).",
    )
    default: Constant | None = Field(
        default=None, description="The value of lag and lead where there is no such row."
    )
    buckets: int = Field(
        default=4, ge=1, le=2**31, description="Into how many equal parts ntile divides the rows."
    )

    @model_validator(mode="after")
    def _has_column(self) -> "WindowFunction":
        if self.column is None and self.function not in _WITHOUT_COLUMN:
            raise ValueError(say("{function} needs a column. Set it", function=self.function))
        if self.column is not None and self.function in _WITHOUT_COLUMN - {"count"}:
            raise ValueError(say("{function} takes no column. Remove it", function=self.function))
        return self


class Frame(ModuleConfig):
    """Rows around a row: -2 is the second before it, 0 the row itself, 1 the next one."""

    start: int | None = Field(
        default=None,
        ge=-(2**31),
        le=2**31,
        title="First row",
        description="First row. Empty: the partition's first.",
    )
    end: int | None = Field(
        default=None, ge=-(2**31), le=2**31, description="Last row. Empty: the partition's last."
    )

    @model_validator(mode="after")
    def _in_order(self) -> "Frame":
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError(
                say(
                    "The frame ends ({end}) before it starts ({start})",
                    end=self.end,
                    start=self.start,
                )
            )
        return self


class Window(Transformer):
    """Add columns that look at other rows: ranks, neighbours, running totals.

    Rows with equal order_by are told apart by their other columns where their order matters, so
    that the same input always gives the same values; ranks are equal for them. Empty values come
    last. The rows come in no particular order.
    """

    key = "transform.window"
    title = "Window functions"
    icon = "data_thresholding"
    keywords = "running total, rank, lag, over, moving average"
    pure = True
    account = "keeps"

    class Config(ModuleConfig):
        """The settings of transform.window."""

        functions: list[WindowFunction] = Field(min_length=1, description="The columns to add.")
        partition_by: list[ColumnName] = Field(
            default=[],
            description="Columns whose equal values make a partition. Empty: all rows are one.",
        )
        order_by: list[SortKey] = Field(default=[], description="Order within a partition.")
        frame: Frame | None = Field(
            default=None,
            description="The rows that sum, avg, min, max, count, first_value and last_value look "
            "at. Empty: the whole partition.",
            examples=[{"end": 0}, {"start": -6, "end": 0}],
        )

        @field_validator("functions")
        @classmethod
        def _unique(cls, functions: list[WindowFunction]) -> list[WindowFunction]:
            unique_names(function.name for function in functions)
            return functions

        @model_validator(mode="after")
        def _ordered(self) -> "Window.Config":
            need = [f.function for f in self.functions if f.function in _NEED_ORDER]
            if need and not self.order_by:
                raise ValueError(
                    say("{function} needs an order of the rows. Set order_by", function=need[0])
                )
            if self.frame and not self.order_by:
                raise ValueError(say("A frame needs an order of the rows. Set order_by"))
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the rows with the new columns; raise ConfigError for one that is missing."""
        existing = inputs["input"].column_names()
        functions = self.config.functions
        require_columns([f.column for f in functions if f.column], existing, field="functions")
        require_columns(self.config.partition_by, existing, field="partition_by")
        require_columns(named(self.config.order_by), existing, field="order_by")
        require_new([f.name for f in functions], existing, field="functions")
        items = [
            f"{self._value(function, inputs)} AS {quote(function.name)}" for function in functions
        ]
        return Result(inputs.select(["*", *items]))

    def _value(self, function: WindowFunction, inputs: Inputs) -> str:
        columns = inputs["input"].columns
        over = f"OVER ({self._window(function.function, [column.name for column in columns])})"
        column = column_of(columns, function.column) if function.column else None
        if function.function in _AGGREGATES:
            return aggregate(
                function.function,
                column.name if column else None,
                column.type if column else None,
                clause=over,
            )
        return f"{function.function}({_arguments(function, column, inputs)}) {over}"

    def _window(self, function: str, existing: list[str]) -> str:
        parts = [partition(self.config.partition_by)]
        framed = function in _AGGREGATES | _ENDS
        if function in _NEED_ORDER or (framed and self.config.frame):
            ties = [] if function in _RANKS else existing
            parts.append(f"ORDER BY {ordering(self.config.order_by, ties=ties)}")
        if framed:
            frame = self.config.frame or Frame()
            start = _bound(frame.start, "UNBOUNDED PRECEDING")
            parts.append(f"ROWS BETWEEN {start} AND {_bound(frame.end, 'UNBOUNDED FOLLOWING')}")
        return " ".join(parts).strip()


def _arguments(function: WindowFunction, column: Column | None, inputs: Inputs) -> str:
    if function.function == "ntile":
        return str(function.buckets)
    if column is None:
        return ""
    if function.function not in _SHIFTS:
        return quote(column.name)
    default = "NULL"
    if function.default is not None:
        default = constant(inputs, function.default, column, field="functions")
    return f"{quote(column.name)}, {function.offset}, {default}"


def _bound(rows: int | None, unbounded: str) -> str:
    if rows is None:
        return unbounded
    if rows == 0:
        return "CURRENT ROW"
    return f"{abs(rows)} {'PRECEDING' if rows < 0 else 'FOLLOWING'}"
