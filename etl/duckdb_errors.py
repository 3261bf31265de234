"""DuckDB's errors in the words of someone who has drawn a graph."""

import re

import duckdb

from etl.errors import ConfigError, DataError, ETLError, MissingColumnError, TransientError
from etl.messages import say

_MISSING_COLUMN = re.compile(r'Referenced column "(?P<name>.*?)" not found', re.DOTALL)
_CANDIDATES = re.compile(r"Candidate bindings: (?P<names>.*)")
_MISSING_IN_TABLE = re.compile(r'does not have a column named "(?P<name>.*?)"', re.DOTALL)
_CLASS_PREFIX = re.compile(r"^(?:[A-Z][A-Za-z]+ )+(?:Error|exception): ", re.IGNORECASE)
_PENDING = re.compile(r"^.*unsuccessful or closed pending query result\s*Error: ", re.DOTALL)


def reason(error: Exception) -> str:
    """Return what an error of DuckDB says, without its class, hints and copy of the SQL."""
    text = _PENDING.sub("", str(error)).split("\n\nLINE ")[0].strip()
    first = _CLASS_PREFIX.sub("", _CLASS_PREFIX.sub("", text)).splitlines()[0].strip()
    return first.rstrip(".")


def translate(error: duckdb.Error, memory_limit: str) -> ETLError:
    """Return the error that says what the operator of a pipeline can do about `error`."""
    text = str(error)
    missing = _MISSING_COLUMN.search(text) or _MISSING_IN_TABLE.search(text)
    if missing:
        candidates = _CANDIDATES.search(text)
        return _missing_column(missing["name"], candidates and candidates["names"].strip())
    if isinstance(error, duckdb.OutOfMemoryException):
        return ConfigError(
            say(
                "the work does not fit into the memory limit of {memory_limit}. Raise "
                "LOGIDATA_MEMORY_LIMIT, or reduce the data in an earlier node.",
                memory_limit=memory_limit,
            )
        )
    if isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException):
        return DataError(
            say(
                "a value does not fit its type: {reason}. Correct the data, or keep such rows "
                "out with transform.filter (TRY_CAST gives NULL).",
                reason=reason(error),
            )
        )
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return ConfigError(
            say("the SQL does not fit the input: {reason}. Correct it.", reason=reason(error))
        )
    if isinstance(error, duckdb.PermissionException):
        return ConfigError(
            say(
                "the SQL reaches for something outside of its inputs: {reason}. Remove that.",
                reason=reason(error),
            )
        )
    if isinstance(error, duckdb.IOException):
        return TransientError(
            say(
                "a file cannot be read or written: {reason}. Check that the disk is neither "
                "full nor gone, then execute again.",
                reason=reason(error),
            )
        )
    return DataError(
        say(
            "the data cannot be processed: {reason}. Correct the data or the SQL.",
            reason=reason(error),
        )
    )


def _missing_column(name: str, near: str | None) -> MissingColumnError:
    if not near:
        problem = say(
            "column '{name}' does not exist in the input. Correct the name, or bring the column "
            "along in an earlier node.",
            name=name,
        )
    else:
        problem = say(
            "column '{name}' does not exist in the input. Did you mean {near}? Correct the name, "
            "or bring the column along in an earlier node.",
            name=name,
            near=near,
        )
    return MissingColumnError(problem, column=name)
