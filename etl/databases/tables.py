"""Which tables and views a database has, named as nodes name them: for those who pick one."""

from collections.abc import Sequence
from pathlib import Path

from etl.connections import Connection, dialect_of, sqlite_path
from etl.databases.patience import ANSWER_SECONDS, hurried

MOST_TABLES = 200


def table_names(connection: Connection, search: str, data_dirs: Sequence[Path]) -> list[str]:
    """Return the names that hold a text, case aside, at most 200; those without a schema first.

    Raise ETLError if the connection leads to no database that can be read, is refused, or its
    server takes long.
    """
    connection = hurried(connection)
    match dialect_of(connection):
        case "postgres":
            return _postgres(connection, search)
        case "mysql":
            return _mysql(connection, search)
        case "sqlite":
            return _sqlite(connection, search, data_dirs)


def _postgres(connection: Connection, search: str) -> list[str]:
    from etl.postgres.session import session

    with session(connection, read_only=True) as opened:
        opened.execute(f"SET LOCAL statement_timeout = {ANSWER_SECONDS * 1000}")
        rows = opened.execute(
            """
            WITH named AS (
                SELECT pg_table_is_visible(c.oid) AS visible,
                       CASE WHEN pg_table_is_visible(c.oid) THEN c.relname::text
                            ELSE n.nspname || '.' || c.relname END AS name
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
                  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'
            )
            SELECT name FROM named WHERE position(lower(%s) IN lower(name)) > 0
            ORDER BY NOT visible, name LIMIT %s
            """,
            [search, MOST_TABLES],
        )
        return [str(name) for (name,) in rows]


def _mysql(connection: Connection, search: str) -> list[str]:
    from etl.mysql.session import fetch, session

    with session(connection, patience=ANSWER_SECONDS) as opened:
        rows = fetch(
            opened,
            """
            SELECT name FROM (
                SELECT table_schema <=> DATABASE() AS visible,
                       IF(table_schema <=> DATABASE(), table_name,
                          CONCAT(table_schema, '.', table_name)) AS name
                FROM information_schema.tables
                WHERE table_schema NOT IN
                      ('information_schema', 'mysql', 'performance_schema', 'sys')
            ) AS named
            WHERE LOCATE(LOWER(%s), LOWER(name)) > 0
            ORDER BY NOT visible, name LIMIT %s
            """,
            [search, MOST_TABLES],
        )
    return [str(name) for (name,) in rows]


def _sqlite(connection: Connection, search: str, data_dirs: Sequence[Path]) -> list[str]:
    from etl.files.paths import readable
    from etl.sqlite.session import session

    path = readable(sqlite_path(connection), data_dirs)
    with session(path, read_only=True, patience=ANSWER_SECONDS) as opened:
        rows = opened.execute(
            """
            SELECT name FROM sqlite_master
            WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
              AND instr(lower(name), lower(?)) > 0
            ORDER BY name LIMIT ?
            """,
            [search, MOST_TABLES],
        )
        return [str(name) for (name,) in rows]
