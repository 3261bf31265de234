"""SQL as text: what is quoted in it, and the tree that DuckDB makes of it."""

import json
import os
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from etl.messages import say

if TYPE_CHECKING:
    import duckdb

_CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}

INPUT = "input"


class SQLRefusedError(ValueError):
    """SQL that is not allowed here; the message says why and what to write instead."""


def quote(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as a quoted SQL string."""
    return "'" + text.replace("'", "''") + "'"


def is_deterministic(text: str) -> bool:
    """Return whether a checked expression gives the same value however often it is computed."""
    tree = parse(f"SELECT (\n{text}\n)")
    names = {item["function_name"].lower() for item in dicts(tree) if "function_name" in item}
    # The standard's functions without parentheses are read as columns.
    names |= {
        item["column_names"][-1].lower() for item in dicts(tree) if item.get("column_names")
    } & _CLOCKS
    return not names & (_changing_functions(os.getpid()) | _CLOCKS)


@lru_cache(maxsize=1)
def _changing_functions(pid: int) -> frozenset[str]:
    """Return the names of the functions that give another value each time, or in each query."""
    rows = (
        _parser(pid)
        .cursor()
        .execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
        )
    )
    return frozenset(name for (name,) in rows.fetchall())


@lru_cache(maxsize=1)
def _parser(pid: int) -> "duckdb.DuckDBPyConnection":
    # One a process, since a forked child must not use its parent's.
    import duckdb

    return duckdb.connect(
        ":memory:",
        config={
            "threads": "1",
            "enable_external_access": "false",
            "python_enable_replacements": "false",
            "lock_configuration": "true",
        },
    )


def parse(text: str) -> dict[str, Any]:
    """Return DuckDB's own tree of some SQL; raise SQLRefusedError for what is no SELECT."""
    if "\x00" in text:
        raise SQLRefusedError(say("The SQL holds a NUL character. Remove it"))
    import duckdb

    # The text is parsed here, and never run. It is no bound parameter, because binding one makes
    # DuckDB import pandas, which takes longer than all the rest of a small node.
    serialize = (
        f"SELECT json_serialize_sql({literal(text)}, skip_null := false, skip_empty := false,"
        " skip_default := false)"
    )
    try:
        # A cursor, because a connection may serve one thread at a time only.
        row = _parser(os.getpid()).cursor().execute(serialize).fetchone()
    except duckdb.Error as exc:
        raise SQLRefusedError(
            say("The SQL cannot be read: {reason}. Correct it", reason=_first_line(exc))
        ) from None
    tree: dict[str, Any] = json.loads(row[0]) if row else {}
    if tree.get("error", True):
        if tree.get("error_type") == "parser":
            raise SQLRefusedError(
                say("The SQL has an error: {reason}. Correct it", reason=tree["error_message"])
            )
        raise SQLRefusedError(say("Only a SELECT is allowed here. Remove every other statement"))
    return tree


def _first_line(exc: Exception) -> str:
    return str(exc).strip().splitlines()[0]


def dicts(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object within a tree."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
