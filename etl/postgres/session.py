"""Connecting to PostgreSQL, and its errors in the words of someone who has drawn a graph."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors as pg
from psycopg import sql

from etl.connections import Connection, postgres_conninfo
from etl.databases.rejects import RowFaultError
from etl.errors import ConfigError, DataError, ETLError, TransientError
from etl.messages import say

# What libpq says when the server is there but must not let us in. Connecting gives no SQLSTATE.
_BUSY = ("starting up", "shutting down", "too many", "recovery mode", "remaining connection slots")


@contextmanager
def session(
    connection: Connection, *, read_only: bool = False, snapshot: str | None = None
) -> Iterator[psycopg.Connection]:
    """Give one transaction: committed at the end of the block, rolled back if it raises.

    It sees what the transaction saw that has exported `snapshot`.

    Raise ConfigError, DataError or TransientError, never an error of psycopg.
    """
    try:
        opened = psycopg.connect(**postgres_conninfo(connection))  # type: ignore[arg-type]
    except psycopg.OperationalError as exc:
        raise _refused(exc, connection) from None
    except psycopg.Error as exc:
        raise ConfigError(
            say(
                "connection '{connection}' cannot be used: {error}. Correct it under Connections.",
                connection=connection.id,
                error=_first_line(exc, connection),
            )
        ) from None
    opened.read_only = read_only
    try:
        with opened:
            if snapshot is not None:
                opened.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                opened.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
            yield opened
    except psycopg.Error as exc:
        raise translate(exc, connection) from exc


def _refused(exc: psycopg.OperationalError, connection: Connection) -> ETLError:
    text = _first_line(exc, connection)
    answered = "FATAL:" in str(exc) or "no password supplied" in str(exc)
    if answered and not any(word in str(exc) for word in _BUSY):
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


def _first_line(exc: psycopg.Error, connection: Connection) -> str:
    text = (exc.diag.message_primary or str(exc)).strip() or type(exc).__name__
    line = text.splitlines()[0].rstrip(".")
    return line.replace(connection.password, "***") if connection.password else line


_COPY_COLUMN = re.compile(r"COPY .*?, line \d+, column (?P<name>.*?)(?:: |$)", re.DOTALL)


@contextmanager
def guarded(connection: psycopg.Connection) -> Iterator[None]:
    """Undo what the block did, and raise RowFaultError, if the server refuses a row in it.

    To be used within a transaction.
    """
    try:
        with connection.transaction():
            yield
    except (psycopg.IntegrityError, psycopg.DataError, pg.RaiseException) as exc:
        raise _row_fault(exc) from exc
    except pg.WithCheckOptionViolation as exc:
        raise _row_fault(exc) from exc


def _row_fault(exc: psycopg.Error) -> RowFaultError:
    reason = (exc.diag.message_primary or str(exc)).strip()
    column = _COPY_COLUMN.match(exc.diag.context or "")
    named = column["name"] if column else None
    return RowFaultError(reason, exc.diag.column_name or exc.diag.constraint_name or named)


def translate(exc: psycopg.Error, connection: Connection) -> ETLError:
    """Return what an operator can do about an error that came within a transaction."""
    text = _first_line(exc, connection)
    # The context of a COPY names the line, the column and the value.
    where = (exc.diag.context or "").strip().splitlines()
    place = f" ({where[0].rstrip('.')})" if where and where[0].startswith("COPY") else ""
    if isinstance(exc, pg.InsufficientPrivilege):
        return ConfigError(
            say(
                "the login of connection '{connection}' may not do this: {error}. Grant it the "
                "privilege, or use another connection.",
                connection=connection.id,
                error=text,
            )
        )
    if isinstance(exc, pg.InvalidSchemaName | pg.UndefinedTable):
        return ConfigError(say("{error}. Create it, or correct the name.", error=text))
    if isinstance(exc, pg.ReadOnlySqlTransaction):
        return ConfigError(
            say("this node only reads, but {error}. Write with a loader instead.", error=text)
        )
    if isinstance(exc, pg.SyntaxErrorOrAccessRuleViolation):
        return ConfigError(say("the SQL is refused: {error}. Correct it.", error=text))
    if isinstance(exc, pg.NotNullViolation):
        return DataError(
            say(
                "{error}{place}. Fill the column in an earlier node, or allow NULL in the table.",
                error=text,
                place=place,
            )
        )
    if isinstance(exc, psycopg.IntegrityError):
        detail = f": {exc.diag.message_detail}" if exc.diag.message_detail else ""
        return DataError(
            say(
                "{error}{detail}. Correct the data, or load with mode upsert.",
                error=text,
                detail=detail.rstrip("."),
            )
        )
    if isinstance(exc, psycopg.DataError):
        return DataError(
            say(
                "a value does not fit its column: {error}{place}. Correct the data, or "
                "cast it with transform.select.",
                error=text,
                place=place,
            )
        )
    if isinstance(exc, psycopg.OperationalError | pg.TransactionRollback | pg.LockNotAvailable):
        return TransientError(
            say(
                "the server of connection '{connection}' broke off: {error}. Nothing was kept; "
                "execute again.",
                connection=connection.id,
                error=text,
            )
        )
    return DataError(
        say(
            "PostgreSQL refused the data: {error}{place}. Correct the data or the table.",
            error=text,
            place=place,
        )
    )
