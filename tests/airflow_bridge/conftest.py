"""Clients of both versions on stub servers that answer as the real ones do."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from airflow_bridge.client import AirflowClient
from airflow_bridge.factory import connect
from airflow_bridge.rest import Server
from tests.airflow_bridge.stub_airflow import (
    PASSWORD,
    USERNAME,
    StubAirflow,
    StubAirflow2,
    StubAirflow3,
)
from tests.airflow_bridge.stub_server import Stub, serve


@dataclass(frozen=True)
class World:
    """A client, the Airflow that it talks to, and what went over the wire."""

    client: AirflowClient
    airflow: StubAirflow
    wire: Stub


def _world(airflow: StubAirflow) -> Iterator[World]:
    with serve(airflow) as wire:
        client = connect(Server(wire.url, connect_timeout=2, read_timeout=2), USERNAME, PASSWORD)
        yield World(client, airflow, wire)


@pytest.fixture(params=[StubAirflow2, StubAirflow3])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Airflow 2, then Airflow 3."""
    yield from _world(request.param())


@pytest.fixture
def airflow2() -> Iterator[World]:
    """Airflow 2 alone."""
    yield from _world(StubAirflow2())


@pytest.fixture
def airflow3() -> Iterator[World]:
    """Airflow 3 alone."""
    yield from _world(StubAirflow3())
