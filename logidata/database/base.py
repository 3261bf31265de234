"""Connections that outlast a request.

Under ASGI every request runs in a thread of its own, and Django's persistent connections belong to
a thread. A new connection costs more than all queries of a usual request together: a process of
the server's, a login, and empty caches. So what a request leaves is handed to one that follows.

Not by psycopg's own pool: it is waited for when it is used up, and backs off after an outage,
while here a new connection is made, or its error raised, at once.
"""

import time
from collections import deque
from typing import Any, ClassVar

from django.db.backends.postgresql import base
from psycopg import Connection, Error, IsolationLevel
from psycopg.pq import TransactionStatus

# More are closed when they are given back. In all, as many may be open as requests run at a time.
MOST_KEPT = 10
# A proxy or a firewall may have dropped one that was idle for longer.
IDLE_SECONDS = 60.0


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL as Django knows it; the web server sets `keeps_connections`.

    What a connection is left with stays with it: code that sets something for its session, or takes
    a lock, takes that back.
    """

    # Not for processes that fork: two of them would speak over one connection.
    keeps_connections: ClassVar[bool] = False
    # The last one first, so that what a busy minute has left grows old. With when it was left.
    _kept: ClassVar[deque[tuple[Connection[Any], float]]] = deque()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a kept connection that still works, or a new one."""
        while self._kept:
            try:
                connection, left = self._kept.pop()
            except IndexError:
                # Another thread was faster.
                break
            if time.monotonic() - left < IDLE_SECONDS and _works(connection):
                self.isolation_level = IsolationLevel.READ_COMMITTED
                return connection
            connection.close()
        return super().get_new_connection(conn_params)

    def _close(self) -> None:
        connection = self.connection
        if (
            not self.keeps_connections
            or connection is None
            or connection.info.transaction_status != TransactionStatus.IDLE
            or len(self._kept) >= MOST_KEPT
        ):
            super()._close()  # type: ignore[misc] # its stubs leave it out
        else:
            self._kept.append((connection, time.monotonic()))
            # Whoever still holds this wrapper must not speak over it any more.
            self.connection = None


def _works(connection: Connection[Any]) -> bool:
    """Ask whether the server is still there: it may have been restarted meanwhile."""
    try:
        connection.execute("")
    except Error:
        return False
    return True
