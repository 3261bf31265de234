"""Reading a CSV file with DuckDB, and saying where and why that failed."""

import csv
import gzip
import re
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from etl.duckdb_errors import reason
from etl.errors import ConfigError, DataError, ETLError
from etl.sql import literal

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_COLUMN = re.compile(r'Error when converting column "(.*?)"\. (.*)')
_COUNT = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
# DuckDB's own choice, four times as much, doubles the memory of a node and is no faster.
_BUFFER_BYTES = 8 * 1024 * 1024
_NO_COLUMN = re.compile(r'Columns with names: "(.*?)" do not exist')


@dataclass(frozen=True)
class CSVOptions:
    """How a CSV file is written."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    null_values: tuple[str, ...] = ("",)
    types: dict[str, str] = field(default_factory=dict)


def read_csv_sql(path: Path, options: CSVOptions) -> str:
    """Return the SELECT that reads a file, guessing the types that the options do not give."""
    types = ", ".join(f"{literal(n)}: {literal(t)}" for n, t in options.types.items())
    given = f", types = {{{types}}}" if types else ""
    return f"FROM read_csv({_common(path, options)}{given})"


def _common(path: Path, options: CSVOptions) -> str:
    nulls = ", ".join(literal(text) for text in options.null_values)
    # Everything that DuckDB would otherwise guess, and could guess wrong without a word.
    return (
        f"{literal(str(path))}, header = true, skip = 0, comment = '',"
        f" delim = {literal(options.delimiter)}, quote = {literal(options.quote)},"
        f" escape = {literal(options.quote)}, encoding = {literal(options.encoding)},"
        f" nullstr = [{nulls}], strict_mode = true, null_padding = false,"
        f" buffer_size = {_BUFFER_BYTES}"
    )


def explain_csv(
    error: duckdb.Error,
    name: str,
    path: Path | None = None,
    options: CSVOptions | None = None,
    database: duckdb.DuckDBPyConnection | None = None,
) -> ETLError:
    """Return `error` with the file, line and column at fault, and what to do.

    Given the file, a failure that names no line is looked for by reading all of it as text.
    """
    text = str(error)
    unknown = _NO_COLUMN.search(text)
    if unknown:
        return ConfigError(
            f"file '{name}' has no column '{unknown[1]}', for which a type is given. "
            "Correct the name under types.",
            field="config.types",
        )
    line = _LINE.search(text)
    if line is None:
        found = _locate(path, options, database) if path and options and database else None
        if found is not None:
            return explain_csv(found, name)
        return DataError(
            f"file '{name}' is no CSV file that can be read: {reason(error)}. "
            "Check its delimiter, quotes and encoding.",
            field="config.path",
        )
    return DataError(f"file '{name}', line {line[1]}{_cause(text)}", field="config.path")


def _cause(text: str) -> str:
    column = _COLUMN.search(text)
    if column:
        cause = column[2].strip().rstrip(".")
        return (
            f", column '{column[1]}': {cause[:1].lower()}{cause[1:]}. Correct the value, or set "
            f"the type of '{column[1]}' to VARCHAR under types."
        )
    count = _COUNT.search(text)
    if count:
        return (
            f": the row has {count[2]} values instead of {count[1]}. Correct the row; a value "
            "that holds the delimiter must be quoted."
        )
    if "unterminated quote" in text:
        return ": a quoted value does not end. Close its quote, or double quotes within it."
    if "unicode" in text.lower() or "encod" in text.lower():
        return ": the bytes do not fit the encoding. Set encoding, or save the file as UTF-8."
    if "maximum line size" in text.lower():
        return ": the line is longer than 2 MB. A quote is probably not closed: correct it."
    return f": {reason_after_line(text)}. Correct the row."


def reason_after_line(text: str) -> str:
    """Return the sentence that DuckDB puts below the copy of the faulty line."""
    lines = [line.strip() for line in text.split("\n")]
    rest = [line for line in lines[2:] if line and not line.startswith(("Possible", "*"))]
    return rest[0].rstrip(".") if rest else "the row cannot be read"


def _locate(
    path: Path, options: CSVOptions, database: duckdb.DuckDBPyConnection
) -> duckdb.Error | None:
    """Return the error that reading every value as text gives, which names its line."""
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(_width(path, options)))
    try:
        # Every value is looked at, since a count of rows alone would not decode them.
        reader = f"read_csv({_common(path, options)}, auto_detect = false"
        database.execute(f"FROM {reader}, columns = {{{columns}}}) SELECT count(COLUMNS(*))")
    except duckdb.Error as exc:
        return exc
    return None


def _width(path: Path, options: CSVOptions) -> int:
    """Return how many columns the header line names."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding=options.encoding, errors="replace", newline="") as stream:
        header = next(
            csv.reader(stream, delimiter=options.delimiter, quotechar=options.quote), [""]
        )
    return max(1, len(header))
