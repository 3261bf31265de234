"""Which loads were committed, so that a repeated append adds nothing twice."""

from etl.databases.loading import Committed
from etl.mysql.session import Opened, fetch, run
from etl.mysql.table import Table

LEDGER = "_logidata_loads"


def prepare(opened: Opened, table: Table) -> None:
    """Make the ledger beside the table. Commits whatever is open."""
    run(
        opened,
        f"CREATE TABLE IF NOT EXISTS {table.sibling(LEDGER).sql} (execution_id VARCHAR(250),"
        " node_id VARCHAR(250), table_name VARCHAR(64) NOT NULL, `rows` BIGINT NOT NULL,"
        " loaded_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, rejected LONGBLOB,"
        " PRIMARY KEY (execution_id, node_id)) ENGINE = InnoDB"
        " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    )


def claim(
    opened: Opened, table: Table, execution_id: str, node_id: str, rows: int
) -> Committed | None:
    """Record in this transaction that a node of an execution loads `rows` into `table`.

    Return None if the load may go on, or the one that was committed before. A second load at the
    same time waits here until the first has committed or rolled back.
    """
    ledger = table.sibling(LEDGER).sql
    claimed = run(
        opened,
        f"INSERT IGNORE INTO {ledger} (execution_id, node_id, table_name, `rows`)"  # noqa: S608
        " VALUES (%s, %s, %s, %s)",
        [execution_id, node_id, table.name, rows],
    )
    if claimed == 1:
        return None
    # A locking read sees what the other has committed, whatever this transaction saw before.
    found = fetch(
        opened,
        f"SELECT `rows`, rejected FROM {ledger} WHERE execution_id = %s AND node_id = %s"  # noqa: S608
        " FOR UPDATE",
        [execution_id, node_id],
    )
    return Committed(*found[0]) if found else Committed(0, None)


def note_rejected(
    opened: Opened, table: Table, execution_id: str, node_id: str, rows: int, rejected: bytes
) -> None:
    """Record what a claimed load came to, so that its repetition can tell the same."""
    run(
        opened,
        f"UPDATE {table.sibling(LEDGER).sql} SET `rows` = %s, rejected = %s"  # noqa: S608
        " WHERE execution_id = %s AND node_id = %s",
        [rows, rejected, execution_id, node_id],
    )


def forget_old(opened: Opened, table: Table) -> None:
    """Remove what is older than 90 days: no execution is retried after so long."""
    # On its own, after the load: as a part of it, it would wait for other loads and they for it.
    run(
        opened,
        f"DELETE FROM {table.sibling(LEDGER).sql}"  # noqa: S608
        " WHERE loaded_at < now() - INTERVAL 90 DAY LIMIT 1000",
    )
