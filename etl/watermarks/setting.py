"""Setting a watermark by hand."""

import math

from etl.errors import ConfigError
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
                f"'{text}' is no {before.type}, as the column '{watermark.column}' is. "
                f"Write a value such as '{before.value}'."
                if before.value
                else f"'{text}' is no {before.type}, as the column '{watermark.column}' is. "
                "Correct it.",
                field="value",
            )
    return store.set(text, by=by, reason=reason, column=watermark.column)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigError(
            "Write the value as a text or a number, or null for the beginning.", field="value"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{value} is no value to go on from. Write a number.", field="value")
    text = str(value).strip()
    if not text or "\0" in text:
        raise ConfigError("Write a value to go on from, or null for the beginning.", field="value")
    return text
