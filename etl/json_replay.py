"""Rejected lines of JSON Lines, read again as the files that they came from were."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from etl.inputs import Inputs
from etl.json_depth import is_too_deep
from etl.json_lines import FaultyLines
from etl.json_odd_lines import HAS_NUL, NOT_UTF8, TOO_DEEP
from etl.module import Result
from etl.raw_records import RAW
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

# The records of these show what was in the file, and are not that itself.
_NOT_KEPT = f"(reason IS NOT NULL AND reason IN ({literal(NOT_UTF8)}, {literal(HAS_NUL)}))"
_BRACKETS = (
    "2 * strlen(record) - strlen(replace(record, '[', '')) - strlen(replace(record, '{', ''))"
)


def raw_result(inputs: Inputs, types: Mapping[str, str], file_column: str | None) -> Result:
    """Return the records among the raw lines that a node was given, and what is faulty again.

    Columns are those of the first run, in its types unless others are given now.
    """
    database = inputs.database()
    deep = ", ".join(map(str, [-1, *_too_deep(database)]))
    odd = f"({_NOT_KEPT} OR number IN ({deep}))"
    raw = quote(RAW)
    lines = FaultyLines(
        f"SELECT line AS number, file, record AS line FROM {raw} WHERE NOT {odd}",  # noqa: S608
        f"SELECT CASE WHEN {_NOT_KEPT} THEN reason ELSE {literal(TOO_DEEP)} END,"  # noqa: S608
        f" CAST(NULL AS VARCHAR), file, line, record FROM {raw} WHERE {odd}",
    )
    columns = _columns(inputs, types)
    faulty = lines.faulty_sql(columns)
    return Result(
        database.sql(lines.good_sql(columns, file_column)),
        rejected=lambda: database.sql(faulty),
        removed=0,
        added=0,
        layouts=inputs[RAW].layouts,
    )


def _columns(inputs: Inputs, types: Mapping[str, str]) -> dict[str, str]:
    [layout] = inputs[RAW].layouts
    given = {name.casefold(): (name, kind) for name, kind in types.items()}
    columns = {}
    for column in layout.columns:
        _, kind = given.pop(column.name.casefold(), (None, column.type))
        columns[column.name] = kind
    # A type is given for it, so it is wanted, although no record had it at first.
    return columns | dict(given.values())


def _too_deep(database: "duckdb.DuckDBPyConnection") -> list[int]:
    """Return the numbers of the records that are nested deeper than can be parsed."""
    rows = database.sql(
        f"SELECT number, record FROM {quote(RAW)} WHERE {_BRACKETS} > 1000"  # noqa: S608
    )
    found = []
    while batch := rows.fetchmany(10):
        found += [number for number, record in batch if is_too_deep(record.encode())]
    return found
