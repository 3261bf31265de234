"""How long a database is waited for while somebody draws a pipeline."""

from dataclasses import replace

from etl.connections import Connection

# For the connection, and then for each answer. A server tells tables and columns in milliseconds;
# but a firewall may swallow all that is sent, and a table may stay locked for hours.
CONNECT_SECONDS = 3
ANSWER_SECONDS = 4


def hurried(connection: Connection) -> Connection:
    """Return a connection that is given up where its server does not answer in time."""
    limits = {
        "connect_timeout": str(CONNECT_SECONDS),
        "tcp_user_timeout": str(ANSWER_SECONDS * 1000),
    }
    return replace(connection, extra={**connection.extra, **limits})
