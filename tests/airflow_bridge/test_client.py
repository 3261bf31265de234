"""What the client promises on both versions of Airflow: health, names, and refusals in words."""

from datetime import UTC, datetime

import pytest

from airflow_bridge.client import AirflowConnection
from airflow_bridge.errors import (
    AirflowRefused,
)
from tests.airflow_bridge.conftest import World
from tests.airflow_bridge.stub_server import Answer

MOMENT = datetime(2026, 11, 22, 18, 37, 53, 525415, tzinfo=UTC)


def test_health_tells_the_version_and_the_components_that_there_are(world: World) -> None:
    health = world.client.health()

    assert health.version == world.client.version()
    assert health.components["metadatabase"] == ("healthy", None)
    assert health.components["scheduler"] == ("healthy", MOMENT)
    assert "triggerer" not in health.components


def test_connections_and_pools_are_known_by_name(world: World) -> None:
    world.airflow.connections = [f"connection_{number}" for number in range(101)]

    assert len(world.client.connection_ids()) == 101
    assert world.client.pool_names() == {"default_pool"}


def test_connections_are_listed_without_what_may_be_secret(world: World) -> None:
    [listed] = world.client.list_connections()

    assert listed == AirflowConnection("warehouse", "postgres", "The warehouse")


def test_a_refusal_says_what_airflow_said(world: World) -> None:
    world.airflow.routes.insert(
        0, ("GET", "/pools", lambda *_: world.airflow.refusal(400, "no pools today"))
    )

    with pytest.raises(AirflowRefused, match="no pools today"):
        world.client.pool_names()


def test_a_missing_permission_names_the_settings_to_check(world: World) -> None:
    world.airflow.routes.insert(
        0, ("GET", "/connections", lambda *_: Answer({"detail": "Forbidden"}, 403))
    )

    with pytest.raises(AirflowRefused, match=r"Forbidden.*AIRFLOW_USERNAME"):
        world.client.connection_ids()
