"""When the next request may go: not too many a second, and not at once after a failure."""

import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FIRST_WAIT = 0.5


class Pace:
    """Lets at most so many requests go a second, evenly."""

    def __init__(self, per_second: float | None) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._next = 0.0

    def wait(self) -> None:
        """Wait until the next request may go."""
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + self._interval


def backoff(attempt: int, ceiling: float) -> float:
    """Return the seconds to wait after failure number `attempt`, from 0: doubled, with jitter."""
    longest = min(ceiling, _FIRST_WAIT * 2.0**attempt)
    # Between half and all: many nodes that failed together must not come back together.
    return longest * random.uniform(0.5, 1)


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as such or as a date."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
