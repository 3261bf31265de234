"""Reading CSV files with DuckDB: which columns they have, and the SQL that gives their rows."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from etl.columns import header_names
from etl.csv_types import agreed_types
from etl.errors import ConfigError, DataError
from etl.files.compression import opened
from etl.messages import Message, say
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

# DuckDB's own choice, four times as much, doubles the memory of a node and is no faster.
BUFFER_BYTES = 8 * 1024 * 1024
_LONGEST_HEADER = 2 * 1024 * 1024


@dataclass(frozen=True)
class CSVOptions:
    """How CSV files are written. `encoding` is utf-8 or latin-1."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    null_values: tuple[str, ...] = ("",)
    header: bool = True
    names: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CSVFile:
    """One file: `path` holds its bytes, compressed as `compression` says.

    `simple` says that DuckDB may read it in parallel.
    """

    path: Path
    name: str
    compression: str = "none"
    simple: bool = False


@dataclass(frozen=True)
class CSVColumns:
    """What a file's columns are called and hold, and how it writes dates and times."""

    types: tuple[tuple[str, str], ...]
    date_format: str | None = None
    timestamp_format: str | None = None


def _common(options: CSVOptions, file: CSVFile) -> str:
    nulls = ", ".join(literal(text) for text in options.null_values)
    kind = file.compression if file.compression in ("gzip", "zstd") else "none"
    # Everything that DuckDB would otherwise guess, and could guess wrong without a word.
    return (
        f"header = {str(options.header).lower()}, skip = 0, comment = '',"
        f" delim = {literal(options.delimiter)}, quote = {literal(options.quote)},"
        f" escape = {literal(options.quote)}, encoding = {literal(options.encoding)},"
        f" nullstr = [{nulls}], strict_mode = true, null_padding = false,"
        f" compression = '{kind}', buffer_size = {BUFFER_BYTES}"
    )


def columns_of(
    file: CSVFile, options: CSVOptions, database: "duckdb.DuckDBPyConnection"
) -> CSVColumns:
    """Return the columns of a file; types that are not given are guessed from its head.

    Raise DataError if it has no header line, and ConfigError for a type of no column.
    """
    import duckdb

    names = _names(file, options)
    given = {
        name: kind
        for name in names
        for wanted, kind in options.types.items()
        if wanted.casefold() == name.casefold()
    }
    listed = ", ".join(literal(name) for name in names)
    types = ", ".join(f"{literal(n)}: {literal(t)}" for n, t in given.items())
    look = (
        f"sniff_csv({literal(str(file.path))}, {_common(options, file)}, names = [{listed}],"
        f" ignore_errors = true{f', types = {{{types}}}' if types else ''})"
    )
    sql = f"SELECT Columns, DateFormat, TimestampFormat FROM {look}"  # noqa: S608
    guessed: dict[str, str] = {}
    formats: tuple[str | None, str | None] = (None, None)
    try:
        row = database.execute(sql).fetchone()
    except duckdb.Error:
        # Its rows are too unlike to guess from: as text they can be read, or told what is wrong.
        row = None
    if row is not None and len(row[0]) == len(names):
        guessed = {name: column["type"] for name, column in zip(names, row[0], strict=True)}
        formats = (row[1] or None, row[2] or None)
    return CSVColumns(
        tuple((name, given.get(name) or guessed.get(name) or "VARCHAR") for name in names),
        *formats,
    )


def _names(file: CSVFile, options: CSVOptions) -> list[str]:
    if not options.header and options.names:
        return list(options.names)
    first = _first_record(file, options)
    if not first:
        raise DataError(
            say(
                "file '{file}' is empty, or its first line is. It needs at least a header line.",
                file=file.name,
            ),
            field="config.path",
        )
    if not options.header:
        return [f"column{number}" for number in range(len(first))]
    return header_names(first)


def _first_record(file: CSVFile, options: CSVOptions) -> list[str]:
    encoding = "utf-8-sig" if options.encoding == "utf-8" else options.encoding
    with opened(file.path, file.compression) as stream:
        head = stream.read(_LONGEST_HEADER).decode(encoding, errors="replace")
    # Lone carriage returns end lines too, but Python's reader refuses them.
    text = io.StringIO(head if "\n" in head else head.replace("\r", "\n"), newline="")
    try:
        return next(csv.reader(text, delimiter=options.delimiter, quotechar=options.quote), [])
    except csv.Error:
        return []


