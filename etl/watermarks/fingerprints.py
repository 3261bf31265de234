"""Telling the rows that were read before from those that were not.

Of the rows at the end of a window, and within the lag behind it, fingerprints are kept with how
often each was there.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from etl.dataset import Column
from etl.sql import literal, quote

_TIME = re.compile(r"DATE|TIMESTAMP.*")
# Not names that a source would have: its own columns are beside these.
_PRINT, _RANK, _LEAST, _MOST = (
    f"logidata_{name}" for name in ("fingerprint", "rank", "least", "most")
)


def fingerprint(columns: Sequence[Column]) -> str:
    """Return the SQL of what tells a row from all that differ, 16 bytes.

    It is the same although other rows have given a column another type that has the value too, or
    the source a column that is empty in this row.
    """
    pairs = [
        f"{literal(json.dumps(column.name.casefold()))}"
        f" || CAST(to_json({_plain(column)}) AS VARCHAR)"
        for column in sorted(columns, key=lambda column: column.name.casefold())
    ]
    # What is NULL is left out.
    return f"unhex(md5(concat({', '.join(pairs)})))"


def _plain(column: Column) -> str:
    text = f"CAST({quote(column.name)} AS VARCHAR)"
    if column.type in ("FLOAT", "DOUBLE") or column.type.startswith("DECIMAL("):
        return rf"regexp_replace({text}, '\.0+$|(\.\d*[1-9])0+$', '\1')"
    if _TIME.fullmatch(column.type):
        return rf"regexp_replace({text}, '( 00:00:00)?(\+00)?$', '')"
    return text


def counted_sql(rows: str, columns: Sequence[Column], name: str, low: str, before: Path) -> str:
    """Return the SELECT of the fingerprints of `rows` whose column `name` is not below `low`.

    Those that were counted `before`, if there is such a file, count with them.
    """
    kind = next(column.type for column in columns if column.name.casefold() == name.casefold())
    column = quote(name)
    # The value as text: what another execution writes may have another type.
    new = f"""
        SELECT {fingerprint(columns)} AS fingerprint,
            any_value(CAST({column} AS VARCHAR)) AS value, count(*) AS times
        FROM {rows} WHERE {column} >= {low} GROUP BY ALL
    """  # noqa: S608 - names are quoted, values are literals
    if not before.exists():
        return new
    earlier = f"read_parquet([{literal(str(before))}])"
    # Not counted as one: what was there before is large where the lag is long, and was counted.
    return f"""
        WITH new AS MATERIALIZED ({new})
        SELECT new.fingerprint, new.value, new.times + coalesce(earlier.times, 0) AS times
        FROM new LEFT JOIN {earlier} AS earlier USING (fingerprint)
        UNION ALL
        SELECT earlier.fingerprint, earlier.value, earlier.times
        FROM {earlier} AS earlier ANTI JOIN new USING (fingerprint)
        WHERE CAST(earlier.value AS {kind}) >= {low}
    """  # noqa: S608 - names are quoted, values are literals


def unseen_sql(
    source: str,
    columns: Sequence[Column],
    before: tuple[str, Path] | None,
    again: tuple[str, Path] | None,
) -> str:
    """Return the SELECT of the rows of `source` that were not read before.

    `before` and `again` are each a condition that says which rows to look at, and the file of their
    fingerprints: what the last window had seen, which is left out as often as it was there; and
    what a window had seen that is read again, of which no more comes than that.
    """
    conditions = [part[0] for part in (before, again) if part is not None]
    names = ", ".join(quote(column.name) for column in columns)
    printed = f"CASE WHEN {' OR '.join(conditions)} THEN {fingerprint(columns)} END"
    ends = again[0] if again is not None else "false"
    # The source is read once only: it may be a stream. Rows are ranked where some of the same go on
    # and some do not, and nowhere else, for that needs them in memory.
    return f"""
        WITH looked AS MATERIALIZED (
            SELECT *, {printed} AS {_PRINT} FROM {source}
        ), found AS (
            SELECT {_PRINT}, count(*) AS times, bool_or({ends}) AS ends
            FROM looked WHERE {_PRINT} IS NOT NULL GROUP BY ALL
        ), parts AS MATERIALIZED (
            SELECT found.{_PRINT}, found.times, coalesce(b.times, 0) AS {_LEAST},
                CASE WHEN found.ends THEN coalesce(a.times, 0) ELSE found.times END AS {_MOST}
            FROM found
            LEFT JOIN {_file(before)} AS b ON b.fingerprint = found.{_PRINT}
            LEFT JOIN {_file(again)} AS a ON a.fingerprint = found.{_PRINT}
        )
        SELECT {names} FROM looked WHERE {_PRINT} IS NULL
        UNION ALL
        SELECT {names} FROM looked SEMI JOIN (
            FROM parts WHERE {_LEAST} = 0 AND {_MOST} >= times
        ) AS wholly USING ({_PRINT})
        UNION ALL
        SELECT {names} FROM (
            SELECT looked.*, row_number() OVER (PARTITION BY {_PRINT}) AS {_RANK}, {_LEAST}, {_MOST}
            FROM looked JOIN (
                SELECT {_PRINT}, {_LEAST}, {_MOST} FROM parts
                WHERE {_LEAST} < least(times, {_MOST}) AND NOT ({_LEAST} = 0 AND {_MOST} >= times)
            ) AS partly USING ({_PRINT})
        ) WHERE {_RANK} > {_LEAST} AND {_RANK} <= {_MOST}
    """  # noqa: S608 - names are quoted, values are literals


def _file(part: tuple[str, Path] | None) -> str:
    if part is None:
        return "(SELECT CAST(NULL AS BLOB) AS fingerprint, 0 AS times WHERE false)"
    return f"read_parquet([{literal(str(part[1]))}])"
