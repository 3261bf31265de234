"""Which loads were committed, so that a repeated append adds nothing twice."""

import sqlite3

from etl.databases.loading import Committed

LEDGER = "_logidata_loads"
_KEPT = "-90 days"


def claim(
    connection: sqlite3.Connection, table: str, execution_id: str, node_id: str, rows: int
) -> Committed | None:
    """Record in this transaction that a node of an execution loads `rows` into `table`.

    Return None if the load may go on, or the one that was committed before.
    """
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {LEDGER} (execution_id TEXT, node_id TEXT,"
        " table_name TEXT NOT NULL, rows INTEGER NOT NULL, loaded_at TEXT NOT NULL"
        " DEFAULT (datetime('now')), rejected BLOB, PRIMARY KEY (execution_id, node_id))"
    )
    claimed = connection.execute(
        f"INSERT INTO {LEDGER} (execution_id, node_id, table_name, rows) VALUES (?, ?, ?, ?)"  # noqa: S608
        " ON CONFLICT DO NOTHING",
        [execution_id, node_id, table, rows],
    )
    if claimed.rowcount == 1:
        connection.execute(
            f"DELETE FROM {LEDGER} WHERE loaded_at < datetime('now', ?)",  # noqa: S608
            [_KEPT],
        )
        return None
    row = connection.execute(
        f"SELECT rows, rejected FROM {LEDGER} WHERE execution_id = ? AND node_id = ?",  # noqa: S608
        [execution_id, node_id],
    ).fetchone()
    return Committed(*row) if row else Committed(0, None)


def note_rejected(
    connection: sqlite3.Connection, execution_id: str, node_id: str, rows: int, rejected: bytes
) -> None:
    """Record what a claimed load came to, so that its repetition can tell the same."""
    connection.execute(
        f"UPDATE {LEDGER} SET rows = ?, rejected = ? WHERE execution_id = ? AND node_id = ?",  # noqa: S608
        [rows, rejected, execution_id, node_id],
    )
