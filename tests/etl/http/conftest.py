"""What tests of REST services share"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from etl.connections import Connection
from etl.http import pacing
from etl.results import NodeResult
from tests.etl.conftest import Lab
from tests.etl.http.server import PASSWORD, Service, running

FIVE = [{"id": number, "name": f"n{number}"} for number in range(1, 6)]


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as started:
        started.records = list(FIVE)
        yield started


@pytest.fixture
def elsewhere(service: Service) -> Iterator[Service]:
    """Another service, on another port, that the first one points at."""
    with running() as other:
        other.records = [{"id": 99}]
        service.elsewhere = other.url
        yield other


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_FIRST_WAIT", 0.01)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def read(lab: Lab, service: Service, path: str = "all", **config: Any) -> NodeResult:
    return lab.run("extract.http", {"url": service.url, "path": path, **config})


def ids(lab: Lab, result: NodeResult) -> list[int]:
    return [record["id"] for record in lab.records(result)]


def connected(lab: Lab, service: Service, **fields: Any) -> Lab:
    """Return the lab with the connection `shop`, which leads to the service."""
    port = int(service.url.rpartition(":")[2])
    given = {"type": "http", "host": "127.0.0.1", "port": port, "password": PASSWORD} | fields
    lab.connection = lambda connection_id: Connection(id=connection_id, **given)
    return lab
