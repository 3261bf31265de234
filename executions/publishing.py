"""Tell the open pages which executions changed: one message for many of them, after the commit.

Whoever commits only leaves word. A thread of this process sends it, so that a Redis that is slow or
away costs a transaction nothing; pages then see the change when they next look by themselves.
"""

import asyncio
import atexit
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable

from channels.layers import get_channel_layer
from django.db import transaction

from executions.absence import Absence

logger = logging.getLogger(__name__)

GROUP = "executions"
"""The group of the channel layer in which every web server listens."""
MESSAGE = "executions.changed"

# Changes that follow this closely on a message wait for the next one: seconds.
_APART = 0.05
# How long Redis may take for one message, and how long an ending process waits for its last one.
_SECONDS = 2.0
_LAST_SECONDS = 0.5

Changed = frozenset[str] | None
"""Ids of executions; None for all of them."""


def publish_changed(execution_ids: Iterable[uuid.UUID]) -> None:
    """Have the pages of these executions look again once what changed is committed; never raise."""
    changed = frozenset(map(str, execution_ids))
    if changed:
        transaction.on_commit(lambda: _outbox.put(changed), robust=True)


def publish_all_changed() -> None:
    """Have all pages look again once what changed is committed; never raise."""
    transaction.on_commit(lambda: _outbox.put(None), robust=True)


class Outbox:
    """What is still to be sent, and the thread that sends it."""

    def __init__(self, send: Callable[[Changed], None] | None = None) -> None:
        self._send = send
        self._changed: set[str] = set()
        self._all = False
        self._sending = False
        self._redis = Absence(
            logger, gone="Open pages hear of changes later", back="Open pages hear of changes again"
        )
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    def put(self, changed: Changed) -> None:
        """Leave word of a change and return at once."""
        with self._news:
            self._all = self._all or changed is None
            self._changed |= changed or frozenset()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="publishing", daemon=True)
                self._thread.start()
            self._news.notify_all()

    def drain(self, seconds: float) -> bool:
        """Wait until everything is sent, at most so many seconds; return whether it is."""
        with self._news:
            return self._news.wait_for(lambda: not (self._waiting() or self._sending), seconds)

    def _waiting(self) -> bool:
        return self._all or bool(self._changed)

    def _run(self) -> None:
        # One loop for good: the channel layer keeps a connection for each.
        with asyncio.Runner() as runner:
            send = self._send or (lambda changed: runner.run(_group_send(changed)))
            while True:
                changed = self._take()
                try:
                    send(changed)
                    self._redis.end()
                except Exception as error:  # noqa: BLE001 - whatever the way to Redis has
                    self._redis.begin(error)
                with self._news:
                    self._sending = False
                    self._news.notify_all()
                time.sleep(_APART)

    def _take(self) -> Changed:
        with self._news:
            self._news.wait_for(self._waiting)
            changed = None if self._all else frozenset(self._changed)
            self._changed, self._all, self._sending = set(), False, True
            return changed


async def _group_send(changed: Collection[str] | None) -> None:
    layer = get_channel_layer()
    if layer is not None:
        ids = None if changed is None else sorted(changed)
        sent = layer.group_send(GROUP, {"type": MESSAGE, "ids": ids})
        await asyncio.wait_for(sent, _SECONDS)


_outbox = Outbox()


def _begin_anew() -> None:
    """Leave the parent's thread, which no fork takes along, and what it will send, to it."""
    global _outbox
    _outbox = Outbox()


os.register_at_fork(after_in_child=_begin_anew)
atexit.register(lambda: _outbox.drain(_LAST_SECONDS))
