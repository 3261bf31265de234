"""DuckDB's errors in the words of someone who has drawn a graph."""

import re

import duckdb

from etl.errors import ConfigError, DataError, ETLError, MissingColumnError, TransientError

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
        near = f" Did you mean {candidates['names'].strip()}?" if candidates else ""
        return MissingColumnError(
            f"column '{missing['name']}' does not exist in the input.{near} "
            "Correct the name, or bring the column along in an earlier node.",
            column=missing["name"],
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return ConfigError(
            f"the work does not fit into the memory limit of {memory_limit}. "
            "Raise LOGIDATA_MEMORY_LIMIT, or reduce the data in an earlier node."
        )
    if isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException):
        return DataError(
            f"a value does not fit its type: {reason(error)}. "
            "Correct the data, or keep such rows out with transform.filter (TRY_CAST gives NULL)."
        )
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return ConfigError(f"the SQL does not fit the input: {reason(error)}. Correct it.")
    if isinstance(error, duckdb.PermissionException):
        return ConfigError(
            f"the SQL reaches for something outside of its inputs: {reason(error)}. Remove that."
        )
    if isinstance(error, duckdb.IOException):
        return TransientError(
            f"a file cannot be read or written: {reason(error)}. "
            "Check that the disk is neither full nor gone, then execute again."
        )
    return DataError(f"the data cannot be processed: {reason(error)}. Correct the data or the SQL.")
