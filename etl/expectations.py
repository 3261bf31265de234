"""What transform.quality can expect of rows, and the SQL that finds those that break it."""

import re
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation, localcontext
from typing import Literal

from pydantic import Field, model_validator

from etl.column_types import FLOATS, Constant, column_of, constant, scale_of
from etl.columns import ColumnName, require_columns
from etl.dataset import Column
from etl.errors import ConfigError
from etl.inputs import Inputs
from etl.messages import say
from etl.module import ModuleConfig
from etl.sql import INPUT, is_deterministic, literal, quote
from etl.sql_checks import SQLExpression

_AGE = re.compile(r"(\d{1,6})\s*(minute|hour|day|week)s?")
_FIELD = "expectations"

# What each kind needs, and what it may have besides.
_SETTINGS: dict[str, tuple[set[str], set[str]]] = {
    "not_null": ({"columns"}, set()),
    "unique": ({"columns"}, set()),
    "range": ({"columns"}, {"min", "max"}),
    "set": ({"columns", "values"}, set()),
    "pattern": ({"columns", "pattern"}, set()),
    "expression": ({"condition"}, set()),
    "row_count": (set(), {"min", "max"}),
    "freshness": ({"columns", "max_age"}, set()),
}
_ALL_SETTINGS = {"columns", "min", "max", "values", "pattern", "condition", "max_age"}
WHOLE = {"row_count", "freshness"}


