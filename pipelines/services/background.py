"""Values that take long to find, found in the background: nobody who types waits for them."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

# What is asked for here waits for other servers, and not for this machine.
_POOL = ThreadPoolExecutor(max_workers=4, thread_name_prefix="background")


class Pending(Exception):
    """The value is being looked for, and is there a little later."""


@dataclass
class _Entry(Generic[T]):
    value: "Future[T] | None" = None
    found_at: float = 0.0
    search: "Future[T] | None" = None


@dataclass(frozen=True)
class Found(Generic[T]):
    """A value; one that is not `fresh` is being looked for anew."""

    value: T
    fresh: bool


class Background(Generic[T]):
    """Values by key. One older than `fresh` seconds is given, and looked for anew meanwhile.

    The last `size` of them are kept. Threads may share one.
    """

    def __init__(self, *, fresh: float, size: int = 500) -> None:
        self._fresh = fresh
        self._size = size
        self._entries: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, find: Callable[[], T], *, wait: float) -> Found[T]:
        """Return the value, waiting at most so many seconds for one that was never there.

        Raise Pending if it is not there by then, and what `find` raised.
        """
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)
            fresh = entry.value is not None and time.monotonic() - entry.found_at < self._fresh
            if not fresh and entry.search is None:
                entry.search = _POOL.submit(self._search, entry, find)
            value, search = entry.value, entry.search
        if value is None and search is not None:
            wait_for([search], timeout=wait)
            value, fresh = search if search.done() else None, True
        if value is None:
            raise Pending
        return Found(value.result(), fresh)

    def forget(self) -> None:
        """Forget all values."""
        with self._lock:
            self._entries.clear()

    def _search(self, entry: _Entry[T], find: Callable[[], T]) -> T:
        done: Future[T] = Future()
        try:
            done.set_result(find())
        except Exception as error:  # noqa: BLE001 - handed on to whoever asks
            done.set_exception(error)
        with self._lock:
            entry.value, entry.found_at, entry.search = done, time.monotonic(), None
        return done.result()
