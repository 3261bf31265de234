"""What DuckDB's CSV reader found wrong, as an error or as rejected rows."""

import re
from collections.abc import Mapping, Sequence

import duckdb

from etl.duckdb_errors import reason
from etl.errors import DataError, ETLError
from etl.messages import Message, say
from etl.sql import literal

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_FILE = re.compile(r"^\s*file ?= ?(.+?)\s*$", re.MULTILINE)
_COLUMN = re.compile(r'Error when converting column "(.*?)"\. (.*)')
_COUNT = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")

# A rejected line keeps as many bytes of its text as this; DuckDB keeps no more.
RAW_LENGTH = 10_000
BAD_BYTES = "the bytes do not fit the encoding"
UNTERMINATED = "a quoted value does not end, so that all that follows is part of it"


def file_in(error: Exception) -> str | None:
    """Return the path of the file that an error of DuckDB's CSV reader names."""
    found = _FILE.search(str(error))
    return found[1] if found else None


def explain_csv(error: duckdb.Error, name: str) -> ETLError:
    """Return `error` with the file, line and column at fault, and what to do."""
    text = str(error)
    line = _LINE.search(text)
    if line is None:
        return DataError(
            say(
                "file '{file}' is no CSV file that can be read: {reason}. "
                "Check its delimiter, quotes, line ends and encoding.",
                file=name,
                reason=reason(error),
            ),
            field="config.path",
        )
    column = _COLUMN.search(text)
    if column is None:
        return at_line(name, int(line[1]), _problem(text))
    cause = column[2].strip().rstrip(".")
    return DataError(
        say(
            "file '{file}', line {line}, column '{column}': {reason}. Correct the value, or set "
            "the type of '{column}' to VARCHAR under types.",
            file=name,
            line=int(line[1]),
            column=column[1],
            reason=cause[:1].lower() + cause[1:],
        ),
        field="config.path",
    )


def at_line(name: str, line: int, problem: Message) -> DataError:
    """Return the error of a line of a file."""
    return DataError(
        say("file '{file}', line {line}: {problem}", file=name, line=line, problem=problem),
        field="config.path",
    )


def unterminated() -> Message:
    """Return what is wrong where a quote is not closed."""
    return say("a quoted value does not end. Close its quote, or double quotes within it.")


def _problem(text: str) -> Message:
    count = _COUNT.search(text)
    if count:
        return say(
            "the row has {found} values instead of {expected}. Correct the row; a value that "
            "holds the delimiter must be quoted.",
            found=int(count[2]),
            expected=int(count[1]),
        )
    if "unterminated quote" in text:
        return unterminated()
    if "unicode" in text.lower() or "encod" in text.lower():
        return say("the bytes do not fit the encoding. Set encoding, or save the file as UTF-8.")
    if "maximum line size" in text.lower():
        return say("the line is longer than 2 MB. A quote is probably not closed: correct it.")
    return say("{reason}. Correct the row.", reason=_reason_after_line(text))


def _reason_after_line(text: str) -> str:
    """Return the sentence that DuckDB puts below the copy of the faulty line."""
    lines = [line.strip() for line in text.split("\n")]
    rest = [line for line in lines[2:] if line and not line.startswith(("Possible", "*"))]
    return rest[0].rstrip(".") if rest else say("the row cannot be read")


def rejected_sql(
    names: Mapping[str, str], more: str = "", damaged: Sequence[tuple[str, int]] = ()
) -> str:
    """Return the SELECT of the rows that a scan with store_rejects kept out, one a line.

    `names` maps the paths of the files to what people call them; `more` is a further SELECT of
    rows in the form of a quarantine; `damaged` are (path, line) of which the text is not that of
    the file.
    """
    paths = ", ".join(literal(path) for path in names)
    called = ", ".join(literal(name) for name in names.values())
    file = f"list_extract([{called}], list_position([{paths}], file_path))"
    # Each error of a line is a row of its own there: the first stands for all.
    faults = """
        SELECT DISTINCT ON (file_path, line) *
        FROM reject_errors JOIN reject_scans USING (scan_id, file_id)
        ORDER BY file_path, line, byte_position, column_idx
    """
    counts = r"regexp_extract(error_message, 'Expected Number of Columns: (\d+)', 1)"
    found = r"regexp_extract(error_message, 'Found: (\d+)', 1)"
    cast = r"""regexp_replace(error_message, '(?s)^Error when converting column ".*?"\. ', '')"""
    # One that is cut off must be seen to be, by its length.
    record = f"""CASE WHEN strlen(csv_line) >= {RAW_LENGTH} THEN csv_line
        ELSE ltrim(csv_line, chr(10) || chr(13)) END"""
    lost = ", ".join(f"({literal(path)}, {line})" for path, line in damaged) or "('', -1)"
    reasons = f"""CASE WHEN (file_path, line) IN ({lost}) THEN {literal(BAD_BYTES)}
        ELSE CASE CAST(error_type AS VARCHAR)
        WHEN 'CAST' THEN replace({cast}, 'Could not convert', 'could not convert')
        WHEN 'MISSING COLUMNS' THEN 'the row has ' || {found} || ' values instead of ' || {counts}
        WHEN 'TOO MANY COLUMNS' THEN 'the row has ' || {found} || ' values instead of ' || {counts}
        WHEN 'UNQUOTED VALUE' THEN 'a quoted value does not end, or goes on after its quote'
        WHEN 'INVALID ENCODING' THEN {literal(BAD_BYTES)}
        ELSE split_part(error_message, chr(10), 1) END END"""
    return f"""
        SELECT {reasons} AS reason, column_name AS field, {file} AS file,
            CAST(line AS BIGINT) AS line, {record} AS record
        FROM ({faults}) {f"UNION ALL {more}" if more else ""} ORDER BY file, line
    """  # noqa: S608
