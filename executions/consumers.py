"""The sockets: one execution as it goes, and word of changes for pages that show many."""

import asyncio
import json
import logging
import uuid
from abc import abstractmethod
from contextlib import suppress
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.urls import path

from executions.services.live import JSON, personal_state
from executions.standing import NOT_THERE, Standing, database, language_of, read_standing
from executions.watching import hub

logger = logging.getLogger(__name__)

# Who may see what is asked again when something is sent, and after so many seconds without that.
CHECK_EVERY = 15.0
_CHECK_APART = 2.0
# Lists hear of changes this much apart, and of no more executions by name.
LISTS_APART = 1.0
# Without word of a change, which may be lost, they are told to look after so many seconds.
LISTS_LOOK = 30.0
MOST_NAMED = 500
# A page says nothing longer; what is would only keep the others waiting.
_LONGEST = 100
# Nobody who means well sends so much. The web server refuses it, too, where it is told to
# (`--ws-max-size`); by itself it takes megabytes.
_TOO_MUCH = 4096

_TOO_BIG, _INTERNAL_ERROR, _TRY_LATER = 1009, 1011, 1013


class Refused(Exception):
    """The socket is to be closed with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class SignedInConsumer(AsyncWebsocketConsumer):
    """A socket for who may view executions, for as long as that is so."""

    # Named nothing: each socket would listen in Redis for itself, and not open while that is away.
    channel_layer_alias = "none"

    _work: asyncio.Task[None] | None = None
    _standing = Standing(False)
    _checked_at = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket, and stop sending however that ends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if (work := self._end()) is not None:
                with suppress(asyncio.CancelledError):
                    await work

    async def connect(self) -> None:
        """Accept, so that a browser gets to see why the socket is closed again."""
        await self.accept()
        self._work = asyncio.create_task(self._send_all())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer a ping; a page has nothing else to say, and one that says much is shut out."""
        if len(text_data or bytes_data or "") > _TOO_MUCH:
            self._end()
            await self.close(_TOO_BIG, reason="message too big")
            return
        if text_data is None or len(text_data) > _LONGEST:
            return
        with suppress(ValueError):
            message = json.loads(text_data)
            if isinstance(message, dict) and message.get("type") == "ping":
                await self.tell({"type": "pong"})

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a message as JSON."""
        await self.send(text_data=json.dumps(message))

    async def standing(self) -> Standing:
        """Return what the user may do now; raise Refused once that is not to view executions."""
        now = asyncio.get_running_loop().time()
        if not self._checked_at or now - self._checked_at >= _CHECK_APART:
            key = self.scope.get("cookies", {}).get(settings.SESSION_COOKIE_NAME)
            self._standing = await read_standing(key)
            database.end()
            self._checked_at = now
        if self._standing.refusal is not None:
            raise Refused(self._standing.refusal)
        return self._standing

    async def heard(self, news: asyncio.Event) -> None:
        """Wait for news, and check meanwhile that the user may still have them."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), CHECK_EVERY)
                return
            await self.standing()

    def _end(self) -> asyncio.Task[None] | None:
        """Have nothing more sent; return what sends, if anything does."""
        if self._work is not None:
            self._work.cancel()
        return self._work

    @abstractmethod
    async def send_news(self) -> None:
        """Send what there is, for good; raise Refused for an end."""

    async def _send_all(self) -> None:
        try:
            await self.standing()
            await self.send_news()
        except Refused as refused:
            await self.close(refused.code)
        except DatabaseError as error:
            database.begin(error)
            await self.close(_TRY_LATER)
        except Exception:
            logger.exception("A socket is closed")
            await self.close(_INTERNAL_ERROR)


class ExecutionConsumer(SignedInConsumer):
    """One execution: its whole state at once, and again whenever it has changed."""

    async def send_news(self) -> None:
        """See SignedInConsumer.send_news."""
        execution_id: uuid.UUID = self.scope["url_route"]["kwargs"]["execution_id"]
        pages = hub()
        page = pages.watch(execution_id, language_of(self.scope))
        try:
            known = False
            while True:
                await self.heard(page.news)
                page.news.clear()
                standing = await self.standing()
                state = page.state
                if state is None:
                    if known:
                        await self.tell({"type": "gone"})
                    raise Refused(NOT_THERE)
                known = True
                mine = personal_state(state, standing.permissions)
                await self.send(text_data=_message(page.text or "", mine, hears=pages.hears))
        finally:
            pages.leave(execution_id, page)


def _message(shared: str, mine: JSON, *, hears: bool) -> str:
    """Return the message that holds a state, of which the shared part is written already."""
    state = f"{shared[:-1]}, {json.dumps(mine)[1:]}"
    return f'{{"type": "state", "hears": {json.dumps(hears)}, "state": {state}}}'


class ExecutionsConsumer(SignedInConsumer):
    """Word of which executions have changed."""

    async def send_news(self) -> None:
        """See SignedInConsumer.send_news."""
        pages = hub()
        changes = pages.follow_changes()
        try:
            while True:
                try:
                    async with asyncio.timeout(LISTS_LOOK):
                        await self.heard(changes.news)
                except TimeoutError:
                    changes.add(None)
                await self.standing()
                ids, everything = changes.take()
                named = ids[:MOST_NAMED]
                await self.tell(
                    {
                        "type": "changed",
                        "executions": named,
                        "more": everything or len(named) < len(ids),
                    }
                )
                await asyncio.sleep(LISTS_APART)
        finally:
            pages.leave_changes(changes)


routes = [
    path("ws/executions/<uuid:execution_id>", ExecutionConsumer.as_asgi()),
    path("ws/executions", ExecutionsConsumer.as_asgi()),
]
