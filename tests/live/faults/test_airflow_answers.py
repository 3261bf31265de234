"""Airflow's API answers slowly, wrongly, or not to the end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.live.client import LiveStack, eventually
from tests.live.faults.proxy import Proxy
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


CASES = {
    "Airflow answers each request after 4 s": (
        ("slow", 4.0, 15),
        "all takes longer; what is shown is late by that much",
    ),
    "Airflow answers each request after 20 s": (
        ("slow", 20.0, 30),
        "executions say that Airflow does not answer; a trigger that was given up and arrives "
        "late starts the one run",
    ),
    "Airflow does what is asked and answers 500": (
        ("500", 0.0, 8),
        "executions say so and wait; the runs that were started are found",
    ),
    "Airflow answers 401: the token has expired": (
        ("401", 0.0, 8),
        "LogiData logs in again, at once; nobody notices",
    ),
    "Airflow does what is asked and breaks off its answer": (
        ("half", 0.0, 8),
        "executions say so and wait; the runs that were started are found",
    ),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=fault(name, promise)) for name, (_, promise) in CASES.items()],
)
def test_answers_that_are_no_use_change_nothing_that_is_true(live, proxy, trial, name):
    (mode, delay, seconds), _ = CASES[name]
    [running] = trial.start(seconds=6)
    trial.reading(running)
    with trial.fault():
        with proxy.misbehaving(mode, delay=delay):
            trial.start(3)
            time.sleep(seconds)
        assert proxy.spoilt > 0
