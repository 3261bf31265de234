"""Streaming the result of a query as Arrow batches, in bounded memory."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
from pymysql import err
from pymysql.constants import FIELD_TYPE, FLAG
from pymysql.cursors import SSCursor

from etl.connections import Connection
from etl.context import Bounds, Sample
from etl.databases.batches import BATCH_ROWS, batch_of
from etl.databases.bounds import Condition, condition_of
from etl.databases.patience import ANSWER_SECONDS
from etl.dataset import Column
from etl.errors import ConfigError
from etl.messages import say
from etl.mysql.session import Opened, run, session
from etl.mysql.table import quote

_BINARY = 63
_DIGITS = 38
_SIGNED = {
    FIELD_TYPE.TINY: pa.int8(),
    FIELD_TYPE.SHORT: pa.int16(),
    FIELD_TYPE.INT24: pa.int32(),
    FIELD_TYPE.LONG: pa.int32(),
    FIELD_TYPE.LONGLONG: pa.int64(),
}
_UNSIGNED = {
    FIELD_TYPE.TINY: pa.uint8(),
    FIELD_TYPE.SHORT: pa.uint16(),
    FIELD_TYPE.INT24: pa.uint32(),
    FIELD_TYPE.LONG: pa.uint32(),
    FIELD_TYPE.LONGLONG: pa.uint64(),
}
_OTHERS = {
    FIELD_TYPE.YEAR: pa.int16(),
    FIELD_TYPE.FLOAT: pa.float32(),
    FIELD_TYPE.DOUBLE: pa.float64(),
    FIELD_TYPE.DATE: pa.date32(),
    FIELD_TYPE.NEWDATE: pa.date32(),
    FIELD_TYPE.DATETIME: pa.timestamp("us"),
    # The zone of the session is UTC.
    FIELD_TYPE.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    # A TIME can be longer than a day: it is text.
    FIELD_TYPE.TIME: pa.string(),
    FIELD_TYPE.BIT: pa.binary(),
    FIELD_TYPE.GEOMETRY: pa.binary(),
}
_TEXTS = {FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING, FIELD_TYPE.BLOB}
_TEXTS |= {FIELD_TYPE.TINY_BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB}


def read_batches(
    connection: Connection,
    query: str,
    parameters: Mapping[str, object],
    bounds: Bounds | None = None,
    sample: Sample | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one SELECT in batches of 10,000; at least one, which may be empty.

    Rows outside of `bounds` are left out where the server can tell them, and those beyond a
    `sample`, unless the query has a LIMIT of its own.
    """
    if bounds is not None:
        condition = condition_of(bounds, describe(connection, query, parameters))
        name = quote(bounds.column)
        query = _where(query, name.replace("%", "%%") if parameters else name, condition)
    with session(connection, patience=sample.seconds if sample is not None else None) as opened:
        if sample is not None:
            # A subquery with a LIMIT would refuse columns of the same name.
            run(opened, f"SET SESSION sql_select_limit = {sample.rows:d}")
        run(opened, "START TRANSACTION READ ONLY")
        with SSCursor(opened) as cursor:
            schema = _execute(cursor, query, parameters)
            rows = cursor.fetchmany(BATCH_ROWS)
            while True:
                yield batch_of(rows, schema)
                rows = cursor.fetchmany(BATCH_ROWS)
                if not rows:
                    return


def _where(query: str, name: str, condition: Condition | None) -> str:
    if condition is None:
        return query
    # The session's zone is UTC, and MariaDB knows no other in a text.
    plain = tuple(
        (operator, value.removesuffix("+00")) for operator, value in condition.comparisons
    )
    where = replace(condition, comparisons=plain).sql(name)
    return f"SELECT * FROM (\n{query}\n) AS q WHERE {where}"  # noqa: S608


def describe(
    connection: Connection, query: str, parameters: Mapping[str, object]
) -> tuple[Column, ...]:
    """Return the columns of a query, asking for none of its rows; raise ETLError if refused.

    Or if the server takes long.
    """
    import duckdb

    with session(connection, patience=ANSWER_SECONDS) as opened:
        run(opened, "START TRANSACTION READ ONLY")
        with SSCursor(opened) as cursor:
            asked = f"SELECT * FROM (\n{query}\n) AS q LIMIT 0"  # noqa: S608
            schema = _execute(cursor, asked, parameters)
            cursor.fetchall()
    empty = duckdb.from_arrow(schema.empty_table())
    return tuple(Column(n, str(t)) for n, t in zip(empty.columns, empty.types, strict=True))


def _execute(cursor: Opened, query: str, parameters: Mapping[str, object]) -> pa.Schema:
    try:
        # Without parameters, none are looked for: a percent sign is then just that.
        cursor.execute(query, dict(parameters) or None)
    except (KeyError, TypeError, ValueError) as exc:
        raise ConfigError(
            say(
                "the parameters do not fit the query: {error}. Give each %(name)s a "
                "value, and write a literal percent sign as %%.",
                error=exc,
            ),
            field="config.parameters",
        ) from None
    except err.ProgrammingError as exc:
        raise ConfigError(
            say(
                "the query is refused: {error}. Correct it; it must be one SELECT.",
                error=exc.args[-1],
            ),
            field="config.query",
        ) from None
    if not cursor.description:
        raise ConfigError(
            say("the query gives no rows. Correct it; it must be one SELECT."), field="config.query"
        )
    return pa.schema([(field.name, _arrow_type(field)) for field in cursor._result.fields])


def _arrow_type(field: Any) -> pa.DataType:
    kind, unsigned = field.type_code, bool(field.flags & FLAG.UNSIGNED)
    if kind in _SIGNED:
        return (_UNSIGNED if unsigned else _SIGNED)[kind]
    if kind in (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL):
        # The length counts the point and the sign.
        digits = field.length - (field.scale > 0) - (not unsigned)
        return pa.decimal128(digits, field.scale) if digits <= _DIGITS else pa.string()
    if kind in _TEXTS and field.charsetnr == _BINARY:
        return pa.binary()
    return _OTHERS.get(kind, pa.string())
