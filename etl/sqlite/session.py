"""Opening a SQLite file, and its errors in the words of someone who has drawn a graph."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.databases.rejects import RowFaultError
from etl.errors import ConfigError, DataError, ETLError, TransientError
from etl.messages import say

# How long to wait for another process that has the file.
_WAIT_SECONDS = 60
_CONSTRAINT = re.compile(r"(?:UNIQUE|NOT NULL|CHECK) constraint failed: (?P<what>.+)")


@contextmanager
def session(
    path: Path, *, read_only: bool = False, patience: float | None = None
) -> Iterator[sqlite3.Connection]:
    """Give one transaction: committed at the end of the block, rolled back if it raises.

    Another process that has the file is waited for a minute, or so many seconds.

    Raise ConfigError, DataError or TransientError, never an error of sqlite3.
    """
    try:
        mode = "ro" if read_only else "rwc"
        # Without an isolation level Python begins and ends no transaction on its own.
        # DuckDB asks for one batch after the other, but not always in the same thread.
        opened = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=_WAIT_SECONDS if patience is None else patience,
            check_same_thread=False,
        )
    except sqlite3.Error as exc:
        raise translate(exc, path) from None
    try:
        opened.set_authorizer(_no_other_files)
        opened.execute("PRAGMA foreign_keys = ON")
        # A writer begins as such: two loads would else both read, and neither could go on.
        opened.execute("BEGIN" if read_only else "BEGIN IMMEDIATE")
        yield opened
        opened.execute("COMMIT")
    except sqlite3.Error as exc:
        raise translate(exc, path) from exc
    finally:
        # Closing rolls back what was not committed.
        opened.close()


def _no_other_files(action: int, *_: object) -> int:
    forbidden = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if forbidden else sqlite3.SQLITE_OK


@contextmanager
def guarded(connection: sqlite3.Connection) -> Iterator[None]:
    """Undo what the block did, and raise RowFaultError, if the table refuses a row in it."""
    connection.execute("SAVEPOINT logidata")
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.DataError, RowFaultError) as exc:
        connection.execute("ROLLBACK TO logidata")
        connection.execute("RELEASE logidata")
        if isinstance(exc, RowFaultError):
            raise
        raise _row_fault(exc) from exc
    else:
        connection.execute("RELEASE logidata")


def _row_fault(exc: sqlite3.Error) -> RowFaultError:
    found = _CONSTRAINT.search(str(exc))
    field = (
        ", ".join(part.rpartition(".")[2] for part in found["what"].split(", ")) if found else ""
    )
    return RowFaultError(str(exc), field or None)


def translate(exc: sqlite3.Error, path: Path) -> ETLError:
    """Return what an operator can do about an error of SQLite."""
    text = str(exc).rstrip(".")
    if isinstance(exc, sqlite3.IntegrityError | sqlite3.DataError):
        return DataError(
            say("{error}. Correct the data, or set such rows aside with max_rejected.", error=text)
        )
    if "locked" in text or "busy" in text:
        return TransientError(
            say(
                "another process has '{name}' ({error}). Nothing was kept; execute again.",
                name=path.name,
                error=text,
            )
        )
    if any(word in text for word in ("disk I/O", "full", "unable to open")):
        return TransientError(
            say(
                "'{name}' cannot be used: {error}. Check its folder and disk, then execute again.",
                name=path.name,
                error=text,
            )
        )
    if any(word in text for word in ("not a database", "malformed", "readonly")):
        return ConfigError(
            say("'{name}' cannot be used: {error}. Name another file.", name=path.name, error=text)
        )
    return ConfigError(say("the SQL is refused: {error}. Correct it.", error=text))
