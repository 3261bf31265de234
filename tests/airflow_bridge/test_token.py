"""How the client for Airflow 3 keeps itself logged in."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from airflow_bridge import rest_v2
from airflow_bridge.errors import AirflowUnavailable
from airflow_bridge.factory import connect
from airflow_bridge.patience import within
from airflow_bridge.rest import Server
from tests.airflow_bridge.conftest import World
from tests.airflow_bridge.recorded import DAG, RUN
from tests.airflow_bridge.stub_airflow import PASSWORD, USERNAME, StubAirflow3
from tests.airflow_bridge.stub_server import Answer, Asked, serve


def logins(world: World) -> int:
    return len(world.wire.asked_for("POST", "/auth/token"))


def test_one_login_serves_many_calls_and_threads(airflow3: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: airflow3.client.get_run(DAG, RUN), range(40)))

    assert {run.run_id for run in runs} == {RUN}
    assert logins(airflow3) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_airflow_no_longer_takes_is_replaced_at_once(
    airflow3: World, status: int
) -> None:
    airflow3.client.get_run(DAG, RUN)
    assert isinstance(airflow3.airflow, StubAirflow3)

    # As after a restart of Airflow with another key.
    airflow3.airflow.void_all_tokens(status)

    assert airflow3.client.get_run(DAG, RUN).run_id == RUN
    assert logins(airflow3) == 2


def test_who_is_in_a_hurry_does_not_wait_for_anothers_login(airflow3: World) -> None:
    asked, go_on = threading.Event(), threading.Event()
    log_in = airflow3.airflow._log_in  # type: ignore[attr-defined]

    def slowly(request: Asked) -> Answer:
        asked.set()
        go_on.wait(10)
        answer: Answer = log_in(request)
        return answer

    airflow3.airflow._log_in = slowly  # type: ignore[attr-defined]
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(airflow3.client.get_run, DAG, RUN)
        try:
            assert asked.wait(5)
            with within(0.2), pytest.raises(AirflowUnavailable, match="in time"):
                airflow3.client.get_run(DAG, RUN)
        finally:
            go_on.set()
        assert other.result().run_id == RUN
    assert logins(airflow3) == 1


def test_a_token_is_replaced_before_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rest_v2.time, "monotonic", lambda: now)
    with serve(StubAirflow3(lifetime=600)) as wire:
        client = connect(Server(wire.url), USERNAME, PASSWORD)
        client.get_run(DAG, RUN)
        now += 500
        client.get_run(DAG, RUN)
        assert len(wire.asked_for("POST", "/auth/token")) == 1
        now += 50
        client.get_run(DAG, RUN)
        assert len(wire.asked_for("POST", "/auth/token")) == 2


def test_a_token_that_does_not_tell_its_time_is_kept_for_a_minute() -> None:
    assert rest_v2._lifetime("opaque") == 60
    assert rest_v2._lifetime("a.b.c") == 60
