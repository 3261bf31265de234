"""Connecting to MySQL or MariaDB, and its errors in the words of someone who has drawn a graph."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import pymysql
from pymysql import err

from etl.connections import Connection, mysql_arguments
from etl.databases.rejects import RowFaultError
from etl.errors import ConfigError, DataError, ETLError, TransientError
from etl.messages import say

# PyMySQL brings no types.
Opened: TypeAlias = Any

# Without the strict mode a value that does not fit is changed, and only warned of.
_MODE = (
    "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION"
)

# The numbers of the errors that say that a row is at fault, of both servers.
_ROW_FAULTS = {1048, 1062, 1264, 1265, 1292, 1366, 1367, 1406, 1411, 1416, 1452, 1526, 1557, 1644}
_ROW_FAULTS |= {1690, 1916, 3140, 3819, 3903, 4025, 4038}
_REFUSED = {1044, 1045, 1049, 1130, 1251, 1698}
_NOT_ALLOWED = {1142, 1143, 1227, 1290, 1370, 1419}
_SQL = {1051, 1052, 1054, 1060, 1064, 1065, 1146, 1149, 1305, 1790, 1792}
_UNAVAILABLE = {1040, 1053, 1077, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1317, 1969, 2002, 2003}
_UNAVAILABLE |= {2006, 2013, 2055, 3024}

_PLACE = re.compile(r" at row \d+$")
_COLUMN = re.compile(r"olumn '?(?P<name>[^']+?)'?(?: at row| cannot|$)")
_KEY = re.compile(r"for key '(?P<name>[^']+)'")
_CONSTRAINT = re.compile(r"CONSTRAINT `(?P<name>[^`]+)`")


@contextmanager
def session(connection: Connection, *, patience: float | None = None) -> Iterator[Opened]:
    """Give a connection that commits each statement, unless a transaction is started.

    A statement, and locks that others hold, are waited for so many seconds; with None, as long as
    the server is told to.

    Raise ConfigError, DataError or TransientError, never an error of PyMySQL.
    """
    try:
        opened = pymysql.connect(
            **mysql_arguments(connection),
            charset="utf8mb4",
            autocommit=True,
            local_infile=True,
            # One that says nothing at all, neither at first nor later.
            read_timeout=_longest(patience),
            write_timeout=_longest(patience),
        )
    except (err.MySQLError, OSError) as exc:
        raise _refused(exc, connection) from None
    # A server may ask for any file of ours in answer to any statement: see `loading`.
    opened._local_infile = False
    try:
        run(opened, f"SET SESSION sql_mode = '{_MODE}', time_zone = '+00:00'")
        if patience is not None:
            _limit(opened, patience)
        yield opened
    except err.MySQLError as exc:
        raise translate(exc, connection) from exc
    finally:
        # What was not committed is rolled back by the server.
        try:
            opened.close()
        except err.Error:
            opened._force_close()


def _longest(patience: float | None) -> float | None:
    # A little more, so that it is the server that ends a statement, and does not go on with it.
    return patience + 1 if patience is not None else None


def _limit(opened: Opened, seconds: float) -> None:
    whole = max(1, round(seconds))
    run(opened, f"SET SESSION lock_wait_timeout = {whole}, innodb_lock_wait_timeout = {whole}")
    if "MariaDB" in opened.get_server_info():
        run(opened, f"SET SESSION max_statement_time = {seconds:g}")
    else:
        run(opened, f"SET SESSION max_execution_time = {round(seconds * 1000)}")


def run(opened: Opened, statement: str, values: Sequence[object] | None = None) -> int:
    """Run a statement and return how many rows it touched."""
    with opened.cursor() as cursor:
        return int(cursor.execute(statement, values))


def fetch(
    opened: Opened, statement: str, values: Sequence[object] | None = None
) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    with opened.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


@contextmanager
def guarded(opened: Opened) -> Iterator[None]:
    """Undo what the block did, and raise RowFaultError, if the server refuses a row in it."""
    run(opened, "SAVEPOINT logidata")
    try:
        yield
    except (err.MySQLError, RowFaultError) as exc:
        if not isinstance(exc, RowFaultError) and _number(exc) not in _ROW_FAULTS:
            raise
        run(opened, "ROLLBACK TO SAVEPOINT logidata")
        if isinstance(exc, RowFaultError):
            raise
        raise _row_fault(exc) from exc
    run(opened, "RELEASE SAVEPOINT logidata")


def _number(exc: Exception) -> int:
    return exc.args[0] if exc.args and isinstance(exc.args[0], int) else 0


def _text(exc: Exception, connection: Connection | None = None) -> str:
    text = str(exc.args[-1] if exc.args else exc).strip().splitlines()
    line = text[0].rstrip(".") if text else type(exc).__name__
    secret = connection.password if connection else None
    return line.replace(secret, "***") if secret else line


def _row_fault(exc: Exception) -> RowFaultError:
    # The row is one of a piece of the rows, whose number says nothing to anybody.
    reason = _PLACE.sub("", _text(exc))
    found = _KEY.search(reason) or _CONSTRAINT.search(reason) or _COLUMN.search(reason)
    name = found["name"].replace("`", "").rpartition(".")[2] if found else None
    return RowFaultError(reason, name)


def _refused(exc: Exception, connection: Connection) -> ETLError:
    text = _text(exc, connection)
    if _number(exc) in _REFUSED:
        return ConfigError(
            say(
                "the server refused connection '{connection}': {error}. Correct its login, "
                "password and database under Connections.",
                connection=connection.id,
                error=text,
            )
        )
    return TransientError(
        say(
            "the server of connection '{connection}' cannot be reached: {error}. Check its "
            "host and port, and that the server runs; then execute again.",
            connection=connection.id,
            error=text,
        )
    )


def translate(exc: Exception, connection: Connection) -> ETLError:
    """Return what an operator can do about an error that came after connecting."""
    number, text = _number(exc), _text(exc, connection)
    if number in _NOT_ALLOWED or number in _REFUSED:
        return ConfigError(
            say(
                "the login of connection '{connection}' may not do this: {error}. Grant it the "
                "privilege, or use another connection.",
                connection=connection.id,
                error=text,
            )
        )
    if number in _UNAVAILABLE:
        return TransientError(
            say(
                "the server of connection '{connection}' broke off: {error}. Nothing was kept; "
                "execute again.",
                connection=connection.id,
                error=text,
            )
        )
    if number in _SQL:
        return ConfigError(say("the SQL is refused: {error}. Correct it.", error=text))
    if number in _ROW_FAULTS:
        return DataError(
            say("{error}. Correct the data, or set such rows aside with max_rejected.", error=text)
        )
    return DataError(
        say("the server refused the data: {error}. Correct the data or the table.", error=text)
    )
