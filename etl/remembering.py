"""Remembering what was found out, so that it is not found out again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from etl.errors import ETLError

T = TypeVar("T")


class Memory(Generic[T]):
    """The last `size` findings, refusals included. Threads may share one."""

    def __init__(self, size: int = 2000) -> None:
        self._found: OrderedDict[Hashable, T | ETLError] = OrderedDict()
        self._size = size
        self._lock = Lock()

    def recall(self, key: Hashable, find: Callable[[], T]) -> T:
        """Return what was found for `key`, or find it now; raise the ETLError that came of it."""
        with self._lock:
            found = self._found.get(key)
        if found is None:
            try:
                found = find()
            except ETLError as error:
                found = error
            with self._lock:
                self._found[key] = found
                if len(self._found) > self._size:
                    self._found.popitem(last=False)
        if isinstance(found, ETLError):
            # Without the places where it was raised before, of which there would be ever more.
            raise found.with_traceback(None)
        return found
