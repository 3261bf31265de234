"""An HTTP proxy in front of Airflow's API server, which can be told to misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from stack.ports import HOST

Mode = Literal["pass", "slow", "500", "401", "half"]
# Of a hop, and not to be passed on.
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass
class Proxy:
    """Where it listens, and what it does now."""

    upstream: int
    mode: Mode = "pass"
    delay: float = 0.0
    spoilt: int = 0
    """How many answers it has spoilt."""
    seen: set[str] = field(default_factory=set)
    """The tokens that requests came with."""
    expired: frozenset[str] = frozenset()
    port: int = field(default=0, init=False)

    @contextmanager
    def serving(self) -> Iterator[Proxy]:
        """Listen on a free port for as long as the block lasts."""
        server = ThreadingHTTPServer((HOST, 0), self._handler())
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    @contextmanager
    def misbehaving(self, mode: Mode, *, delay: float = 0.0) -> Iterator[None]:
        """Spoil every answer for as long as the block lasts; by 401 those to tokens in use."""
        self.mode, self.delay, self.spoilt = mode, delay, 0
        self.expired = frozenset(self.seen)
        try:
            yield
        finally:
            self.mode = "pass"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                proxy.answer(self)

            do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Pass the request on, and the answer back, spoilt as the mode says."""
        mode, delay = self.mode, self.delay
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        token = request.headers.get("Authorization", "")
        if mode == "401" and token not in self.expired:
            mode = "pass"
        if token:
            self.seen.add(token)
        if mode != "pass":
            self.spoilt += 1
        if mode == "slow":
            time.sleep(delay)
        if mode == "401":
            send(request, 401, b'{"detail": "Token expired"}')
            return
        # What is asked for is done by Airflow in any case: only its answer is lost.
        try:
            status, headers, content = self._passed_on(request, body)
        except OSError:
            send(request, 502, b"{}")
            return
        if mode == "500":
            send(request, 500, b"Internal Server Error")
        elif mode == "half":
            send(request, status, content[: len(content) // 2], length=len(content))
        else:
            send(request, status, content, headers)

    def _passed_on(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(HOST, self.upstream, timeout=60)
        kept = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        try:
            connection.request(request.command, request.path, body or None, kept)
            answer: HTTPResponse = connection.getresponse()
            headers = {k: v for k, v in answer.getheaders() if k.lower() not in HOP}
            return answer.status, headers, answer.read()
        finally:
            connection.close()


def send(
    request: BaseHTTPRequestHandler,
    status: int,
    content: bytes,
    headers: dict[str, str] | None = None,
    *,
    length: int | None = None,
) -> None:
    """Answer and close; with a `length` beyond the content's, the answer breaks off."""
    request.close_connection = True
    try:
        request.send_response_only(status)
        for name, value in (headers or {"Content-Type": "application/json"}).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content) if length is None else length))
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(content)
    except OSError:
        return  # Who asked has left.
