"""Which nodes are running right now, as seen from outside of Airflow.

Airflow says that a task was told to stop; this says whether its process has. While a node
runs, a marker in its own folder is touched every second, and it is removed at the end.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from etl.context import RunContext
from etl.storage import Storage

MARKER = "running"
INTERVAL = 1.0
FRESH = timedelta(seconds=10)


@contextmanager
def alive(storage: Storage, context: RunContext) -> Iterator[None]:
    """Keep the marker of this try fresh within the block, and remove it at its end."""
    marker = (*context.folder, MARKER)
    stop = threading.Event()

    def touch() -> None:
        while not stop.wait(INTERVAL):
            try:
                storage.write(b"", *marker)
            except OSError as exc:
                context.logger.warning("cannot say that this node is running: %s", exc)

    storage.write(b"", *marker)
    thread = threading.Thread(target=touch, name="logidata-liveness", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        # Wait for a write under way, or it would bring the marker back.
        thread.join()
        try:
            storage.remove(*marker)
        except OSError:
            # It goes stale by itself; what the block raised matters more.
            logging.getLogger(__name__).debug("cannot remove a marker", exc_info=True)


def running_nodes(staging: str, execution_id: str) -> set[str]:
    """Return the ids of the nodes of an execution whose process was alive within 10 seconds."""
    storage = Storage(staging)
    now = datetime.now(UTC)
    running = set()
    for node_id in storage.folders(execution_id):
        for attempt in storage.folders(execution_id, node_id):
            touched = storage.modified(execution_id, node_id, attempt, MARKER)
            if touched is not None and now - touched <= FRESH:
                running.add(node_id)
    return running
