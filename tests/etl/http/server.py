"""A small REST service on a loopback port: it pages, limits, fails, hangs and redirects."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

LOOPBACK = ip_address("127.0.0.1")
LOGIN, PASSWORD = "reader", "s3cret-pass/word"


@dataclass
class Request:
    """What arrived, and when by a monotonic clock."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """What the service answers. `drop` closes the connection instead, `hang` waits before."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    hang: float = 0
    drop: bool = False


@dataclass
class Service:
    """A running service. `script` answers the next requests before anything else does."""

    records: list[Any] = field(default_factory=list)
    script: list[Reply] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    stored: list[Any] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    refuse: Callable[[Any], Reply | None] = lambda body: None
    after_store: Callable[[], Reply | None] = lambda: None
    per_second: float | None = None
    url: str = ""
    elsewhere: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Reply:
        with self.lock:
            before = self.requests[-1].at if self.requests else 0.0
            self.requests.append(request)
            if self.script:
                return self.script.pop(0)
            if self.per_second and request.at - before < 1 / self.per_second:
                return Reply(429, {"error": "slow down"}, {"Retry-After": "1"})
            route = getattr(self, "at_" + request.path.strip("/").split("/")[0], None)
            return route(request) if route else Reply(404, {"error": "no such thing"})

    # Lists of records, each paged another way.

    def at_all(self, request: Request) -> Reply:
        return Reply(body=self.records)

    def at_page(self, request: Request) -> Reply:
        given = {**request.query, **(request.json if request.body else {})}
        size = int(given.get("per_page", 2))
        first = (int(given.get("page", 1)) - 1) * size
        return Reply(body={"data": {"items": self.records[first : first + size]}})

    def at_offset(self, request: Request) -> Reply:
        first, size = int(request.query["offset"]), int(request.query.get("limit", 2))
        return Reply(body=self.records[first : first + size])

    def at_cursor(self, request: Request) -> Reply:
        first = int(request.query.get("after", 0))
        more = first + 2 < len(self.records)
        meta = {"next": str(first + 2) if more else None}
        return Reply(body={"rows": self.records[first : first + 2], "meta": meta})

    def _at(self, request: Request, path: str) -> tuple[list[Any], str | None]:
        first = int(request.query.get("from", 0))
        more = first + 2 < len(self.records)
        return self.records[first : first + 2], f"/{path}?from={first + 2}" if more else None

    def at_link(self, request: Request) -> Reply:
        rows, following = self._at(request, "link")
        link = {"Link": f'<{following}>; rel="next", </link>; rel="first"'} if following else {}
        return Reply(body=rows, headers=link)

    def at_next(self, request: Request) -> Reply:
        rows, following = self._at(request, "next")
        return Reply(body={"rows": rows, "next": following and self.url + following})

    def at_foreign(self, request: Request) -> Reply:
        return Reply(body={"rows": self.records, "next": f"{self.elsewhere}/all"})

    # Redirects, and who may come in.

    def at_moved(self, request: Request) -> Reply:
        return Reply(302, headers={"Location": "/all"})

    def at_away(self, request: Request) -> Reply:
        return Reply(307, headers={"Location": f"{self.elsewhere}/all"})

    def at_loop(self, request: Request) -> Reply:
        return Reply(302, headers={"Location": "/loop"})

    def at_file(self, request: Request) -> Reply:
        return Reply(302, headers={"Location": "file:///etc/hostname"})

    def at_private(self, request: Request) -> Reply:
        basic = "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        known = (
            request.headers.get("Authorization") in (basic, f"Bearer {PASSWORD}")
            or request.headers.get("X-Key") == PASSWORD
            or request.query.get("key") == PASSWORD
        )
        if known:
            return Reply(body=self.records)
        return Reply(401, {"error": "who is it?", "sent": dict(request.headers)})

    # What is sent here is stored.

    def at_store(self, request: Request) -> Reply:
        body = request.body.decode()
        if request.headers["Content-Type"] == "application/x-ndjson":
            rows = [json.loads(line) for line in body.splitlines()]
        else:
            content = json.loads(body)
            rows = content if isinstance(content, list) else [content]
        for row in rows:
            if (refused := self.refuse(row)) is not None:
                return refused
        self.stored += rows
        self.keys.append(request.headers["Idempotency-Key"])
        return self.after_store() or Reply(201)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query)),
            self.headers,
            self.rfile.read(length),
            time.monotonic(),
        )
        reply = self.server.service.answer(request)
        if reply.hang:
            self.server.service.stopped.wait(reply.hang)
        if reply.drop:
            self.close_connection = True
            return
        body = reply.raw
        if body is None:
            body = b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = _handle  # noqa: N815 - names of the library's

    def log_message(self, *args: Any) -> None:
        """Say nothing: what arrived is in the service's list."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: Service

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that have gone away."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return the files of a certificate for 127.0.0.1 that nobody has signed, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def running(files: tuple[Path, Path] | None = None) -> Iterator[Service]:
    """Give a service that runs in a thread of its own until the end of the block.

    With the `files` of a certificate and its key it speaks HTTPS.
    """
    server = _Server((str(LOOPBACK), 0), _Handler)
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https" if files else "http"
    service = server.service = Service(url=f"{scheme}://{LOOPBACK}:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield service
    finally:
        service.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
