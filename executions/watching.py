"""What the open pages of this process look at: an execution is read once a change for all of them.

A state is read only after the one before it was, and goes to all pages that watch the execution:
no page is sent an older state after a newer one. A page that comes takes part in the next read,
never in one that has begun, for another process may have shown it more already.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.db import DatabaseError

from executions.absence import Absence
from executions.publishing import GROUP
from executions.services.live import JSON, in_language
from executions.standing import database, read_state

logger = logging.getLogger(__name__)

# Seconds between two looks at an execution that changes; large ones are looked at less often.
APART = 0.25
_TIMES_AS_LONG = 5.0
# Seconds after which one is looked at without word of a change, which may be lost; while none can
# come, one that has ended is looked at as often as one that is active.
WHILE_ACTIVE, WHEN_ENDED = 5.0, 30.0
_TRY_AGAIN = 2.0
MOST_KEPT = 20_000
# The channel layer says nothing of a Redis that goes away: every so many seconds it is to bring
# back a message of our own, within so many.
_ECHO = "executions.echo"
ECHO_EVERY, _ECHO_WITHIN = 5.0, 3.0


class Page:
    """One open page of an execution, in a language: the newest state that it has not taken yet."""

    def __init__(self, first_read: int, language: str) -> None:
        self.first_read = first_read
        self.language = language
        self.state: JSON | None = None
        # The same as JSON, written once for all pages in a language.
        self.text: str | None = None
        self.news = asyncio.Event()

    def show(self, state: JSON | None, text: str) -> None:
        """Give the page a state, None for an execution that is gone; the same one only once."""
        if text != self.text:
            self.text, self.state = text, state
            self.news.set()


class Watch:
    """The pages of one execution, and the task that reads it for them."""

    def __init__(self, execution_id: uuid.UUID, hears: Callable[[], bool]) -> None:
        self.pages: set[Page] = set()
        self._id = execution_id
        # Whether word of changes comes.
        self._hears = hears
        self._reads = 0
        self._wanted = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def join(self, language: str) -> Page:
        page = Page(self._reads + 1, language)
        self.pages.add(page)
        self.look()
        return page

    def look(self) -> None:
        """Read the execution again, as soon as may be."""
        self._wanted.set()

    def tell(self) -> None:
        """Have the pages told again what they know: how it comes to be known has changed.

        When it is next looked for changes with that.
        """
        self.look()
        for page in self.pages:
            if page.text is not None:
                page.news.set()

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        due: float | None = None
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), due)
            self._wanted.clear()
            self._reads += 1
            began = time.monotonic()
            try:
                state = await read_state(self._id)
                database.end()
                self._show(state)
            except DatabaseError as error:
                database.begin(error)
                due = _TRY_AGAIN
            except Exception:
                logger.exception("Execution %s cannot be shown", self._id)
                due = WHEN_ENDED
            else:
                may_change = state is not None and (state["may_still_run"] or not self._hears())
                due = WHILE_ACTIVE if may_change else WHEN_ENDED
            await asyncio.sleep(max(APART, (time.monotonic() - began) * _TIMES_AS_LONG))

    def _show(self, state: JSON | None) -> None:
        languages = {page.language for page in self.pages}
        texts = {language: in_language(state, language) for language in languages}
        for page in self.pages:
            if page.first_read <= self._reads:
                page.show(state, texts[page.language])


class Changes:
    """What a page with many executions has not heard of yet; `all` where it may be anything.

    A page that is slow to take it is not kept more ids than MOST_KEPT.
    """

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.all = False
        self.news = asyncio.Event()

    def add(self, ids: Iterable[str] | None) -> None:
        self.all = self.all or ids is None
        self.ids.update(ids or ())
        if len(self.ids) > MOST_KEPT:
            self.ids, self.all = set(), True
        self.news.set()

    def take(self) -> tuple[list[str], bool]:
        taken = sorted(self.ids), self.all
        self.ids, self.all = set(), False
        self.news.clear()
        return taken


class Hub:
    """All open pages of this process. It listens for changes while there are any."""

    def __init__(self) -> None:
        self._watches: dict[uuid.UUID, Watch] = {}
        self._changes: set[Changes] = set()
        self._listening: asyncio.Task[None] | None = None
        self._echo = asyncio.Event()
        self._redis = Absence(
            logger,
            gone="Changes are seen later, by looking for them",
            back="Changes are seen at once again",
        )

    @property
    def hears(self) -> bool:
        """Whether word of changes comes; else executions are looked at every few seconds."""
        return not self._redis.is_away

    def watch(self, execution_id: uuid.UUID, language: str) -> Page:
        """Return a new page in a language, which is to be left again."""
        self._listen()
        if execution_id not in self._watches:
            self._watches[execution_id] = Watch(execution_id, lambda: self.hears)
        return self._watches[execution_id].join(language)

    def leave(self, execution_id: uuid.UUID, page: Page) -> None:
        """Forget a page; nothing is read any more for the last one of an execution."""
        watch = self._watches[execution_id]
        watch.pages.discard(page)
        if not watch.pages:
            self._watches.pop(execution_id).stop()
        self._rest()

    def follow_changes(self) -> Changes:
        """Return the changes from now on, which are to be left again."""
        self._listen()
        changes = Changes()
        self._changes.add(changes)
        return changes

    def leave_changes(self, changes: Changes) -> None:
        self._changes.discard(changes)
        self._rest()

    def _listen(self) -> None:
        if self._listening is None:
            self._listening = asyncio.create_task(self._hear())

    def _rest(self) -> None:
        if self._listening is not None and not self._watches and not self._changes:
            self._listening.cancel()
            self._listening = None

    async def _hear(self) -> None:
        """Listen for good. While Redis is away, pages look by themselves."""
        while True:
            layer = get_channel_layer()
            try:
                await self._listen_on(layer)
            except* Exception as group:  # noqa: BLE001 - whatever the way to Redis has
                if self._redis.begin(group.exceptions[0]):
                    self._tell()
            # What a failed attempt leaves in the layer would be kept for good. Shielded, for the
            # layer takes no notice of being cancelled there.
            with suppress(Exception):
                await asyncio.shield(layer.flush())
            await asyncio.sleep(_TRY_AGAIN)

    async def _listen_on(self, layer: Any) -> None:
        """Listen until Redis goes away, and raise what is known of that then."""
        channel = await layer.new_channel()
        try:
            await layer.group_add(GROUP, channel)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive(layer, channel))
                await self._expect_echoes(layer, channel)
        finally:
            with suppress(Exception):
                await layer.group_discard(GROUP, channel)

    async def _receive(self, layer: Any, channel: str) -> None:
        while True:
            message = await layer.receive(channel)
            if message["type"] == _ECHO:
                self._echo.set()
            else:
                self._changed(message["ids"])

    async def _expect_echoes(self, layer: Any, channel: str) -> None:
        while True:
            self._echo.clear()
            async with asyncio.timeout(_ECHO_WITHIN):
                await layer.send(channel, {"type": _ECHO})
                await self._echo.wait()
            if self._redis.end():
                # Word of what changed meanwhile is lost.
                self._changed(None)
                self._tell()
            await asyncio.sleep(ECHO_EVERY)

    def _tell(self) -> None:
        for watch in self._watches.values():
            watch.tell()

    def _changed(self, ids: list[str] | None) -> None:
        for changes in self._changes:
            changes.add(ids)
        if ids is None:
            watches = list(self._watches.values())
        else:
            changed = set(ids)
            watches = [watch for pk, watch in self._watches.items() if str(pk) in changed]
        for watch in watches:
            watch.look()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop: a process that serves has one."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
