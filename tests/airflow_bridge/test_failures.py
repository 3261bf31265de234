"""What happens when Airflow is down, slow, starting, or something else altogether."""

import socket
import time
from collections.abc import Iterator

import pytest
import requests

from airflow_bridge import rest
from airflow_bridge.errors import AirflowRefused, AirflowUnavailable
from airflow_bridge.factory import connect
from airflow_bridge.patience import within
from airflow_bridge.rest import RestSession, Server
from airflow_bridge.rest_v2 import AirflowV2
from tests.airflow_bridge.conftest import World
from tests.airflow_bridge.recorded import DAG, RUN
from tests.airflow_bridge.stub_airflow import PASSWORD, USERNAME, StubAirflow3
from tests.airflow_bridge.stub_server import Answer, Asked, serve


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken, with nobody listening."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def a_client(url: str, read_timeout: float = 2) -> AirflowV2:
    server = Server(url, connect_timeout=0.5, read_timeout=read_timeout)
    return AirflowV2(RestSession(server), USERNAME, PASSWORD)


def test_an_airflow_that_is_down_is_known_within_a_second(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    started = time.monotonic()

    with pytest.raises(AirflowUnavailable, match=url) as caught:
        a_client(url).get_run(DAG, RUN)

    assert time.monotonic() - started < 1.5
    assert caught.value.retryable
    assert "AIRFLOW_API_URL" in str(caught.value)


def test_an_airflow_that_is_slow_is_not_waited_for_twice() -> None:
    def slow(_asked: Asked) -> Answer:
        time.sleep(1)
        return Answer({})

    with serve(slow) as wire, pytest.raises(AirflowUnavailable, match="in time"):
        a_client(wire.url, read_timeout=0.2).get_run(DAG, RUN)
    assert len(wire.asked) == 1


def test_a_caller_in_a_hurry_waits_for_all_its_calls_together_no_longer(airflow3: World) -> None:
    airflow3.airflow.page = 1
    airflow3.airflow.connections = [str(number) for number in range(6)]
    respond = airflow3.airflow._list_connections

    def slow(asked: Asked, parts: list[str]) -> Answer:
        time.sleep(0.05)
        return respond(asked, parts)

    airflow3.airflow.routes.insert(0, ("GET", "/connections", slow))
    started = time.monotonic()
    with within(0.15), pytest.raises(AirflowUnavailable, match="in time"):
        airflow3.client.connection_ids()
    assert time.monotonic() - started < 1
    assert len(airflow3.client.connection_ids()) == 6


def test_an_airflow_that_is_starting_is_asked_again(airflow3: World) -> None:
    answers = iter([Answer("starting", 503), Answer("starting", 502)])
    airflow3.airflow.routes.insert(
        0, ("GET", "/pools", lambda *_: next(answers, Answer({"pools": [], "total_entries": 0})))
    )

    assert airflow3.client.pool_names() == set()
    assert len(airflow3.wire.asked_for("GET", "/pools")) == 3


def test_an_airflow_that_fails_is_unavailable(airflow3: World) -> None:
    airflow3.airflow.routes.insert(0, ("GET", "/pools", lambda *_: Answer("oops", 500)))

    with pytest.raises(AirflowUnavailable, match="500"):
        airflow3.client.pool_names()


def test_clearing_is_never_repeated_by_itself(airflow3: World) -> None:
    airflow3.airflow.routes.insert(
        0, ("POST", r"/dags/([^/]+)/clearTaskInstances", lambda *_: Answer("busy", 503))
    )

    with pytest.raises(AirflowUnavailable):
        airflow3.client.clear_tasks(DAG, RUN, ["work"])
    assert len(airflow3.wire.asked_for("POST", "/clearTaskInstances")) == 1


def test_a_page_instead_of_json_says_to_check_the_address() -> None:
    with (
        serve(lambda _: Answer("<html>Welcome</html>")) as wire,
        pytest.raises(AirflowRefused, match="AIRFLOW_API_URL"),
    ):
        connect(Server(wire.url), USERNAME, PASSWORD)


def test_a_redirect_to_a_login_page_is_no_answer() -> None:
    with (
        serve(lambda _: Answer("", 302, {"Location": "/login"})) as wire,
        pytest.raises(AirflowRefused),
    ):
        connect(Server(wire.url), USERNAME, PASSWORD)


def test_a_wrong_password_names_the_settings_to_check() -> None:
    with serve(StubAirflow3()) as wire:
        client = connect(Server(wire.url), USERNAME, "wrong")
        with pytest.raises(AirflowRefused, match="AIRFLOW_PASSWORD") as caught:
            client.get_run(DAG, RUN)
    assert "wrong" not in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_refusal_tells_the_status_that_airflow_answered(airflow3: World, status: int) -> None:
    refuse = ("POST", r"/dags/([^/]+)/dagRuns", lambda *_: Answer('{"detail": "no"}', status))
    airflow3.airflow.routes.insert(0, refuse)

    with pytest.raises(AirflowRefused) as caught:
        airflow3.client.trigger(DAG, RUN, {})

    assert caught.value.status == status


def test_a_wrong_password_on_airflow_2_names_the_settings_to_check(airflow2: World) -> None:
    client = connect(Server(airflow2.wire.url), USERNAME, "wrong")

    with pytest.raises(AirflowRefused, match="AIRFLOW_PASSWORD"):
        client.get_run(DAG, RUN)


def unreadable(asked: Asked) -> Answer:
    """As FastAPI answers a body that it cannot read: with the body."""
    what = {"type": "extra_forbidden", "loc": ["body"], "msg": "Not permitted", "input": asked.body}
    return Answer({"detail": [what]}, 422)


def test_an_answer_that_repeats_the_password_is_not_repeated() -> None:
    airflow = StubAirflow3()

    def answer(asked: Asked) -> Answer:
        return unreadable(asked) if asked.path == "/auth/token" else airflow(asked)

    with serve(answer) as wire, pytest.raises(AirflowRefused, match="AIRFLOW_PASSWORD") as caught:
        connect(Server(wire.url), USERNAME, PASSWORD).get_run(DAG, RUN)
    assert "422" in str(caught.value)
    assert PASSWORD not in f"{caught.value} {caught.value.__cause__}"


def test_a_refusal_says_what_is_wrong_without_what_was_sent(airflow3: World) -> None:
    airflow3.airflow.routes.insert(
        0, ("POST", r"/dags/([^/]+)/dagRuns", lambda asked, _: unreadable(asked))
    )

    with pytest.raises(AirflowRefused, match="Not permitted") as caught:
        airflow3.client.trigger(DAG, RUN, {"token": "hush"})
    assert "hush" not in str(caught.value)


def test_no_login_is_taken_from_a_netrc_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requests.sessions, "get_netrc_auth", lambda _url: ("thief", "secret"))
    with serve(StubAirflow3()) as wire:
        client = connect(Server(wire.url), USERNAME, PASSWORD)
        client.get_run(DAG, RUN)

    sent = [one.authorization or "" for one in wire.asked]
    assert not [header for header in sent if header.startswith("Basic")]


def test_a_forked_process_opens_connections_of_its_own(
    airflow3: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = RestSession(Server(airflow3.wire.url))
    session.call("GET", "/api/v2/version")
    mine = session._session()

    monkeypatch.setattr(rest.os, "getpid", lambda: -1)

    assert session._session() is not mine
