"""Streaming the result of a query of a SQLite file as Arrow batches, in bounded memory."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from etl.context import Bounds, Sample
from etl.databases.batches import BATCH_ROWS, batch_of
from etl.databases.bounds import condition_of
from etl.databases.patience import ANSWER_SECONDS
from etl.dataset import Column
from etl.errors import ConfigError, DataError
from etl.messages import say
from etl.sqlite.session import session

_PARAMETER = re.compile(r"%(?:%|\((?P<name>[^)]+)\)s)")
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\s*\((\d+)\s*(?:,\s*(\d+)\s*)?\)")
_DIGITS = 38


def read_batches(
    path: Path,
    query: str,
    parameters: Mapping[str, object],
    bounds: Bounds | None = None,
    sample: Sample | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one SELECT in batches of 10,000; at least one, which may be empty.

    A column has the type that it was declared with; an expression that of its first values. Rows
    outside of `bounds` are left out if they are of whole numbers: SQLite has no times, and orders
    texts in its own ways. For a `sample` nobody waits long for another process that has the file.
    """
    patience = sample.seconds / 2 if sample is not None else None
    with session(path, read_only=True, patience=patience) as opened:
        declared = _declared(opened, query, parameters)
        query = _within(query, declared, bounds)
        text, values = _bound(query, parameters)
        cursor = opened.execute(text, values)
        rows = cursor.fetchmany(BATCH_ROWS)
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(declared)
        schema = pa.schema(
            [
                (name, _arrow_type(kind) or _seen(values))
                for (name, kind), values in zip(declared, columns, strict=True)
            ]
        )
        while True:
            yield batch_of(_converted(rows, schema), schema)
            rows = cursor.fetchmany(BATCH_ROWS)
            if not rows:
                return


def _within(query: str, declared: Sequence[tuple[str, str]], bounds: Bounds | None) -> str:
    columns = [
        Column(name, "BIGINT" if _arrow_type(kind) == pa.int64() else kind)
        for name, kind in declared
    ]
    condition = condition_of(bounds, columns)
    if condition is None or columns[condition.column].type != "BIGINT":
        return query
    name = declared[condition.column][0].replace('"', '""')
    where = condition.sql(f'"{name}"')
    return f"SELECT * FROM (\n{query}\n) WHERE {where}"  # noqa: S608


def describe(path: Path, query: str, parameters: Mapping[str, object]) -> tuple[Column, ...] | None:
    """Return the columns of a query, or None if one has a type that only its values tell."""
    import duckdb

    with session(path, read_only=True, patience=ANSWER_SECONDS) as opened:
        declared = _declared(opened, query, parameters)
    types = [_arrow_type(kind) for _, kind in declared]
    if None in types:
        return None
    empty = duckdb.from_arrow(
        pa.schema([(n, t) for (n, _), t in zip(declared, types, strict=True)]).empty_table()
    )
    return tuple(Column(n, str(t)) for n, t in zip(empty.columns, empty.types, strict=True))


def _declared(
    opened: sqlite3.Connection, query: str, parameters: Mapping[str, object]
) -> list[tuple[str, str]]:
    """Return (name, declared type) of each column. A view must be one SELECT, and knows them."""

    def constant(match: re.Match[str]) -> str:
        return "NULL" if match["name"] else "%"

    text = _PARAMETER.sub(constant, query) if parameters else query
    try:
        opened.execute(f"CREATE TEMP VIEW logidata_query AS {text}")
        rows = opened.execute("SELECT name, type FROM pragma_table_info('logidata_query')")
        found = [(str(name), str(kind)) for name, kind in rows.fetchall()]
        opened.execute("DROP VIEW temp.logidata_query")
    except (sqlite3.OperationalError, sqlite3.ProgrammingError, sqlite3.Warning) as exc:
        if "locked" in str(exc):
            raise
        raise ConfigError(
            say("the query is refused: {error}. Correct it; it must be one SELECT.", error=exc),
            field="config.query",
        ) from None
    return found


def _bound(query: str, parameters: Mapping[str, object]) -> tuple[str, dict[str, Any]]:
    if not parameters:
        return query, {}
    numbers = {name: f"p{number}" for number, name in enumerate(parameters)}

    def mark(match: re.Match[str]) -> str:
        name = match["name"]
        if name is not None and name not in numbers:
            raise ConfigError(
                say(
                    "the parameters do not fit the query: '{name}' has no value. Give each "
                    "%(name)s a value, and write a literal percent sign as %%.",
                    name=name,
                ),
                field="config.parameters",
            )
        return f":{numbers[name]}" if name else "%"

    return _PARAMETER.sub(mark, query), {numbers[n]: v for n, v in parameters.items()}


def _arrow_type(declared: str) -> pa.DataType | None:
    kind = declared.upper()
    decimal = _DECIMAL.search(kind)
    if decimal and int(decimal[1]) <= _DIGITS:
        return pa.decimal128(int(decimal[1]), int(decimal[2] or 0))
    if kind.startswith("BOOL"):
        return pa.bool_()
    if kind == "DATE":
        return pa.date32()
    if kind.startswith(("TIMESTAMP", "DATETIME")):
        zoned = "TZ" in kind or "WITH TIME ZONE" in kind
        return pa.timestamp("us", tz="UTC" if zoned else None)
    for part, arrow in (
        ("INT", pa.int64()),
        ("CHAR", pa.string()),
        ("CLOB", pa.string()),
        ("TEXT", pa.string()),
        ("BLOB", pa.binary()),
        ("REAL", pa.float64()),
        ("FLOA", pa.float64()),
        ("DOUB", pa.float64()),
    ):
        # A view calls an expression of no type a BLOB, or NUM.
        if part in kind and not (kind == "BLOB" and part == "BLOB"):
            return arrow
    return None


def _seen(values: Sequence[Any]) -> pa.DataType:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return pa.int64()
    if kinds and kinds <= {int, float}:
        return pa.float64()
    return pa.binary() if kinds == {bytes} else pa.string()


def _converted(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> list[Sequence[Any]]:
    """Give texts and numbers the types that SQLite has not."""
    if not rows:
        return []
    columns = []
    for values, field in zip(zip(*rows, strict=True), schema, strict=True):
        convert = _CONVERTERS.get(field.type.id)
        try:
            columns.append([None if v is None or convert is None else convert(v) for v in values]
                           if convert else values)  # fmt: skip
        except (ValueError, TypeError, ArithmeticError):
            raise DataError(
                say(
                    "a value of column '{name}' is no {type}. Cast the column in the query.",
                    name=field.name,
                    type=field.type,
                ),
                field="config.query",
            ) from None
    return list(zip(*columns, strict=True))


def _flag(value: Any) -> bool:
    if value not in (0, 1):
        raise ValueError(value)
    return bool(value)


def _real(value: Any) -> float:
    # What is no number is kept as a text: see `etl.sqlite.loading`.
    return float(value)


def _date(value: Any) -> date:
    return date.fromisoformat(value)


def _datetime(value: Any) -> datetime:
    return datetime.fromisoformat(value)


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


_CONVERTERS: dict[int, Callable[[Any], object]] = {
    pa.bool_().id: _flag,
    pa.float64().id: _real,
    pa.date32().id: _date,
    pa.timestamp("us").id: _datetime,
    pa.decimal128(1).id: _decimal,
}
