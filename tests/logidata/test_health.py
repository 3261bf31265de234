"""Health tells what is down, in bounded time, and tells strangers nothing more than that."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.test import APIClient

from logidata import health
from logidata.beat import HEARTBEAT_KEY, HeartbeatScheduler
from logidata.health import DOWN, OK, Finding
from pipelines.services.preview_store import WORKER_KEY, show_worker
from tests.fake_airflow import FakeAirflow

URL = "/api/v1/health"


def all_well() -> dict[str, Finding]:
    return {name: Finding(OK) for name in health.CHECKS}


@pytest.fixture(autouse=True)
def nobody_has_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_shared", health.SharedLook())


@pytest.fixture
def signed_in(ann: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(ann)
    return client


def test_all_well_is_a_200(signed_in: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "check_all", all_well)
    answer = signed_in.get(URL)
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    components = {"database", "redis", "worker", "previews", "alerts", "beat", "airflow"}
    assert set(answer.json()["components"]) == components


def test_a_token_that_cannot_be_checked_is_told_what_is_down_and_no_more(
    anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("connection refused")

    ill = all_well() | {"database": Finding(DOWN), "redis": Finding(OK, "detail", {"fact": 1})}
    monkeypatch.setattr(health, "check_all", lambda: ill)
    monkeypatch.setattr("knox.auth.TokenAuthentication.authenticate", gone)
    answer = anonymous.get(URL, HTTP_AUTHORIZATION="Bearer some-token")
    assert answer.status_code == 503
    components = answer.json()["components"]
    assert {name: found["status"] for name, found in components.items()} == {
        name: found.status for name, found in ill.items()
    }
    assert components["redis"] == {"status": "ok", "detail": "", "milliseconds": 0.0}


def test_who_asks_at_the_same_time_shares_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def slow() -> dict[str, Finding]:
        looks.append(1)
        time.sleep(0.2)
        return all_well()

    monkeypatch.setattr(health, "check_all", slow)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: health._shared.findings(), range(8)))
    assert found == [all_well()] * 8
    assert len(looks) == 1


def test_a_look_is_kept_for_two_seconds(
    db: None, anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(health.time, "monotonic", lambda: now)
    monkeypatch.setattr(health, "check_all", all_well)
    assert anonymous.get(URL).status_code == 200
    monkeypatch.setattr(health, "check_all", lambda: {"redis": Finding(DOWN)})
    now += 1.9
    assert anonymous.get(URL).status_code == 200
    now += 0.2
    assert anonymous.get(URL).status_code == 503


def test_a_look_that_fails_leaves_the_next_one_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> dict[str, Finding]:
        raise RuntimeError("cannot start a thread")

    monkeypatch.setattr(health, "SHARED_FOR_SECONDS", 0)
    monkeypatch.setattr(health, "check_all", broken)
    with pytest.raises(RuntimeError):
        health._shared.findings()
    monkeypatch.setattr(health, "check_all", all_well)
    assert health._shared.findings() == all_well()


def test_one_component_down_is_a_503_that_names_it(
    signed_in: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = all_well() | {"worker": Finding(DOWN, "No worker.")}
    monkeypatch.setattr(health, "check_all", lambda: found)
    answer = signed_in.get(URL)
    assert answer.status_code == 503
    assert answer.json()["components"]["worker"]["detail"] == "No worker."


@pytest.mark.parametrize("name", ["previews", "alerts"])
def test_what_executions_do_not_need_is_named_but_no_503(
    signed_in: APIClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    found = all_well() | {name: Finding(DOWN, "No worker.")}
    monkeypatch.setattr(health, "check_all", lambda: found)
    answer = signed_in.get(URL)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["components"][name]["detail"] == "No worker."


def test_what_executions_need_and_what_they_do_not_is_down(
    db: None, anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = all_well() | {"alerts": Finding(DOWN), "beat": Finding(DOWN)}
    monkeypatch.setattr(health, "check_all", lambda: found)
    answer = anonymous.get(URL)
    assert (answer.status_code, answer.json()) == (503, {"status": "down"})


def test_an_airflow_without_its_triggerer_runs_executions(
    airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = airflow.health()
    ill = replace(well, components={**well.components, "triggerer": ("unhealthy", None)})
    monkeypatch.setattr(airflow, "health", lambda: ill)
    found = health.check_airflow()
    assert found.status == "degraded"
    assert "triggerer" in found.detail
    assert health.whole(all_well() | {"airflow": found}) == "degraded"


def test_strangers_learn_the_status_only(
    db: None, anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "check_all", all_well)
    assert anonymous.get(URL).json() == {"status": "ok"}


def test_checks_run_at_once_and_a_hanging_one_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ANSWER_WITHIN_SECONDS", 0.6)

    def slow() -> Finding:
        time.sleep(0.3)
        return Finding(OK)

    def hanging() -> Finding:
        time.sleep(2)
        return Finding(OK)

    started = time.monotonic()
    found = health.check_all({"a": slow, "b": slow, "c": slow, "d": hanging})
    assert time.monotonic() - started < 1
    assert [found[name].status for name in "abcd"] == [OK, OK, OK, DOWN]
    assert found["a"].milliseconds >= 300
    assert "No answer within" in found["d"].detail


def test_a_check_that_breaks_tells_no_secret() -> None:
    def broken() -> Finding:
        raise ValueError("cannot connect to postgres://u:hush@host")

    found = health.check_all({"database": broken})["database"]
    assert found.status == DOWN
    assert "hush" not in found.detail


def test_database_and_redis_are_really_asked(transactional_db: None) -> None:
    found = health.check_all({"database": health.check_database, "redis": health.check_redis})
    assert {finding.status for finding in found.values()} == {OK}
    assert found["database"].facts["version"]


def test_without_a_worker_the_check_says_so_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.WORKER_ANSWERS_WITHIN_SECONDS < health.ANSWER_WITHIN_SECONDS
    monkeypatch.setattr(health, "WORKER_ANSWERS_WITHIN_SECONDS", 0.2)
    started = time.monotonic()
    found = health.check_worker()
    assert found.status == DOWN
    assert "No Celery worker" in found.detail
    assert time.monotonic() - started < 1


def test_beat_is_alive_while_its_heartbeat_is_fresh() -> None:
    cache.delete(HEARTBEAT_KEY)
    assert health.check_beat().status == DOWN
    cache.set(HEARTBEAT_KEY, time.time() - 60)
    assert "60 s ago" in health.check_beat().detail
    cache.set(HEARTBEAT_KEY, time.time())
    assert health.check_beat().status == OK


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> HeartbeatScheduler:
    """Beat's scheduler, with nothing to do for the next three seconds."""
    monkeypatch.setattr("django_celery_beat.schedulers.DatabaseScheduler.tick", lambda _: 3.0)
    return HeartbeatScheduler.__new__(HeartbeatScheduler)


