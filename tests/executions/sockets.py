"""Pages that open sockets, as a browser does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from executions.models import PipelineExecution
from logidata.sockets import websockets

Answer = TypeVar("Answer")

SECONDS = 10.0


def sign_in(user: Any) -> str:
    """Return the key of a new session of the user."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


class Page:
    """A page with a socket."""

    def __init__(
        self,
        path: str,
        session: str | None = None,
        *,
        origin: str | None = "http://testserver",
        host: str = "testserver",
        scheme: str = "ws",
        language: str = "en",
    ) -> None:
        headers = [(b"host", host.encode()), (b"accept-language", language.encode())]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if session is not None:
            headers.append((b"cookie", f"sessionid={session}".encode()))
        self._scope = {"type": "websocket", "scheme": scheme, "path": path, "headers": headers}

    async def __aenter__(self) -> Page:
        self._socket = ApplicationCommunicator(websockets, self._scope)
        await self._socket.send_input({"type": "websocket.connect"})
        answer = await self._socket.receive_output(SECONDS)
        self.is_open = answer["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.send_input({"type": "websocket.disconnect", "code": 1005})
        await self._socket.wait(SECONDS)

    async def next(self) -> dict[str, Any]:
        """Return the next message; fail if none comes."""
        output = await self._socket.receive_output(SECONDS)
        assert output["type"] == "websocket.send", output
        message: dict[str, Any] = json.loads(output["text"])
        return message

    async def state(self) -> dict[str, Any]:
        """Return the next state of an execution."""
        message = await self.next()
        assert message["type"] == "state", message
        state: dict[str, Any] = message["state"]
        return state

    async def until(self, holds: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Return the states up to the first one for which it holds."""
        seen = [await self.state()]
        while not holds(seen[-1]):
            seen.append(await self.state())
        return seen

    async def say(self, message: Any) -> None:
        await self.say_text(json.dumps(message))

    async def say_text(self, text: str) -> None:
        await self.send({"text": text})

    async def send(self, message: dict[str, Any]) -> None:
        await self._socket.send_input({"type": "websocket.receive", **message})

    async def hears_nothing(self, seconds: float) -> bool:
        return bool(await self._socket.receive_nothing(timeout=seconds))

    async def breaks_with(self, error: type[Exception]) -> None:
        """Wait until serving the socket has ended with such an error."""
        try:
            await self._socket.wait(SECONDS)
        except error:
            return
        raise AssertionError("The socket is served to its end.")

    async def closed_with(self) -> int:
        """Return the code with which the socket is closed, whatever is sent before."""
        while True:
            output = await self._socket.receive_output(SECONDS)
            if output["type"] == "websocket.close":
                return int(output["code"])


def play(scene: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return what a scene with sockets returns."""

    async def scene_in_time() -> Answer:
        async with asyncio.timeout(60):
            return await scene()

    return asyncio.run(scene_in_time())


# What a test does meanwhile, in a thread with a connection of its own.
meanwhile = sync_to_async


@pytest.fixture
def session(user: Any, permit: Callable[..., None]) -> str:
    """The session of somebody who may view executions."""
    permit("view_pipelineexecution")
    return sign_in(user)


def of(execution: PipelineExecution) -> str:
    return f"/ws/executions/{execution.pk}"
