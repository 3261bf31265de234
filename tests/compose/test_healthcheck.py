"""`docker/healthcheck.py` says of the web server and of beat whether they work."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType

import pytest
from django.core.cache import cache

from logidata.beat import FRESH_FOR_SECONDS, HEARTBEAT_KEY
from tests.compose.compose_file import PROJECT


@pytest.fixture
def healthcheck() -> ModuleType:
    path = PROJECT / "docker" / "healthcheck.py"
    spec = importlib.util.spec_from_file_location("healthcheck", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def server_that_answers(status: int) -> Iterator[str]:
    """Serve every address with this status; give the URL of one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api/v1/health"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "well"),
    [(200, True), pytest.param(503, True, id="another part is down"), (500, False), (404, False)],
)
def test_the_web_server_is_well_while_it_reports_health(
    healthcheck: ModuleType, monkeypatch: pytest.MonkeyPatch, status: int, well: bool
) -> None:
    with server_that_answers(status) as url:
        monkeypatch.setattr(healthcheck, "HEALTH_URL", url)
        wrong = healthcheck.web()
    assert wrong is None if well else str(status) in wrong


def test_a_web_server_that_does_not_answer_is_not_well(
    healthcheck: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(healthcheck, "HEALTH_URL", "http://127.0.0.1:1/")
    assert "does not answer" in healthcheck.web()


@pytest.mark.parametrize(
    ("heartbeat", "wrong"),
    [
        (lambda: time.time(), None),
        (lambda: time.time() - FRESH_FOR_SECONDS - 1, "last heartbeat is"),
        (lambda: None, "has not left a heartbeat"),
    ],
    ids=["fresh", "old", "none"],
)
def test_beat_is_well_while_its_heartbeat_is_fresh(
    healthcheck: ModuleType, heartbeat: Callable[[], float | None], wrong: str | None
) -> None:
    cache.set(HEARTBEAT_KEY, heartbeat())
    try:
        said = healthcheck.beat()
    finally:
        cache.delete(HEARTBEAT_KEY)
    assert said is None if wrong is None else wrong in said