def test_every_turn_of_beat_leaves_a_heartbeat(scheduler: HeartbeatScheduler) -> None:
    cache.delete(HEARTBEAT_KEY)
    assert scheduler.tick() == 3
    assert time.time() - cache.get(HEARTBEAT_KEY) < 5


def test_beat_goes_on_while_redis_is_away(
    scheduler: HeartbeatScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise RedisConnectionError("away")

    monkeypatch.setattr("logidata.beat.cache.set", away)
    assert scheduler.tick() == 3


def test_airflows_version_and_components_are_shown(airflow: FakeAirflow) -> None:
    found = health.check_airflow()
    assert found.status == OK
    assert found.facts["version"] == "3.3.2"
    assert found.facts["components"]["scheduler"]["status"] == "healthy"
    assert found.facts["limits"] == []


def test_what_an_older_airflow_cannot_do_is_shown(
    airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = replace(airflow.health(), version="2.8.4", limits=("It has no names.",))
    monkeypatch.setattr(airflow, "health", lambda: old)
    found = health.check_airflow()
    assert (found.status, found.facts["version"]) == (OK, "2.8.4")
    assert found.facts["limits"] == ["It has no names."]


def test_a_component_of_airflow_that_is_not_healthy_is_named(
    airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = airflow.health()
    ill = replace(well, components={**well.components, "scheduler": ("unhealthy", None)})
    monkeypatch.setattr(airflow, "health", lambda: ill)
    found = health.check_airflow()
    assert found.status == DOWN
    assert "scheduler" in found.detail


def test_an_airflow_that_is_down_is_down_with_the_reason(airflow: FakeAirflow) -> None:
    airflow.outage = "Airflow at http://x cannot be reached."
    found = health.check_all({"airflow": health.check_airflow})["airflow"]
    assert (found.status, found.detail) == (DOWN, "Airflow at http://x cannot be reached.")


def test_workers_of_previews_are_told_by_their_sign_of_life() -> None:
    cache.delete(WORKER_KEY)
    assert "--queues=previews" in health.check_previews().detail
    show_worker()
    assert health.check_previews().status == OK
