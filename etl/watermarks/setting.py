"""Setting a watermark by hand."""

import math

from etl.errors import ConfigError
from etl.messages import say
from etl.watermarks.config import Watermark
from etl.watermarks.store import Position, PositionStore


def set_position(
    store: PositionStore, watermark: Watermark, value: object, *, by: str, reason: str
) -> Position:
    """Make a value the position of a node, None for the very beginning; return it as it is kept.

    Raise ConfigError if the value is none, or not one of the type that the column had when it was
    last read.
    """
    text = _text(value)
    before = store.current()
    same = before.column.casefold() == watermark.column.casefold()
    if text is not None and same and before.type:
        import duckdb

        with duckdb.connect(":memory:") as database:
            row = database.execute(
                f"SELECT TRY_CAST(? AS {before.type}) IS NULL", [text]
            ).fetchone()
        if row and row[0]:
            raise ConfigError(
                say(
                    "'{value}' is no {type}, as the column '{column}' is. Write a value such "
                    "as '{known}'.",
                    value=text,
                    type=before.type,
                    column=watermark.column,
                    known=before.value,
                )
                if before.value
                else say(
                    "'{value}' is no {type}, as the column '{column}' is. Correct it.",
                    value=text,
                    type=before.type,
                    column=watermark.column,
                ),
                field="value",
            )
    return store.set(text, by=by, reason=reason, column=watermark.column)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigError(
            say("Write the value as a text or a number, or null for the beginning."), field="value"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(
            say("{value} is no value to go on from. Write a number.", value=value), field="value"
        )
    text = str(value).strip()
    if not text or "\0" in text:
        raise ConfigError(
            say("Write a value to go on from, or null for the beginning."), field="value"
        )
    return text
