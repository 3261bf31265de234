"""Files that a loader leaves: whole, or as they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.context import RunContext
from etl.files.paths import writable


@contextmanager
def replaced(path: str, context: RunContext) -> Iterator[Path]:
    """Give a temporary path to write; at the end it becomes the file `path`, at once.

    If the block raises, or the execution was cancelled meanwhile, the old file stays as it was
    and the temporary one is removed.
    """
    target = writable(path, context.data_dirs)
    temporary = target.with_name(
        f".{target.name}.{context.execution_id}.{context.node_id}.{context.attempt}"[:200]
    )
    try:
        yield temporary
        context.check_stop()
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
