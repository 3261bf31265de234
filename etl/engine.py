"""The DuckDB of one node: in memory, bounded, and locked down to the files of that node.

Before any SQL from a user is read, the engine can open only the staged inputs, the folder of
the node's own output and the file that the module declares; then its configuration is locked.
That SQL must not name any of these files either: `etl.sql_checks` sees to that.
"""

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from etl.settings import memory_bytes
from etl.sql import literal, quote

if TYPE_CHECKING:
    import duckdb

    from etl.dataset import Column

# DuckDB wants about this much for each thread that reads, sorts or writes.
_BYTES_PER_THREAD = 100_000_000

# What DuckDB is given of a node's memory: it takes up to half as much again as it accounts for,
# most for a window over all rows. It spills sooner for that, which takes no longer.
_ACCOUNTED = 0.7

# The connections whose queries a signal handler or a timer must be able to stop.
_connections: "set[duckdb.DuckDBPyConnection]" = set()


def interrupt_queries() -> None:
    """Stop the queries of this process; they end with an error. For signal handlers and threads.

    An exception alone does not stop a query: it unwinds the thread that waits for it, and DuckDB's
    other threads go on, for as long as the query takes, with the unwinding waiting for them.
    """
    for connection in _connections.copy():
        # The engine's thread may close it at this moment: then there is nothing left to stop.
        with contextlib.suppress(Exception):
            connection.interrupt()


def _source(content: "Sequence[Path | Column]") -> str:
    paths = [literal(str(item)) for item in content if isinstance(item, Path)]
    if paths:
        return f"FROM read_parquet([{', '.join(paths)}])"
    columns = [item for item in content if not isinstance(item, Path)]
    items = ", ".join(f"CAST(NULL AS {c.type}) AS {quote(c.name)}" for c in columns)
    return f"SELECT {items} WHERE false"


class Engine:
    """A DuckDB connection, opened at first use, whose tables are the node's inputs.

    `tables` maps a table's name to its Parquet files, or to the columns of a table without rows;
    `folder` is the only folder that can be written. Temporary files go below it, and memory stays
    near `memory_limit`.
    """

    def __init__(
        self,
        *,
        tables: "Mapping[str, Sequence[Path] | Sequence[Column]]",
        folder: Path,
        memory_limit: str,
    ) -> None:
        self._tables: dict[str, list[Path | Column]] = {
            name: list(content) for name, content in tables.items()
        }
        self.folder = folder
        # For files that a module needs while its lazy output is being written.
        self._memory = memory_bytes(memory_limit)
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def scratch(self) -> Path:
        """A folder for files that the engine may reach, and that go when it closes."""
        folder = self.folder / ".scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def connect(self, *, files: Sequence[Path] = ()) -> "duckdb.DuckDBPyConnection":
        """Return the locked connection, which can also read and write `files`.

        The files must be named at the first call: once locked, the engine admits no more.
        """
        if self._connection is None:
            self._connection = self._open(files)
        elif files:
            raise RuntimeError("The engine is locked already: name all files at its first use.")
        return self._connection

    def _open(self, files: Sequence[Path]) -> "duckdb.DuckDBPyConnection":
        import duckdb

        inputs = [
            item for content in self._tables.values() for item in content if isinstance(item, Path)
        ]
        allowed = ", ".join(literal(str(path)) for path in [*inputs, *files])
        threads = max(1, min(os.cpu_count() or 1, self._memory // _BYTES_PER_THREAD))
        connection = duckdb.connect(":memory:")
        for statement in (
            f"SET memory_limit = '{int(self._memory * _ACCOUNTED)}B'",
            f"SET threads = {threads}",
            f"SET temp_directory = {literal(str(self.folder / '.spill'))}",
            # Otherwise a table name in SQL could stand for a Python variable of ours.
            "SET python_enable_replacements = false",
            "SET allow_persistent_secrets = false",
            "SET autoinstall_known_extensions = false",
            "SET autoload_known_extensions = false",
            # Times with a zone mean the same on every machine.
            "SET TimeZone = 'UTC'",
            "SET enable_progress_bar = false",
            f"SET allowed_paths = [{allowed}]",
            f"SET allowed_directories = [{literal(str(self.folder))}]",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            connection.execute(statement)
        for name, content in self._tables.items():
            connection.execute(f"CREATE VIEW {quote(name)} AS {_source(content)}")
        _connections.add(connection)
        return connection

    def close(self) -> None:
        """End what still runs, and release the memory and the temporary files of the engine."""
        if self._connection is not None:
            _connections.discard(self._connection)
            # After a signal the threads of a query would otherwise go on.
            self._connection.interrupt()
            self._connection.close()
            self._connection = None
        shutil.rmtree(self.folder / ".scratch", ignore_errors=True)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
