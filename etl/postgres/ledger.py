"""Which loads were committed, so that a repeated append adds nothing twice."""

import psycopg
from psycopg import sql

from etl.databases.loading import Committed
from etl.postgres.table import Table, existing_columns

LEDGER = "_logidata_loads"

# No execution is retried after so long; without an end the table would only grow.
_KEPT = "90 days"


def claim(
    connection: psycopg.Connection, table: Table, execution_id: str, node_id: str, rows: int
) -> Committed | None:
    """Record in this transaction that a node of an execution loads `rows` into `table`.

    Return None if the load may go on, or the one that was committed before. A second load
    at the same time waits here until the first has committed or rolled back.
    """
    ledger = table.sibling(LEDGER)
    columns = existing_columns(connection, ledger)
    if columns is None:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(ledger)])
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (execution_id text, node_id text,"
                " table_name text NOT NULL, rows bigint NOT NULL,"
                " loaded_at timestamptz NOT NULL DEFAULT now(), rejected bytea,"
                " PRIMARY KEY (execution_id, node_id))"
            ).format(ledger.identifier)
        )
    elif "rejected" not in columns:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS rejected bytea").format(
                ledger.identifier
            )
        )
    claimed = connection.execute(
        sql.SQL(
            "INSERT INTO {} (execution_id, node_id, table_name, rows) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING"
        ).format(ledger.identifier),
        [execution_id, node_id, table.name, rows],
    )
    if claimed.rowcount == 1:
        _forget_old(connection, ledger)
        return None
    row = connection.execute(
        sql.SQL("SELECT rows, rejected FROM {} WHERE execution_id = %s AND node_id = %s").format(
            ledger.identifier
        ),
        [execution_id, node_id],
    ).fetchone()
    return Committed(*row) if row else Committed(0, None)


def note_rejected(
    connection: psycopg.Connection,
    table: Table,
    execution_id: str,
    node_id: str,
    rows: int,
    rejected: bytes,
) -> None:
    """Record what a claimed load came to, so that its repetition can tell the same."""
    connection.execute(
        sql.SQL(
            "UPDATE {} SET rows = %s, rejected = %s WHERE execution_id = %s AND node_id = %s"
        ).format(table.sibling(LEDGER).identifier),
        [rows, rejected, execution_id, node_id],
    )


def _forget_old(connection: psycopg.Connection, ledger: Table) -> None:
    # Rows that another load is removing at the moment are left to it, not waited for.
    connection.execute(
        sql.SQL(
            "DELETE FROM {0} WHERE (execution_id, node_id) IN (SELECT execution_id, node_id"
            " FROM {0} WHERE loaded_at < now() - {1}::interval LIMIT 1000 FOR UPDATE SKIP LOCKED)"
        ).format(ledger.identifier, sql.Literal(_KEPT))
    )