def shapes_of(
    files: Sequence[CSVFile], options: CSVOptions, database: "duckdb.DuckDBPyConnection"
) -> list[CSVColumns]:
    """Return the columns of each file, such that the same column fits together across files.

    Raise ConfigError where two files disagree, and for a type of no column.
    """
    found = [columns_of(file, options, database) for file in files]
    every = list(dict.fromkeys(name for columns in found for name, _ in columns.types))
    check_types(options.types, every, [file.name for file in files])
    agreed = agreed_types(
        {file.name: dict(columns.types) for file, columns in zip(files, found, strict=True)},
        lambda name, column: _has_values(files, found, name, column, options, database),
    )
    return [
        replace(columns, types=tuple((n, agreed[file.name][n]) for n, _ in columns.types))
        for file, columns in zip(files, found, strict=True)
    ]


def rows_sql(
    files: Sequence[CSVFile],
    shapes: Sequence[CSVColumns],
    options: CSVOptions,
    *,
    rejects: bool,
    most_rejects: int = 0,
    file_column: str | None = None,
) -> str:
    """Return the SELECT that reads all files, in their order, by the names of their columns.

    With `rejects` rows that do not fit go to DuckDB's tables reject_errors and reject_scans;
    otherwise the first of them ends the query. `most_rejects` rows of each file are told there, of
    0 all: rejected rows are kept in memory.
    """
    read = [
        (shape, file.compression, file.simple and not rejects, file)
        for file, shape in zip(files, shapes, strict=True)
    ]
    # The limit counts faults, of which a row has one for each column at most, and one more.
    every = {name for shape in shapes for name, _ in shape.types}
    limit = most_rejects * (len(every) + 1) if rejects else None
    branches = [
        _branch([item[3] for item in group], shape, options, limit, file_column)
        for (shape, _, _), group in groupby(read, key=lambda item: item[:3])
    ]
    return " UNION ALL BY NAME ".join(branches)


def check_types(given: Mapping[str, str], every: Iterable[str], files: Sequence[str]) -> None:
    """Raise ConfigError for a type that is given for none of `every` column of some files."""
    known = {name.casefold() for name in every}
    for name in given:
        if name.casefold() not in known:
            raise ConfigError(_no_column(name, files), field="config.types")


def _no_column(name: str, files: Sequence[str]) -> Message:
    if len(files) == 1:
        return say(
            "file '{file}' has no column '{column}', for which a type is given. Correct the name "
            "under types.",
            file=files[0],
            column=name,
        )
    return say(
        "none of the files has a column '{column}', for which a type is given. Correct the name "
        "under types.",
        column=name,
    )


def _branch(
    files: Sequence[CSVFile],
    columns: CSVColumns,
    options: CSVOptions,
    rejects_limit: int | None,
    file_column: str | None,
) -> str:
    paths = ", ".join(literal(str(file.path)) for file in files)
    types = ", ".join(f"{literal(n)}: {literal(t)}" for n, t in columns.types)
    parts = [f"[{paths}]", _common(options, files[0]), "auto_detect = false"]
    parts.append(f"columns = {{{types}}}")
    if columns.date_format:
        parts.append(f"dateformat = {literal(columns.date_format)}")
    if columns.timestamp_format:
        parts.append(f"timestampformat = {literal(columns.timestamp_format)}")
    if rejects_limit is not None:
        # In parallel, DuckDB 1.5 loses whole buffers where rows at their edges are faulty.
        parts.append(f"store_rejects = true, rejects_limit = {rejects_limit}")
    if rejects_limit is not None or not files[0].simple:
        parts.append("parallel = false")
    items = [quote(name) for name, _ in columns.types]
    if file_column:
        called = ", ".join(literal(file.name) for file in files)
        parts.append("filename = '_logidata_file'")
        position = f"list_position([{paths}], _logidata_file)"
        items.append(f"list_extract([{called}], {position}) AS {quote(file_column)}")
    return f"SELECT {', '.join(items)} FROM read_csv({', '.join(parts)})"  # noqa: S608


def _has_values(
    files: Sequence[CSVFile],
    found: Sequence[CSVColumns],
    name: str,
    column: str,
    options: CSVOptions,
    database: "duckdb.DuckDBPyConnection",
) -> bool:
    """Return whether a column has any value near the head of a file."""
    [(file, columns)] = [
        (file, columns) for file, columns in zip(files, found, strict=True) if file.name == name
    ]
    types = ", ".join(f"{literal(n)}: 'VARCHAR'" for n, _ in columns.types)
    # Strictly read, a faulty row would end this look, which is not what it is for.
    reader = (
        f"read_csv({literal(str(file.path))}, {_common(options, file)}, auto_detect = false,"
        f" columns = {{{types}}}, ignore_errors = true, parallel = false)"
    )
    sql = f"SELECT count({quote(column)}) FROM (FROM {reader} LIMIT 20480)"  # noqa: S608
    row = database.execute(sql).fetchone()
    return bool(row and row[0])
