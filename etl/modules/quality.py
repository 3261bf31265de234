"""transform.quality"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from etl.column_types import column_of, is_time
from etl.columns import require_columns
from etl.errors import ConfigError, DataError
from etl.expectations import WHOLE, Expectation, broken
from etl.inputs import Inputs
from etl.messages import Message, join, say
from etl.module import Result, RunContext, Transformer
from etl.quarantine import QuarantineConfig, faulty_rows, record_json
from etl.sql import INPUT, literal, quote

if TYPE_CHECKING:
    import duckdb

_SHOWN = 3

# An expectation of rows, with what breaks it: (columns, SQL condition).
_Rule = tuple[Expectation, list[tuple[str, str]]]


class Quality(Transformer):
    """Check expectations of the rows, and warn, set rows aside or fail where they do not hold.

    Each expectation looks at the whole input. A row that several would set aside counts for the
    first of them. Of rows that are not unique all are set aside, since which one is right is not
    known. The rows that go on stay in their order.
    """

    key = "transform.quality"
    title = "Check quality"
    icon = "verified"
    keywords = "check, test, assert, validate, expectation"
    pure = True
    account = "keeps"

    class Config(QuarantineConfig):
        """The settings of transform.quality."""

        expectations: list[Expectation] = Field(
            min_length=1,
            description="What should hold.",
            examples=[
                [
                    {"expect": "not_null", "columns": ["order_id"]},
                    {"expect": "range", "columns": ["amount"], "min": 0, "action": "quarantine"},
                ]
            ],
        )

        @field_validator("expectations")
        @classmethod
        def _unique(cls, expectations: list[Expectation]) -> list[Expectation]:
            titles = [expectation.title for expectation in expectations]
            for title in titles:
                if titles.count(title) > 1:
                    raise ValueError(
                        say("Two expectations are called '{title}'. Name them apart", title=title)
                    )
            return expectations

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the rows that no expectation sets aside; raise ConfigError for one that errs."""
        rules = [(e, broken(e, inputs)) for e in self.config.expectations if e.expect not in WHOLE]
        ages = [e for e in self.config.expectations if e.expect == "freshness"]
        for expectation in ages:
            _require_times(expectation, inputs)
        aside = [rule for rule in rules if rule[0].action == "quarantine"]
        faulty = " OR ".join(test for _, tests in aside for _, test in tests)
        return Result(
            inputs.select(["*"], then=f"WHERE NOT ({faulty})" if aside else ""),
            rejected=(lambda: _rejected(inputs, aside)) if aside else None,
            warnings=lambda: self._check(inputs, rules),
        )

    def _check(self, inputs: Inputs, rules: list[_Rule]) -> list[str]:
        """Return what to warn of; raise DataError for what must not be."""
        found = [*_of_rows(inputs, [rule for rule in rules if rule[0].action != "quarantine"])]
        for expectation in self.config.expectations:
            if expectation.expect == "row_count":
                found += [(expectation, text) for text in _of_count(expectation, inputs)]
            elif expectation.expect == "freshness":
                found += [(expectation, text) for text in _of_age(expectation, inputs)]
        failed = [text for expectation, text in found if expectation.action == "fail"]
        if failed:
            raise DataError(
                join([*failed, say("Correct the data, or the expectation or its action.")]),
                field="config.expectations",
            )
        return [text for _, text in found]


def _rejected(inputs: Inputs, rules: list[_Rule]) -> "duckdb.DuckDBPyRelation":
    cases = [(rule.title, field, test) for rule, tests in rules for field, test in tests]
    reasons = " ".join(f"WHEN {test} THEN {literal(title)}" for title, _, test in cases)
    fields = " ".join(f"WHEN {test} THEN {literal(field)}" for _, field, test in cases)
    return faulty_rows(
        inputs,
        where=" OR ".join(test for _, _, test in cases),
        reason=f"CASE {reasons} END",
        field=f"nullif(CASE {fields} END, '')",
    )


def _of_rows(inputs: Inputs, rules: list[_Rule]) -> Iterator[tuple[Expectation, Message]]:
    """Yield each expectation that rows break, with how many do, and some of them."""
    if not rules:
        return
    tests = [" OR ".join(test for _, test in tests) for _, tests in rules]
    flags = ", ".join(f"({test}) AS broken_{number}" for number, test in enumerate(tests))
    counts = inputs.select(
        ["count(*)", *(f"count(*) FILTER (WHERE broken_{n})" for n in range(len(tests)))],
        source=f"(SELECT {flags} FROM {INPUT})",  # noqa: S608
    ).fetchone()
    rows, *numbers = counts or (0,)
    record = record_json(inputs["input"].columns)
    for (expectation, _), test, number in zip(rules, tests, numbers, strict=True):
        if number:
            examples = inputs.select(
                [f"left({record}, 300)"], then=f"WHERE {test} LIMIT {_SHOWN}"
            ).fetchall()
            yield (
                expectation,
                say(
                    "{number} of {rows} rows break the expectation '{title}', such as {examples}.",
                    number=number,
                    rows=rows,
                    title=expectation.title,
                    examples=", ".join(text for (text,) in examples),
                ),
            )


def _of_count(expectation: Expectation, inputs: Inputs) -> Iterator[Message]:
    rows = inputs["input"].rows
    low, high = expectation.min, expectation.max
    if isinstance(low, int) and rows < low:
        yield say(
            "There are {rows} rows; the expectation '{title}' wants at least {low}.",
            rows=rows,
            title=expectation.title,
            low=low,
        )
    if isinstance(high, int) and rows > high:
        yield say(
            "There are {rows} rows; the expectation '{title}' wants at most {high}.",
            rows=rows,
            title=expectation.title,
            high=high,
        )


def _require_times(expectation: Expectation, inputs: Inputs) -> None:
    columns = inputs["input"].columns
    require_columns(expectation.columns, [column.name for column in columns], field="expectations")
    for name in expectation.columns:
        column = column_of(columns, name)
        if not is_time(column.type):
            raise ConfigError(
                say(
                    "column '{name}' is {type}, which has no age. Expect freshness of a date or "
                    "timestamp, or cast it before.",
                    name=column.name,
                    type=column.type,
                ),
                field="config.expectations",
            )


def _of_age(expectation: Expectation, inputs: Inputs) -> Iterator[Message]:
    now = datetime.now(UTC)
    for name in expectation.columns:
        newest = inputs.select(
            [f"epoch_us(max(CAST({quote(name)} AS TIMESTAMP)))"],
            then=f"WHERE isfinite({quote(name)})",
        ).fetchone()
        wanted = {"name": name, "title": expectation.title, "max_age": expectation.max_age}
        if newest is None or newest[0] is None:
            yield say(
                "The newest value of '{name}' is not known, for there is none; the expectation "
                "'{title}' wants {max_age} at most.",
                **wanted,
            )
            continue
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=newest[0])
        if now - at > expectation.age:
            yield say(
                "The newest value of '{name}' is of {at} UTC; the expectation '{title}' wants "
                "{max_age} at most.",
                at=f"{at:%Y-%m-%d %H:%M:%S}",
                **wanted,
            )
