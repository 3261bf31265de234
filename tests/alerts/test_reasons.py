"""Why a channel did not take a message: enough to mend it, and nothing of what it answered."""

from __future__ import annotations

import logging
import smtplib
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from alerts.addresses import address_of
from alerts.models import AlertDelivery
from alerts.services import message_of
from alerts.services.reasons import reason_of
from alerts.services.transport import NotDelivered, transmit

MESSAGE = message_of([AlertDelivery(event="test", channel_name="ops")])


@contextmanager
def banner(text: bytes) -> Iterator[int]:
    """Serve something that is no web server and says `text`."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(text)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def refusal(address: str) -> NotDelivered:
    with pytest.raises(NotDelivered) as refused:
        transmit(address, MESSAGE)
    return refused.value


@pytest.mark.parametrize("scheme", ["json", "xml", "form"])
def test_what_is_no_web_server_is_not_quoted(scheme: str) -> None:
    with banner(b"SSH-2.0-hidden-version\r\n") as port:
        found = refusal(f"{scheme}://127.0.0.1:{port}/x")
    assert "does not answer as a web server" in str(found)
    assert "hidden" not in str(found)
    assert found.is_away


def test_a_connection_that_is_closed_or_no_tls_says_so() -> None:
    with banner(b"") as port:
        assert "closed the connection" in str(refusal(f"json://127.0.0.1:{port}/x"))
    with banner(b"HTTP/1.0 200 OK\r\n\r\nhidden") as port:
        found = str(refusal(f"jsons://127.0.0.1:{port}/x"))
    assert "(TLS)" in found
    assert "hidden" not in found


def test_a_name_that_nobody_knows_is_told_from_a_server_that_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = refusal("json://127.0.0.1:1/x")
    assert "refuses the connection" in str(found)

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for address in ("json://nowhere.example/x", "mailto://nowhere.example?from=a@b.org&to=c@d.org"):
        assert "(DNS)" in str(refusal(address))


def test_a_firewall_that_swallows_everything_is_given_up_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("alerts.services.reasons.CONNECT_SECONDS", 0.2)
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    # The queue of a server that accepts nobody: further connections get no answer.
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
    found = refusal(f"json://127.0.0.1:{port}/x")
    for one in (*waiting, full):
        one.close()
    assert "A firewall may be in the way" in str(found)
    assert found.is_away


@pytest.mark.parametrize(
    ("error", "words", "is_away"),
    [
        (smtplib.SMTPAuthenticationError(535, b"hidden"), "the user or the password", False),
        (smtplib.SMTPRecipientsRefused({"a@b.org": (550, b"hidden")}), "the recipients", False),
        (smtplib.SMTPDataError(552, b"hidden"), "refused the message with 552", False),
        (smtplib.SMTPDataError(451, b"hidden"), "refused the message with 451", True),
        (smtplib.SMTPServerDisconnected("hidden"), "closed the connection", True),
        (TimeoutError("hidden"), "did not answer within 10 seconds", True),
        (SoftTimeLimitExceeded(), "did not answer within 60 seconds", True),
        (OSError(113, "hidden"), "cannot be reached (OSError)", True),
        (KeyError("hidden"), "own code failed (KeyError)", False),
    ],
)
def test_errors_are_told_by_their_kind(error: BaseException, words: str, is_away: bool) -> None:
    found = reason_of(error, ["hidden"])
    assert words in found.text
    assert "hidden" not in found.text
    assert found.is_away == is_away


def test_what_apprise_says_without_a_status_is_left_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert "The log of LogiData" in reason_of(None, ["hidden"]).text
    with caplog.at_level(logging.WARNING, logger="alerts"):
        refusal("json://127.0.0.1:1/very-secret-token?password=hushhush")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("alerts")]
    assert lines
    assert not [line for line in lines if "very-secret" in line or "hushhush" in line]


def test_apprise_itself_logs_no_address(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception, match="apprise knows"):
        address_of("other", "slack://very-secret-token")
    refusal("json://127.0.0.1:1/very-secret-token")
    assert "very-secret-token" not in "".join(capfd.readouterr())
