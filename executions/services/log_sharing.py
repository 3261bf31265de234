"""A log that grows, read from Airflow once for all who follow it at the same moment."""

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from threading import Lock

from airflow_bridge.client import LogEvent

# Seconds for which what was read is given to others: pages ask every second and a half.
FRESH = 1.0
# Seconds for which somebody waits for what another reads, before reading it as well.
_PATIENCE = 5.0
# A longer log is not kept, and no more logs than this: what is kept stays within some megabytes.
MOST_CHARACTERS, _MOST_LOGS = 4_000_000, 16
# What an event takes beside its message.
_EACH = 100


@dataclass
class _Log:
    reading: Lock = field(default_factory=Lock)
    at: float = float("-inf")
    events: tuple[LogEvent, ...] = ()


class SharedLogs:
    """What was read of logs in this process within the last second."""

    def __init__(self) -> None:
        self._logs: dict[Hashable, _Log] = {}
        self._changing = Lock()

    def events(self, key: Hashable, read: Callable[[], Iterable[LogEvent]]) -> Iterator[LogEvent]:
        """Return the events of a log: those that another has just read, or those that `read` gives.

        Raise what `read` raises.
        """
        log = self._log(key)
        if not log.reading.acquire(timeout=_PATIENCE):
            return iter(read())
        try:
            if time.monotonic() - log.at >= FRESH:
                source, size, events = iter(read()), 0, []
                for event in source:
                    events.append(event)
                    size += _EACH + len(event.message)
                    if size > MOST_CHARACTERS:
                        return chain(events, source)
                log.events, log.at = tuple(events), time.monotonic()
            return iter(log.events)
        finally:
            log.reading.release()

    def _log(self, key: Hashable) -> _Log:
        """Return the log, the newest of those that are kept."""
        with self._changing:
            log = self._logs.pop(key, None) or _Log()
            self._logs[key] = log
            while len(self._logs) > _MOST_LOGS:
                del self._logs[next(iter(self._logs))]
            return log
