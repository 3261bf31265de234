"""Streaming the result of a query as Arrow batches, in bounded memory."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql

from etl.connections import Connection
from etl.errors import ConfigError, DataError
from etl.postgres.session import session

BATCH_ROWS = 10_000

_OIDS: dict[int, pa.DataType] = {
    16: pa.bool_(),
    17: pa.binary(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    25: pa.string(),
    26: pa.int64(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1083: pa.time64("us"),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
}
_NUMERIC = 1700
_ARROW_DIGITS = 38


def read_batches(
    connection: Connection, query: str, parameters: Mapping[str, object]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one SELECT in batches of 10,000; at least one, which may be empty."""
    with session(connection, read_only=True) as opened:
        # Times with a zone come as UTC, whatever the server's own zone is.
        opened.execute("SET LOCAL TimeZone = 'UTC'")
        with opened.cursor(name="logidata") as cursor:
            _execute(cursor, query, parameters)
            rows = cursor.fetchmany(BATCH_ROWS)
            description = cursor.description or []
            names = [column.name for column in description]
            types = [_arrow_type(column) for column in description]
            schema = pa.schema(list(zip(names, types, strict=True)))
            while True:
                yield _batch(rows, schema)
                rows = cursor.fetchmany(BATCH_ROWS)
                if not rows:
                    return


def _execute(
    cursor: psycopg.ServerCursor[Any], query: str, parameters: Mapping[str, object]
) -> None:
    # Without parameters, none are looked for: a percent sign is then just that.
    values = dict(parameters) or None
    try:
        cursor.execute(sql.SQL(query), values)
    except (psycopg.ProgrammingError, psycopg.NotSupportedError) as exc:
        if exc.sqlstate is None:
            raise ConfigError(
                f"the parameters do not fit the query: {exc}. Give each %(name)s a value, and "
                "write a literal percent sign as %%.",
                field="config.parameters",
            ) from None
        message = (exc.diag.message_primary or str(exc)).rstrip(".")
        raise ConfigError(
            f"the query is refused: {message}. Correct it; it must be one SELECT.",
            field="config.query",
        ) from None


def _arrow_type(column: psycopg.Column) -> pa.DataType:
    if column.type_code == _NUMERIC:
        precision, scale = column.precision, column.scale
        if precision is None or scale is None or not 0 <= scale <= precision <= _ARROW_DIGITS:
            return pa.float64()
        return pa.decimal128(precision, scale)
    return _OIDS.get(column.type_code, pa.string())


def _batch(rows: Sequence[Sequence[object]], schema: pa.Schema) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [_array(values, field) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Sequence[object], field: pa.Field) -> pa.Array:
    if pa.types.is_string(field.type):
        values = [_text(value) for value in values]
    elif pa.types.is_floating(field.type):
        values = [None if value is None else float(value) for value in values]  # type: ignore[arg-type]
    try:
        return pa.array(values, type=field.type)
    except (pa.ArrowException, ValueError, OverflowError) as exc:
        raise DataError(
            f"a value of column '{field.name}' cannot be read as {field.type}: {exc}. "
            "Cast the column in the query.",
            field="config.query",
        ) from None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)
