"""A body that is too large is refused before it is kept anywhere."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application

from logidata.bodies import BoundedBodies

MOST = 1000
PATH = "/api/v1/auth/token"


async def ask(parts: list[bytes], *, length: int | None = None) -> tuple[int, dict[str, Any]]:
    """Return the status and the body that are answered to a request in several parts."""
    headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    # The routes' own application: BoundedBodies comes before all that is Django's.
    browser = ApplicationCommunicator(BoundedBodies(get_asgi_application(), MOST), scope)
    for number, part in enumerate(parts, 1):
        more = number < len(parts)
        await browser.send_input({"type": "http.request", "body": part, "more_body": more})
    start = await browser.receive_output(10)
    body = await browser.receive_output(10)
    return start["status"], json.loads(body["body"])


@pytest.mark.django_db(transaction=True)
def test_a_body_of_the_size_that_is_allowed_is_read() -> None:
    whole = b'{"username": "' + b"x" * (MOST - 16) + b'"}'
    assert len(whole) == MOST
    status, answer = asyncio.run(ask([whole[:500], whole[500:]], length=MOST))
    assert (status, answer["type"]) == (400, "invalid")


def test_a_body_that_says_it_is_larger_is_refused_unread() -> None:
    status, answer = asyncio.run(ask([], length=MOST + 1))
    assert (status, answer["type"]) == (413, "too-large")
    assert set(answer) == {"type", "title", "detail", "errors"}


def test_a_body_that_does_not_say_so_is_refused_where_it_becomes_too_large() -> None:
    parts = [b"x" * 400, b"x" * 400, b"x" * 400, b"x" * 400]
    status, answer = asyncio.run(ask(parts))
    assert (status, answer["type"]) == (413, "too-large")
