"""A small HTTP server that answers as told and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request; `path` is as it was sent, still percent-encoded."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    authorization: str | None


@dataclass(frozen=True)
class Answer:
    """A response; text is sent as it is, anything else as JSON.

    With `cut_off`, the server goes away before so many bytes that it has promised.
    """

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_off: int = 0


Respond = Callable[[Asked], Answer]


class Stub:
    """The running server: its address, and what it was asked so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []

    def asked_for(self, method: str, path_end: str) -> list[Asked]:
        """Return the requests with this method whose path ends so."""
        return [one for one in self.asked if one.method == method and one.path.endswith(path_end)]


@contextmanager
def serve(respond: Respond) -> Iterator[Stub]:
    """Run the server on a free port of this machine for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body of an answer are two packets, of which the second would be held back.
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            asked = Asked(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                json.loads(raw) if raw else None,
                self.headers.get("Authorization"),
            )
            stub.asked.append(asked)
            answer = respond(asked)
            is_text = isinstance(answer.body, str)
            content = (
                b""
                if answer.body is None
                else (answer.body if is_text else json.dumps(answer.body)).encode()
            )
            self.send_response_only(answer.status)
            kind = "text/html" if is_text else "application/json"
            headers = {"Date": self.date_time_string(), "Content-Type": kind, **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) + answer.cut_off))
            self.end_headers()
            self.close_connection = self.close_connection or answer.cut_off > 0
            # Who asked may have given up.
            with suppress(ConnectionError):
                self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub = Stub(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
