"""Rows of Python values as Arrow batches."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from etl.errors import DataError
from etl.messages import say

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 10_000


def batch_of(rows: Sequence[Sequence[Any]], schema: "pa.Schema") -> "pa.RecordBatch":
    """Return rows as a batch; raise DataError naming the column whose value does not fit."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [_array(values, field) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], field: "pa.Field") -> "pa.Array":
    import pyarrow as pa

    if pa.types.is_string(field.type):
        values = [_text(value) for value in values]
    try:
        return pa.array(values, type=field.type)
    except (pa.ArrowException, ValueError, OverflowError, TypeError) as exc:
        raise DataError(
            say(
                "a value of column '{column}' cannot be read as {type}: {reason}. "
                "Cast the column in the query.",
                column=field.name,
                type=field.type,
                reason=exc,
            ),
            field="config.query",
        ) from None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
