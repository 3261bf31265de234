"""Values that take long to find, found in the background: nobody who types waits for them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

# Searches that run at once. One that outlasts the patience with its source counts no longer: a
# source that hangs takes nobody's place.
_AT_ONCE = 8
# Those of one source that may hang at the same time.
_OF_ONE_SOURCE = 2


class Pending(Exception):
    """The value is being looked for, and is there a little later."""


class Unanswered(Exception):
    """Its source does not answer, and is left alone for some seconds."""


@dataclass(eq=False)
class _Search(Generic[T]):
    entry: "_Entry[T]"
    source: Hashable
    find: Callable[[], T]
    began: float | None = None
    done: threading.Event = field(default_factory=threading.Event)


@dataclass(eq=False)
class _Entry(Generic[T]):
    value: "Future[T] | None" = None
    found_at: float = 0.0
    search: _Search[T] | None = None


@dataclass(frozen=True)
class Found(Generic[T]):
    """A value: whether it is `fresh`, and whether a fresher one is `pending`."""

    value: T
    fresh: bool
    pending: bool


class Background(Generic[T]):
    """Values by key. One older than `fresh` seconds is given, and looked for anew meanwhile.

    A source that takes longer than `patience` seconds holds up nobody but those who ask for what
    it has; once it has failed after that long, it is left alone for `pause` seconds. The last
    `size` values are kept. Threads may share one.
    """

    def __init__(
        self, *, fresh: float, patience: float = 3.0, pause: float = 10.0, size: int = 500
    ) -> None:
        self._fresh = fresh
        self._patience = patience
        self._pause = pause
        self._size = size
        self._entries: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._waiting: list[_Search[T]] = []
        self._running: list[_Search[T]] = []
        self._left_alone: dict[Hashable, float] = {}
        self._lock = threading.Lock()

    def get(
        self,
        key: Hashable,
        find: Callable[[], T],
        *,
        wait: float,
        source: Hashable = "",
        anew: bool = False,
    ) -> Found[T]:
        """Return the value, waiting at most so many seconds for one that was never there.

        With `anew` a value that is there is looked for and waited for, too. Raise Pending if there
        is none by then, Unanswered if its source does not answer, and what `find` raised.
        """
        asked_at = time.monotonic()
        with self._lock:
            entry = self._entry(key)
            if anew or not self._is_fresh(entry):
                self._look_for(entry, source, find)
            self._begin_searches()
            search, waits = entry.search, anew or entry.value is None
        if search is not None and waits:
            search.done.wait(wait)
        with self._lock:
            away = self._is_away(source)
            if entry.value is None:
                raise Unanswered if away else Pending
            # What was found before somebody wanted it anew may be wrong by now.
            fresh = entry.found_at >= asked_at if anew else self._is_fresh(entry)
            pending = entry.search is not None and not away
            value = entry.value
        return Found(value.result(), fresh, pending)

    def _entry(self, key: Hashable) -> _Entry[T]:
        entry = self._entries.setdefault(key, _Entry())
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
        return entry

    def _is_fresh(self, entry: _Entry[T]) -> bool:
        return entry.value is not None and time.monotonic() - entry.found_at < self._fresh

    def _look_for(self, entry: _Entry[T], source: Hashable, find: Callable[[], T]) -> None:
        if entry.search is None and not self._is_away(source):
            entry.search = _Search(entry, source, find)
            self._waiting.append(entry.search)
        if len(self._waiting) > self._size:
            self._drop(self._waiting.pop(0))

    def _begin_searches(self) -> None:
        """Begin what there is room for: the youngest first, since somebody waits for that one."""
        for search in reversed(self._waiting.copy()):
            if self._is_away(search.source):
                self._waiting.remove(search)
                self._drop(search)
                continue
            of_source = sum(other.source == search.source for other in self._running)
            if of_source >= _OF_ONE_SOURCE:
                continue
            if sum(not self._is_late(other) for other in self._running) >= _AT_ONCE:
                return
            self._waiting.remove(search)
            search.began = time.monotonic()
            self._running.append(search)
            # Daemons: a source that hangs must not keep the web server from ending.
            threading.Thread(
                target=self._search, args=(search,), name="background", daemon=True
            ).start()

    def _search(self, search: _Search[T]) -> None:
        found: Future[T] = Future()
        try:
            found.set_result(search.find())
        except Exception as error:  # noqa: BLE001 - handed on to whoever asks
            found.set_exception(error)
        with self._lock:
            self._running.remove(search)
            if self._is_late(search) and found.exception() is not None:
                self._left_alone[search.source] = time.monotonic() + self._pause
            else:
                search.entry.value, search.entry.found_at = found, time.monotonic()
            self._drop(search)
            self._begin_searches()

    def _drop(self, search: _Search[T]) -> None:
        search.entry.search = None
        search.done.set()

    def _is_late(self, search: _Search[T]) -> bool:
        return search.began is not None and time.monotonic() - search.began >= self._patience

    def _is_away(self, source: Hashable) -> bool:
        """Whether a source has not answered, now or a moment ago."""
        if self._left_alone.get(source, 0.0) > time.monotonic():
            return True
        self._left_alone.pop(source, None)
        return any(self._is_late(search) for search in self._running if search.source == source)
