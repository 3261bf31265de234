"""Real servers that take alerts: a webhook over HTTP, and a mail server over SMTP."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What was posted to a server on a port of its own, and what that answers."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    # Set to let answers go; cleared to keep senders waiting.
    open: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/very-secret-token"

    @property
    def titles(self) -> list[str]:
        return [body["title"] for body in self.bodies]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Serve a webhook; it answers 200, or what `answers` says next."""
    hook = Webhook()
    hook.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.bodies.append(json.loads(body))
            hook.headers.append(dict(self.headers))
            hook.reached.set()
            hook.open.wait(timeout=30)
            self.send_response(hook.answers.pop(0) if hook.answers else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_address[1]
    threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True).start()
    try:
        yield hook
    finally:
        hook.open.set()
        server.shutdown()
        server.server_close()


@dataclass
class Mailbox:
    """What was mailed to a server on a port of its own."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Serve just so much of SMTP (RFC 5321) as a client needs to hand over a message."""
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 test")
            while line := self.rfile.readline():
                command = line.decode().strip()
                verb = command[:4].upper()
                if verb == "RCPT":
                    box.recipients.append(command.partition(":")[2].strip(" <>"))
                if verb == "DATA":
                    self._say("354 go on")
                    box.messages.append(self._message())
                if verb == "QUIT":
                    self._say("221 bye")
                    return
                self._say("250 yes")

        def _message(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line[1:] if line.startswith(b".") else line)
            message = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(message, EmailMessage)
            return message

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    box.port = server.server_address[1]
    threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True).start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
