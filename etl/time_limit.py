"""The longest that a try of a node may take."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from etl.errors import TransientError
from etl.messages import say


class _TimeUp(KeyboardInterrupt):
    """The time is up.

    A KeyboardInterrupt, because the libraries that a node works with undo what they were doing on
    one: psycopg cancels the statement on the server, too.
    """


@contextmanager
def time_limit(seconds: float | None, node: str) -> Iterator[None]:
    """Stop the block after so many seconds, and raise TransientError naming the node.

    For the main thread of a process only. None is without end.
    """
    if seconds is None:
        yield
        return
    up, done = threading.Event(), threading.Event()
    worker = threading.get_ident()

    def stop() -> None:
        up.set()
        # A query in DuckDB may not look for signals; it gives way to this, and then they come.
        if engine := sys.modules.get("etl.engine"):
            engine.interrupt_queries()
        signal.pthread_kill(worker, signal.SIGALRM)

    def raise_unless_done(_number: int, _frame: FrameType | None) -> None:
        if not done.is_set():
            raise _TimeUp

    previous = signal.signal(signal.SIGALRM, raise_unless_done)
    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
        done.set()
    except BaseException:
        done.set()
        if not up.is_set():
            raise
        raise TransientError(
            say(
                "it ran longer than its timeout of {seconds:g} s, and was stopped. Give "
                "it more time or less to do.",
                seconds=seconds,
            ),
            node=node,
        ) from None
    finally:
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGALRM, previous)
