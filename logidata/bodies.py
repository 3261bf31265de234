"""The largest body that a request may have.

Django writes a body to its disk before it asks who sends it, whatever its size, and the API reads
one into memory as a whole.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse

from logidata.problem import problem

Event = Mapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

# A page of corrected rows or the graph of a thousand nodes takes a tenth of it.
MOST_BYTES = 10_000_000


class BoundedBodies:
    """Answers 413 to a request with a body of more than so many bytes, and passes on the others."""

    def __init__(self, application: Application, most: int = MOST_BYTES) -> None:
        self._application = application
        self._most = most

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve a request."""
        # What is sent at the start and at the end of a server has no headers.
        if scope["type"] == "http" and _announced(scope["headers"]) > self._most:
            await _refuse(send, self._most)
            return
        read, is_too_large = 0, False

        async def bounded() -> Event:
            nonlocal read, is_too_large
            event = await receive()
            if event["type"] == "http.request":
                read += len(event["body"])
                if read > self._most:
                    # For Django it is as if the caller had gone: it answers nothing.
                    is_too_large = True
                    return {"type": "http.disconnect"}
            return event

        await self._application(scope, bounded, send)
        if is_too_large:
            await _refuse(send, self._most)


def _announced(headers: Any) -> int:
    """Return the length that the request says its body has, 0 if it does not say."""
    length = dict(headers).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send, most: int) -> None:
    # In English: which language the browser asks for is found out later.
    answer = JsonResponse(
        problem(
            type="too-large",
            title="Too large",
            detail=f"The body is larger than {most // 1_000_000} MB. Send less at a time.",
        ),
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.items()]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})
