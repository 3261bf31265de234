"""A broker that hangs holds up a page once, and not for long."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from logidata.broker import PAGE_SECONDS, Broker, hurry

pytestmark = pytest.mark.slow


class Way(socketserver.ThreadingTCPServer):
    """A way to Redis on which everything can get stuck: connections are taken, nothing answers."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, redis: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), Passage)
        self.redis = redis
        self.free = threading.Event()
        self.free.set()


class Passage(socketserver.BaseRequestHandler):
    """One connection through a `Way`."""

    server: Way

    def handle(self) -> None:
        with socket.create_connection(self.server.redis) as there:
            back = threading.Thread(target=self._pass, args=(there, self.request), daemon=True)
            back.start()
            self._pass(self.request, there)

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                self.server.free.wait()
                other.sendall(data)
        except OSError:
            return


@pytest.fixture
def way(settings: Any) -> Iterator[Way]:
    redis = urlsplit(settings.REDIS_URL)
    with Way((redis.hostname or "127.0.0.1", redis.port or 6379)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.free.set()
        server.shutdown()


@pytest.fixture
def app(way: Way, settings: Any) -> Iterator[Celery]:
    """The application of a process that serves pages."""
    app = Broker("pages", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = settings.REDIS_URL.replace(
        f":{way.redis[1]}", f":{way.server_address[1]}"
    )
    app.conf.broker_transport_options = {
        **app.conf.broker_transport_options,
        "global_keyprefix": "pages:",
    }
    hurry(app)
    yield app
    app.close()


def seconds_until_refused(app: Celery) -> float:
    began = time.monotonic()
    with pytest.raises(OperationalError):
        app.send_task("anything")
    return time.monotonic() - began


@pytest.mark.parametrize("was_connected", [True, False])
def test_a_broker_that_hangs_is_waited_for_once_and_for_seconds(
    app: Celery, way: Way, was_connected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if was_connected:
        app.send_task("anything")
    way.free.clear()
    # Three answers are waited for at most; the machine may be busy.
    assert seconds_until_refused(app) < 3 * PAGE_SECONDS + 2
    assert seconds_until_refused(app) < 0.1
    way.free.set()
    monkeypatch.setattr(app, "_left_alone_until", 0.0)
    app.send_task("anything")


def test_a_broker_that_refuses_is_asked_again_each_time(app: Celery) -> None:
    app.conf.broker_url = "redis://127.0.0.1:1/0"
    for _ in range(2):
        with pytest.raises(OperationalError, match="refused"):
            app.send_task("anything")
