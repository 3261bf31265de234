"""Airflow's API answers slowly, wrongly, or not to the end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.live.client import LiveStack, eventually
from tests.live.faults.proxy import Mode, Proxy
from tests.live.faults.record import fault

OURS = ("web", "worker", "beat")


@pytest.fixture(scope="module")
def proxy(live: LiveStack) -> Iterator[Proxy]:
    """Have all that LogiData asks of Airflow go through a proxy."""
    ports = live.stack.layout.ports
    real = ports.read_text()
    with Proxy(json.loads(real)["airflow"]).serving() as proxy:
        try:
            with live.without(*OURS):
                # Every program reads it at its start.
                ports.write_text(json.dumps(json.loads(real) | {"airflow": proxy.port}))
            eventually(lambda: web_answers(live), 60)
            ports.write_text(real)
            yield proxy
        finally:
            with live.without(*OURS):
                ports.write_text(real)
            eventually(lambda: web_answers(live), 60)


def web_answers(live: LiveStack) -> bool:
    try:
        return live.request("GET", "health").ok
    except OSError:
        return False


@dataclass(frozen=True)
class Case:
    """How Airflow answers, for how long, and what executions say of it meanwhile."""

    mode: Mode
    seconds: float
    promise: str
    delay: float = 0.0
    says: str = ""


CASES = {
    "Airflow answers each request after 4 s": Case(
        "slow", 15, "all takes longer, and ends as ever", delay=4
    ),
    "Airflow answers each request after 20 s": Case(
        "slow", 30, "a trigger that was given up and arrives late is the one run", delay=20
    ),
    "Airflow does what is asked and answers 500": Case(
        "500",
        8,
        "executions say so and wait; the runs that were started are found",
        says="answered 500",
    ),
    "Airflow answers 401: the token has expired": Case(
        "401", 0, "LogiData logs in again; executions run meanwhile"
    ),
    "Airflow does what is asked and breaks off its answer": Case(
        "half",
        8,
        "executions say so and wait; the runs that were started are found",
        says="Airflow at",
    ),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=fault(name, case.promise)) for name, case in CASES.items()]
)
def test_answers_that_are_no_use_change_nothing_that_is_true(live, proxy, trial, name):
    case = CASES[name]
    [running] = trial.start(seconds=6)
    trial.reading(running)
    with trial.fault():
        with proxy.misbehaving(case.mode, delay=case.delay):
            met = trial.start(3)
            if case.says:
                live.wait(met[0], until=lambda found: case.says in found["status_reason"])
            if case.mode == "401":
                assert live.wait(met[0])["status"] == "success"
            time.sleep(case.seconds)
        assert proxy.spoilt > 0
