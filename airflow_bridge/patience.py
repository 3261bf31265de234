"""For how long a caller is ready to wait for Airflow, whatever it takes to answer."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Have all calls to Airflow within the block, taken together, end after so many seconds.

    What is not answered by then raises AirflowUnavailable, in this thread only.
    """
    token = _deadline.set(min(_deadline.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left(at_most: float) -> float:
    """Return for how long to wait now; 0 once the time is over."""
    return min(at_most, max(_deadline.get() - time.monotonic(), 0.0))
