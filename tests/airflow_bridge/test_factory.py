"""How the client for the configured Airflow is found."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from airflow_bridge import factory
from airflow_bridge.errors import AirflowRefused, AirflowUnavailable
from airflow_bridge.patience import within
from airflow_bridge.rest import Server
from airflow_bridge.rest_v1 import AirflowV1
from airflow_bridge.rest_v2 import AirflowV2
from tests.airflow_bridge import recorded
from tests.airflow_bridge.conftest import World
from tests.airflow_bridge.recorded import DAG
from tests.airflow_bridge.stub_airflow import PASSWORD, USERNAME, StubAirflow2, StubAirflow3
from tests.airflow_bridge.stub_server import Answer, Asked, serve


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    factory.forget_airflow_client()
    yield
    factory.forget_airflow_client()


@pytest.mark.parametrize(
    "api_url",
    [
        "http://airflow:8080",
        "http://airflow:8080/",
        "http://airflow:8080/api/v1",
        "http://airflow:8080/api/v2/",
        " http://airflow:8080/api/v2\n",
    ],
)
def test_the_address_may_end_in_an_api_version(api_url: str) -> None:
    assert factory.server_url(api_url) == "http://airflow:8080"


def test_a_path_before_the_api_is_kept() -> None:
    assert factory.server_url("https://host/airflow/api/v2") == "https://host/airflow"


def test_an_airflow_below_a_path_is_reached() -> None:
    stub = StubAirflow3()

    def below(asked: Asked) -> Answer:
        assert asked.path.startswith("/tools/airflow/")
        path = asked.path.removeprefix("/tools/airflow")
        return stub(Asked(asked.method, path, asked.query, asked.body, asked.authorization))

    with serve(below) as wire:
        client = factory.connect(Server(f"{wire.url}/tools/airflow"), USERNAME, PASSWORD)
        assert client.get_dag(DAG).dag_id == DAG


def test_the_server_decides_which_version_is_spoken(airflow2: World, airflow3: World) -> None:
    assert isinstance(airflow2.client, AirflowV1)
    assert isinstance(airflow3.client, AirflowV2)


def test_what_is_no_airflow_is_refused() -> None:
    with (
        serve(lambda _: Answer({"error": "not found"}, 404)) as wire,
        pytest.raises(AirflowRefused, match="neither"),
    ):
        factory.connect(Server(wire.url), USERNAME, PASSWORD)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("2.7.3", r"is Airflow 2\.7\.3\. LogiData needs Airflow 2\.8 or newer: upgrade Airflow"),
        ("4.0.0", r"is Airflow 4\.0\.0, which this LogiData does not know.*Upgrade LogiData"),
        ("main", "its version is 'main', which is none"),
    ],
)
def test_a_version_that_logidata_does_not_work_with_is_refused_by_name(
    version: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(recorded.V1_VERSION, "version", version)
    with serve(StubAirflow2()) as wire, pytest.raises(AirflowRefused, match=message):
        factory.connect(Server(wire.url), USERNAME, PASSWORD)


def test_what_is_no_address_is_refused_by_name() -> None:
    with pytest.raises(AirflowRefused, match="AIRFLOW_API_URL is 'airflow:8080'"):
        factory.connect(Server("airflow:8080"), USERNAME, PASSWORD)


def test_the_client_is_shared_and_made_from_the_settings(
    airflow3: World, settings: Settings
) -> None:
    settings.AIRFLOW_API_URL = f"{airflow3.wire.url}/api/v2"
    settings.AIRFLOW_USERNAME, settings.AIRFLOW_PASSWORD = USERNAME, PASSWORD
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(factory.get_airflow_client()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(client) for client in found}) == 1
    assert found[0].get_dag(DAG).dag_id == DAG


def test_nobody_waits_for_another_who_waits_for_airflow(settings: Settings) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hanging(_: Asked) -> Answer:
        asked.set()
        go_on.wait(10)
        return Answer({}, 404)

    def patient() -> None:
        with contextlib.suppress(AirflowRefused, AirflowUnavailable):
            factory.get_airflow_client()

    with serve(hanging) as wire:
        settings.AIRFLOW_API_URL = wire.url
        other = threading.Thread(target=patient)
        other.start()
        try:
            assert asked.wait(5)
            started = time.monotonic()
            with within(0.2), pytest.raises(AirflowUnavailable, match="in time"):
                factory.get_airflow_client()
            assert time.monotonic() - started < 2
        finally:
            go_on.set()
            other.join()


def test_an_airflow_that_was_down_at_first_is_found_later(
    airflow3: World, settings: Settings
) -> None:
    settings.AIRFLOW_API_URL = "http://127.0.0.1:9"
    with pytest.raises(AirflowUnavailable):
        factory.get_airflow_client()

    settings.AIRFLOW_API_URL = airflow3.wire.url

    assert isinstance(factory.get_airflow_client(), AirflowV2)