class Expectation(ModuleConfig):
    """Something that should hold, and what to do if it does not."""

    expect: Literal[
        "not_null", "unique", "range", "set", "pattern", "expression", "row_count", "freshness"
    ] = Field(
        description="not_null, range, set and pattern look at each of columns; unique at their "
        "values together; expression at a condition; row_count at the number of all rows; "
        "freshness at the newest value of each of columns. An empty value breaks not_null only.",
    )
    action: Literal["fail", "quarantine", "warn"] = Field(
        default="fail",
        description="fail stops the node; quarantine sets the rows aside, up to max_rejected; warn "
        "lets them go on and says so.",
    )
    name: str = Field(
        default="", max_length=100, description="What reports call it. Empty: made from the rest."
    )
    columns: list[ColumnName] = Field(default=[], description="The columns to look at.")
    min: Constant | None = Field(default=None, description="Least value, or number of rows.")
    max: Constant | None = Field(default=None, description="Greatest value, or number of rows.")
    values: list[Constant] = Field(
        default=[], description="The values of a set.", examples=[["paid", "open"]]
    )
    pattern: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="Regular expression (RE2) for the whole value of pattern.",
        examples=["[A-Z]{2}-[0-9]+"],
    )
    condition: SQLExpression | None = Field(
        default=None,
        description="SQL condition of expression. Rows for which it is false break it.",
        examples=["shipped_at >= ordered_at"],
    )
    max_age: str | None = Field(
        default=None,
        description="How old the newest value may be for freshness. Times without a zone are UTC.",
        examples=["90 minutes", "24 hours", "7 days"],
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Expectation":
        needed, possible = _SETTINGS[self.expect]
        given = {name for name in _ALL_SETTINGS if getattr(self, name) not in (None, [])}
        for name in sorted(needed - given):
            raise ValueError(say("{expect} needs {name}. Set it", expect=self.expect, name=name))
        for name in sorted(given - needed - possible):
            raise ValueError(
                say("{expect} takes no {name}. Remove it", expect=self.expect, name=name)
            )
        if possible and not given & possible:
            raise ValueError(say("{expect} needs min, max or both. Set one", expect=self.expect))
        if self.expect in WHOLE and self.action == "quarantine":
            raise ValueError(
                say(
                    "{expect} is about the whole, of which no row can be set aside. Set action "
                    "to fail or warn",
                    expect=self.expect,
                )
            )
        self._check_values()
        return self

    def _check_values(self) -> None:
        if self.max_age is not None and not _AGE.fullmatch(self.max_age.strip()):
            raise ValueError(
                say(
                    "'{max_age}' is no age. Write minutes, hours, days or weeks, such as '24 "
                    "hours'",
                    max_age=self.max_age,
                )
            )
        if self.condition is not None and not is_deterministic(self.condition):
            raise ValueError(
                say("The condition is another at each look. Derive a column with it first")
            )
        if self.expect == "row_count":
            for value in (self.min, self.max):
                if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                    raise ValueError(
                        say(
                            "{value} is no number of rows. Write one such as 1000",
                            value=repr(value),
                        )
                    )

    @property
    def title(self) -> str:
        """What reports call it."""
        about = " ".join((self.condition or ", ".join(self.columns)).split())
        return self.name or f"{self.expect} {about}".strip()[:100]

    @property
    def age(self) -> timedelta:
        """How old the newest value may be."""
        match = _AGE.fullmatch((self.max_age or "").strip())
        assert match is not None
        return timedelta(**{f"{match[2]}s": int(match[1])})


def broken(expectation: Expectation, inputs: Inputs) -> list[tuple[str, str]]:
    """Return (columns, SQL condition that is never NULL) for what breaks an expectation of rows.

    Raise ConfigError for a column that is not there, or a value that does not fit it.
    """
    columns = inputs["input"].columns
    require_columns(expectation.columns, [column.name for column in columns], field=_FIELD)
    named = [column_of(columns, name) for name in expectation.columns]
    match expectation.expect:
        case "expression":
            condition = f"CAST((\n{expectation.condition}\n) AS BOOLEAN) IS FALSE"
            return [("", f"({condition})")]
        case "unique":
            return [(", ".join(column.name for column in named), _repeated(named))]
        case "not_null":
            return [(column.name, f"({quote(column.name)} IS NULL)") for column in named]
        case _:
            tests = [(column.name, _test(expectation, column, inputs)) for column in named]
            return [(name, f"coalesce({test}, false)") for name, test in tests]


def _repeated(columns: list[Column]) -> str:
    names = ", ".join(quote(column.name) for column in columns)
    known = " AND ".join(f"{quote(column.name)} IS NOT NULL" for column in columns)
    # No window: this keeps the rows in their order, and only repeated keys in memory.
    repeated = (
        f"SELECT {names} FROM {INPUT} WHERE {known} "  # noqa: S608
        f"GROUP BY {names} HAVING count(*) > 1"
    )
    return f"coalesce({known} AND ({names}) IN ({repeated}), false)"


def _test(expectation: Expectation, column: Column, inputs: Inputs) -> str:
    name = quote(column.name)
    if expectation.expect == "pattern":
        pattern = literal(expectation.pattern or "")
        _check_pattern(inputs, pattern)
        return f"NOT regexp_full_match(CAST({name} AS VARCHAR), {pattern})"
    if expectation.expect == "set":
        values = [constant(inputs, v, column, field=_FIELD) for v in expectation.values]
        return f"{name} NOT IN ({', '.join(values)})"
    tests = [f"isnan({name})"] if column.type in FLOATS else []
    if expectation.min is not None:
        tests.append(f"{name} < {_bound(inputs, expectation.min, column, ROUND_CEILING)}")
    if expectation.max is not None:
        tests.append(f"{name} > {_bound(inputs, expectation.max, column, ROUND_FLOOR)}")
    return f"({' OR '.join(tests)})"


def _check_pattern(inputs: Inputs, pattern: str) -> None:
    import duckdb

    try:
        inputs.query(f"SELECT regexp_full_match('', {pattern})").fetchone()
    except duckdb.Error as exc:
        raise ConfigError(
            say(
                "the pattern {pattern} cannot be read: {reason}. Correct it, in the syntax of RE2.",
                pattern=pattern,
                reason=exc,
            ),
            field=f"config.{_FIELD}",
        ) from None


def _bound(inputs: Inputs, value: Constant, column: Column, rounding: str) -> str:
    scale = scale_of(column.type)
    if scale is None or isinstance(value, bool):
        return constant(inputs, value, column, field=_FIELD)
    try:
        with localcontext(prec=100):
            # Rounded inwards the bound has the column's own type, which nothing need be cast to.
            bound = Decimal(str(value)).quantize(Decimal(1).scaleb(-scale), rounding)
    except InvalidOperation:
        bound = None
    if bound is None or not bound.is_finite():
        raise ConfigError(
            say(
                "'{value}' is no {type}, which is the type of column '{name}'. Correct the value.",
                value=value,
                type=column.type,
                name=column.name,
            ),
            field=f"config.{_FIELD}",
        )
    return f"({bound:f})"
