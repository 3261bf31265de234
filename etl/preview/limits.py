"""What the process of a preview may take: the system stops it where it takes more."""

import os
import resource
import threading

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
    # What is made of some thousand rows is small, unless a join multiplies them.
    _lower(resource.RLIMIT_FSIZE, 2 * memory)
    _lower(resource.RLIMIT_CPU, int(seconds * (os.cpu_count() or 1)) + 5)


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
