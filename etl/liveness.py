"""Which nodes are running right now, as seen from outside of Airflow, and how to stop the others.

Airflow says that a task was told to stop; this says whether its process has. While a node
runs, it writes to a marker in its own folder every second, and removes it at the end. A process
that has not come so far cannot be seen: it finds the stop marker of its execution instead, and
refuses to start. A node writes its marker before it looks for the other one, and who cancels
writes the other one before looking for the node's, so that one of the two sees the other.
"""

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING

from etl.storage import Storage

if TYPE_CHECKING:
    from etl.context import RunContext

MARKER = "running"
# No node's folder: the id of a node begins with a letter.
STOP = "_cancelled"
INTERVAL = 1.0
# Seconds without a change after which a marker was left by a process that is no more.
FRESH = 10.0

# What each marker held when it was last seen to change, and when that was by our own clock.
_seen: dict[tuple[str, ...], tuple[bytes, float]] = {}
_SEEN_AT_MOST = 10_000


@contextmanager
def alive(storage: Storage, context: "RunContext") -> Iterator[None]:
    """Keep the marker of this try changing within the block, and remove it at its end."""
    marker = (*context.folder, MARKER)
    stop = threading.Event()
    process = uuid.uuid4().hex
    beats = count()

    def beat() -> None:
        storage.write(f"{process} {next(beats)}".encode(), *marker)

    def keep_beating() -> None:
        while not stop.wait(INTERVAL):
            try:
                beat()
            except OSError as exc:
                context.logger.warning("cannot say that this node is running: %s", exc)

    beat()
    thread = threading.Thread(target=keep_beating, name="logidata-liveness", daemon=True)
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
    """Return the ids of the nodes of an execution whose process may be alive.

    A node counts until its marker is gone, or this process has seen it unchanged for 10 seconds.
    No clocks of two hosts are compared.
    """
    storage = Storage(staging)
    now = monotonic()
    if len(_seen) > _SEEN_AT_MOST:
        _seen.clear()
    running = set()
    for node_id in storage.folders(execution_id):
        for attempt in storage.folders(execution_id, node_id):
            marker = (execution_id, node_id, attempt, MARKER)
            try:
                content = storage.read(*marker)
            except FileNotFoundError:
                _seen.pop((staging, *marker), None)
                continue
            before, since = _seen.get((staging, *marker), (None, now))
            if content != before:
                _seen[staging, *marker] = (content, now)
                running.add(node_id)
            elif now - since <= FRESH:
                running.add(node_id)
    return running


def request_stop(staging: str, execution_id: str, run_began: datetime | None) -> None:
    """Have every node of the run that has not begun its work refuse to.

    `run_began` is when the scheduler began the run, None if that is not known: a run that is
    cleared later begins anew, and is not stopped by what was meant for the time before.
    """
    storage, meant = Storage(staging), _moment(run_began).encode()
    try:
        if storage.read(execution_id, STOP) == meant:
            return
    except FileNotFoundError:
        pass
    storage.write(meant, execution_id, STOP)


def clear_stop(staging: str, execution_id: str) -> None:
    """Let the nodes of the execution run again."""
    Storage(staging).remove(execution_id, STOP)


def stop_requested(staging: str, execution_id: str, run_began: datetime | None) -> bool:
    """Return whether the execution, in the run that began then, was told to stop."""
    try:
        meant = Storage(staging).read(execution_id, STOP).decode()
    except FileNotFoundError:
        return False
    return not meant or run_began is None or meant == _moment(run_began)


def _moment(time: datetime | None) -> str:
    return time.astimezone(UTC).isoformat() if time is not None else ""
