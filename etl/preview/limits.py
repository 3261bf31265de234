"""What the process of a preview may take: the system stops it where it takes more."""

import errno
import os
import resource
import threading

from etl.errors import ConfigError, DataError, ETLError
from etl.messages import say
from etl.settings import memory_bytes

# The interpreter with DuckDB and Arrow, the stacks of their threads, and what they reserve without
# using it.
_BASE_BYTES = 1_000_000_000


def limit_process(memory_limit: str, seconds: float) -> None:
    """Bound the memory, processor time and file sizes of this process.

    A node accounts for `memory_limit` itself, and takes up to half as much again; what goes
    further is refused by the system.
    """
    memory = memory_bytes(memory_limit)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_DATA, _BASE_BYTES + 2 * memory)
    _lower(resource.RLIMIT_FSIZE, _file_bytes(memory_limit))
    _lower(resource.RLIMIT_CPU, int(seconds * (os.cpu_count() or 1)) + 5)


def explained(error: ETLError, memory_limit: str) -> ETLError:
    """Return an error as it is, or in other words where it comes from a limit of this process."""
    if os.strerror(errno.EFBIG) in error.message:
        return DataError(
            say(
                "it gives more than the {most} MB that a preview may keep, though only the first "
                "rows of its sources were read. See whether its rows are multiplied, as by a join "
                "whose keys do not tell them apart.",
                most=_file_bytes(memory_limit) // 1_000_000,
            ),
            node=error.node,
        )
    if isinstance(error.__cause__, MemoryError):
        return ConfigError(
            say(
                "it needs more memory than a preview may take with LOGIDATA_MEMORY_LIMIT at "
                "{limit}. Reduce the data in an earlier node, or raise it.",
                limit=memory_limit,
            ),
            node=error.node,
        )
    return error


def _file_bytes(memory_limit: str) -> int:
    # What is made of some thousand rows is small, unless a join multiplies them.
    return 2 * memory_bytes(memory_limit)


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bounded, bounded))


def end_with(pipe: int) -> None:
    """End this process as soon as the other end of a pipe is closed: whoever asked is gone."""

    def watch() -> None:
        while os.read(pipe, 4096):
            continue
        os._exit(1)

    threading.Thread(target=watch, name="preview-parent", daemon=True).start()
