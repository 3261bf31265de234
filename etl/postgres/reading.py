"""Reading the result of a query by COPY into files, which DuckDB reads with the declared types.

A server-side cursor took three times as long for a million rows of nine columns (19.4 s, against
6.5 s), for every value became an object of Python on the way. A COPY in binary was no faster.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from etl.columns import require_columns
from etl.connections import Connection
from etl.context import Bounds, Sample
from etl.databases.bounds import condition_of
from etl.databases.patience import ANSWER_SECONDS
from etl.databases.ranges import Range, ranges
from etl.dataset import Column
from etl.errors import ConfigError
from etl.inputs import Inputs
from etl.messages import say
from etl.postgres.session import session
from etl.postgres.types import duckdb_type
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

_NULL = "\\N"
# DuckDB's own limit for a line, from which on it must be told.
_LONG_LINE = 1_500_000
_SETTINGS = (
    # Times with a zone come as UTC, whatever the server's own zone is.
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
)


@dataclass(frozen=True)
class Query:
    """A SELECT with its values in it. `items` are expressions over q (c0, c1, ...)."""

    text: sql.Composable
    columns: tuple[Column, ...]
    items: tuple[str, ...]

    def select(self, items: Sequence[str], where: sql.Composable | None = None) -> sql.Composed:
        """Return the SELECT of `items` from the query."""
        names = ", ".join(f"c{number}" for number in range(len(self.columns)))
        aliases = sql.SQL(f"({names})") if names else sql.SQL("")
        return sql.SQL("SELECT {} FROM (\n{}\n) AS q {} {}").format(
            sql.SQL(", ".join(items) or "*"), self.text, aliases, where or sql.SQL("")
        )


def describe(
    connection: Connection, query: str, parameters: Mapping[str, object]
) -> tuple[Column, ...]:
    """Return the columns of a query without running it; raise ETLError if it is refused.

    Or if the server takes long: somebody waits, and a table that is locked may stay so for hours.
    """
    with session(connection, read_only=True) as opened:
        opened.execute(f"SET LOCAL statement_timeout = {ANSWER_SECONDS * 1000}")
        return _described(opened, query, parameters).columns


def read(
    connection: Connection,
    query: str,
    parameters: Mapping[str, object],
    inputs: Inputs,
    *,
    partition_column: str | None = None,
    partitions: int = 1,
    bounds: Bounds | None = None,
    sample: Sample | None = None,
) -> "duckdb.DuckDBPyRelation":
    """Return the rows of one SELECT, in its order if it is read in one part.

    Parts are read at the same time, all of them as of one moment; a `sample` is one part. Rows
    outside of `bounds` are left out where the server can tell them.
    """
    with session(connection, read_only=True) as opened:
        asked = _within(_described(opened, query, parameters), bounds)
        parts: list[Range] = []
        if sample is not None:
            asked = _sampled(opened, asked, sample)
        elif partition_column is not None:
            parts = _parts(opened, asked, partition_column, partitions)
        if len(parts) < 2:
            files = [_copy(opened, asked, None, inputs.scratch_file("read-0.csv"))]
        else:
            row = opened.execute("SELECT pg_export_snapshot()").fetchone()
            snapshot = str(row[0]) if row else ""

            def part(number: int) -> "_File":
                with session(connection, read_only=True, snapshot=snapshot) as own:
                    _set(own)
                    path = inputs.scratch_file(f"read-{number}.csv")
                    return _copy(own, asked, _where(asked, partition_column, parts[number]), path)

            # This transaction stays open meanwhile, or its snapshot would be gone.
            with ThreadPoolExecutor(len(parts)) as pool:
                files = list(pool.map(part, range(len(parts))))
    return _relation(inputs, asked, files)


def _set(opened: psycopg.Connection) -> None:
    for setting in _SETTINGS:
        opened.execute(setting)


def _described(opened: psycopg.Connection, query: str, parameters: Mapping[str, object]) -> Query:
    _set(opened)
    try:
        # Without parameters, none are looked for: a percent sign is then just that.
        text = psycopg.ClientCursor(opened).mogrify(query, dict(parameters) or None)
        # The empty name, so that nothing is left behind.
        for step in (
            opened.pgconn.prepare(b"", text.encode()),
            described := opened.pgconn.describe_prepared(b""),
        ):
            if step.status != psycopg.pq.ExecStatus.COMMAND_OK:
                raise psycopg.errors.error_from_result(step)
    except (psycopg.ProgrammingError, psycopg.NotSupportedError) as exc:
        raise _refused(exc) from None
    oids = [described.ftype(n) for n in range(described.nfields)]
    # What JSON can say better than PostgreSQL's own texts: arrays, and rows within rows.
    nested = {
        row[0]
        for row in opened.execute(
            "SELECT oid FROM pg_type WHERE oid = ANY(%s) AND typcategory IN ('A', 'C')", [oids]
        ).fetchall()
    }
    return Query(
        sql.SQL(text),
        tuple(
            Column((described.fname(n) or b"").decode(), duckdb_type(oids[n], described.fmod(n)))
            for n in range(len(oids))
        ),
        tuple(f"to_jsonb(c{n})::text" if o in nested else f"c{n}" for n, o in enumerate(oids)),
    )


def _within(asked: Query, bounds: Bounds | None) -> Query:
    """Return the query of those rows of another that lie within bounds."""
    condition = condition_of(bounds, asked.columns)
    if condition is None:
        return asked
    name = f"c{condition.column}"
    if asked.columns[condition.column].type == "DOUBLE":
        # What has more digits on the server is compared as it is read here: rounded.
        name += "::float8"
    where = sql.SQL("WHERE " + condition.sql(name))
    return replace(asked, text=asked.select([], where))


def _sampled(opened: psycopg.Connection, asked: Query, sample: Sample) -> Query:
    """Return the query of the first rows of another, for which the server has a time limit."""
    milliseconds = sql.Literal(int(sample.seconds * 1000))
    opened.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(milliseconds))
    limit = sql.SQL("LIMIT {}").format(sql.Literal(sample.rows))
    return replace(asked, text=asked.select([], limit))


def _refused(exc: psycopg.Error) -> ConfigError:
    if exc.sqlstate is None:
        return ConfigError(
            say(
                "the parameters do not fit the query: {error}. Give each %(name)s a "
                "value, and write a literal percent sign as %%.",
                error=exc,
            ),
            field="config.parameters",
        )
    message = (exc.diag.message_primary or str(exc)).rstrip(".")
    return ConfigError(
        say("the query is refused: {error}. Correct it; it must be one SELECT.", error=message),
        field="config.query",
    )


def _place(asked: Query, name: str) -> str:
    names = [column.name for column in asked.columns]
    require_columns([name], names, field="partition_column", port=say("the query"))
    return f"c{[known.casefold() for known in names].index(name.casefold())}"


def _parts(opened: psycopg.Connection, asked: Query, name: str, count: int) -> list[Range]:
    place = _place(asked, name)
    try:
        row = opened.execute(asked.select([f"min({place})", f"max({place})"])).fetchone()
    except psycopg.errors.UndefinedFunction:
        row = ("", "")
    return ranges(row[0], row[1], count, name) if row else []


def _where(asked: Query, name: str | None, part: Range) -> sql.Composed:
    place = sql.SQL(_place(asked, str(name)))
    low = sql.SQL("{} >= {}").format(place, sql.Literal(part.low))
    high = sql.SQL("{} < {}").format(place, sql.Literal(part.high))
    if part.low is None:
        # Rows without a value are in no range, but must be in one part.
        return sql.SQL("WHERE {} OR {} IS NULL").format(high, place)
    return sql.SQL("WHERE {}").format(sql.SQL(" AND ").join([low] if part.high is None
                                                            else [low, high]))  # fmt: skip


@dataclass(frozen=True)
class _File:
    path: Path
    longest: int
    breaks: bool


def _copy(
    opened: psycopg.Connection, asked: Query, where: sql.Composable | None, path: Path
) -> _File:
    # An empty text alone in its row would make an empty line, which readers of CSV skip.
    quoted = sql.SQL(", FORCE_QUOTE *" if len(asked.columns) == 1 else "")
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, NULL {}, ENCODING 'UTF8'{})").format(
        asked.select(asked.items, where), sql.Literal(_NULL), quoted
    )
    longest, breaks = 0, False
    try:
        with path.open("wb") as file, opened.cursor() as cursor, cursor.copy(statement) as copy:
            # Each is one row.
            for line in copy:
                file.write(line)
                longest = max(longest, len(line))
                breaks = breaks or bytes(line).find(b"\n", 0, len(line) - 1) >= 0
    except (psycopg.ProgrammingError, psycopg.NotSupportedError) as exc:
        raise _refused(exc) from None
    return _File(path, longest, breaks)


def _relation(inputs: Inputs, asked: Query, files: Sequence[_File]) -> "duckdb.DuckDBPyRelation":
    kinds = ["VARCHAR" if c.type == "BLOB" else c.type for c in asked.columns]
    columns = ", ".join(f"'c{n}': {literal(kind)}" for n, kind in enumerate(kinds))
    longest = max(file.longest for file in files)
    options = [
        f"columns = {{{columns}}}",
        "header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"'",
        f"nullstr = {literal(_NULL)}, allow_quoted_nulls = false",
    ]
    if longest > _LONG_LINE:
        options.append(f"max_line_size = {longest + 1}, buffer_size = {4 * longest}")
    if any(file.breaks for file in files):
        # Threads begin somewhere within the file, and would have to guess where a line does.
        options.append("parallel = false")
    paths = ", ".join(literal(str(file.path)) for file in files)
    items = [
        f"unhex(substr(c{n}, 3)) AS {quote(column.name)}"
        if column.type == "BLOB"
        else f"c{n} AS {quote(column.name)}"
        for n, column in enumerate(asked.columns)
    ]
    return inputs.select(items, source=f"read_csv([{paths}], {', '.join(options)})")
