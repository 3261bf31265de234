"""The servers that Slack, Discord and Microsoft own, played by one of ours over real TLS.

Their plug-ins know no other address: they are led here by a proxy, as in a closed network, and the
certificates are those of an authority that the test makes.
"""

from __future__ import annotations

import datetime
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Arrived:
    """One request, as the service would get it."""

    host: str
    path: str
    body: Any


@dataclass
class Internet:
    """What arrived anywhere, and what is answered."""

    port: int = 0
    authority: Path = Path()
    arrived: list[Arrived] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"ok"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to be led here."""
        proxy = f"http://127.0.0.1:{self.port}"
        return {
            "https_proxy": proxy,
            "HTTPS_PROXY": proxy,
            "no_proxy": "",
            "NO_PROXY": "",
            "REQUESTS_CA_BUNDLE": str(self.authority),
        }


@contextmanager
def internet(folder: Path) -> Iterator[Internet]:
    """Serve every host over TLS, through a proxy on a port of its own."""
    net = Internet(authority=folder / "authority.pem")
    issue = _authority(net.authority)

    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            host = self.path.partition(":")[0]
            self.send_response(200)
            self.end_headers()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(issue(host))
            # A client that does not know the authority leaves.
            with (
                suppress(ssl.SSLError),
                context.wrap_socket(self.connection, server_side=True) as safe,
            ):
                _serve(net, host, safe)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    net.port = server.server_address[1]
    threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True).start()
    try:
        yield net
    finally:
        server.shutdown()
        server.server_close()


def _serve(net: Internet, host: str, safe: ssl.SSLSocket) -> None:
    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            net.arrived.append(Arrived(host, self.path, json.loads(body)))
            self._answer()

        def do_GET(self) -> None:
            net.arrived.append(Arrived(host, self.path, None))
            net.status, net.headers = 200, {}
            self._answer()

        def _answer(self) -> None:
            self.send_response(net.status)
            for name, value in net.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(net.answer)))
            self.end_headers()
            self.wfile.write(net.answer)

        def log_message(self, *_: object) -> None:
            pass

    Service(safe, ("", 0), None)  # type: ignore[arg-type]


def _authority(pem: Path) -> Any:
    """Write the certificate of a new authority; return what issues certificates to hosts."""
    root = _Certificate("An authority of tests")
    pem.write_bytes(root.signed_by(root, is_authority=True))
    lock, issued = threading.Lock(), {}

    def issue(host: str) -> Path:
        with lock:
            if host not in issued:
                leaf = _Certificate(host)
                issued[host] = pem.with_name(f"{host}.pem")
                issued[host].write_bytes(leaf.signed_by(root) + leaf.private)
        return issued[host]

    return issue


class _Certificate:
    """A name with its key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    @property
    def private(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def signed_by(self, issuer: _Certificate, *, is_authority: bool = False) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        key = x509.SubjectKeyIdentifier.from_public_key(issuer.key.public_key())
        builder = (
            x509.CertificateBuilder(issuer.subject, self.subject, self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(self.name)]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key), critical=False
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False
            )
        )
        if is_authority:
            usage = x509.KeyUsage(*(True, False, False, False, False, True, True, False, False))
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
