"""Which loads were committed, so that a repeated append adds nothing twice."""

import psycopg
from psycopg import sql

from etl.postgres.table import Table, existing_columns

LEDGER = "_logidata_loads"

# No execution is retried after so long; without an end the table would only grow.
_KEPT = "90 days"


def claim(
    connection: psycopg.Connection, table: Table, execution_id: str, node_id: str, rows: int
) -> int | None:
    """Record in this transaction that a node of an execution loads `rows` into `table`.

    Return None if the load may go on, or the rows of the one that was committed before. A
    second load at the same time waits here until the first has committed or rolled back.
    """
    ledger = table.sibling(LEDGER)
    if existing_columns(connection, ledger) is None:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(ledger)])
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (execution_id text, node_id text,"
                " table_name text NOT NULL, rows bigint NOT NULL,"
                " loaded_at timestamptz NOT NULL DEFAULT now(),"
                " PRIMARY KEY (execution_id, node_id))"
            ).format(ledger.identifier)
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
        sql.SQL("SELECT rows FROM {} WHERE execution_id = %s AND node_id = %s").format(
            ledger.identifier
        ),
        [execution_id, node_id],
    ).fetchone()
    return int(row[0]) if row else 0


def _forget_old(connection: psycopg.Connection, ledger: Table) -> None:
    # Rows that another load is removing at the moment are left to it, not waited for.
    connection.execute(
        sql.SQL(
            "DELETE FROM {0} WHERE (execution_id, node_id) IN (SELECT execution_id, node_id"
            " FROM {0} WHERE loaded_at < now() - {1}::interval LIMIT 1000 FOR UPDATE SKIP LOCKED)"
        ).format(ledger.identifier, sql.Literal(_KEPT))
    )
