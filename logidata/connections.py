"""Database connections that outlast a request of the web server, or a task of the worker.

Making one takes longer than all queries of a usual request together: a process of the server's, a
login, and empty caches.
"""

from django.db import connections

# psycopg's pool, by threads: under ASGI each request has one of its own.
POOL = {
    "min_size": 0,
    # As many requests as may need one at a time; a further one waits.
    "max_size": 20,
    # Seconds until a request is told that the database does not answer, and until the pool, which
    # waits longer from try to try, starts afresh: after an outage all is well again as soon.
    "timeout": 4,
    "reconnect_timeout": 4,
    # A proxy or a firewall may drop one that is idle for longer.
    "max_idle": 60,
}


def pool_connections() -> None:
    """Share connections among the threads of this process, which must not fork."""
    database = connections.settings["default"]
    database["CONN_HEALTH_CHECKS"] = True
    database["OPTIONS"]["pool"] = POOL


def keep_connections(**_: object) -> None:
    """Keep this process's connection from task to task."""
    database = connections.settings["default"]
    database["CONN_HEALTH_CHECKS"] = True
    database["CONN_MAX_AGE"] = POOL["max_idle"]
