"""An Airflow with thousands of runs, in a process of its own, moved from here.

It answers as the recorded Airflow 3.3.2 (`tests/fake_airflow/over_http.py`), which the contract
tests hold to the same cases as the real one, and counts what it is asked.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tests.airflow_bridge.stub_server import serve
from tests.fake_airflow import FakeAirflow, dataset
from tests.fake_airflow.over_http import FakeAirflow3

Key = tuple[str, str]
# What `[api] maximum_page_limit` is in `make up` and docker-compose.yml.
PAGE = 1000


class Fleet:
    """What happens in the Airflow, by name, so that another process can have it happen."""

    def __init__(self) -> None:
        self.airflow = FakeAirflow()
        self.answer = FakeAirflow3(self.airflow, PAGE)

    def begin(self, keys: Sequence[Key], tasks: Sequence[str], conf: dict[str, Any]) -> None:
        """Queue runs of these tasks."""
        for dag_id, run_id in keys:
            if dag_id not in self.airflow.dags:
                self.airflow.serve(dag_id, tasks=tasks)
            self.airflow.begin(dag_id, run_id, conf=conf)

    def start(self, keys: Sequence[Key], task: str) -> None:
        """Have the runs start, and the task in each."""
        for dag_id, run_id in keys:
            self.airflow.set_run(dag_id, run_id, "running")
            self.airflow.set_task(dag_id, run_id, task, "running")

    def schedule(self) -> None:
        """Have the scheduler look at every run."""
        self.airflow.schedule()

    def succeed(self, keys: Sequence[Key], done: str, then: str) -> None:
        """Have a task of each run end with a result, and the next one begin."""
        for dag_id, run_id in keys:
            self.airflow.set_task(dag_id, run_id, done, "success", result=dataset())
            self.airflow.set_task(dag_id, run_id, then, "running")
        self.airflow.schedule()

    def finish(self, keys: Sequence[Key]) -> None:
        """Have the runs end."""
        for key in keys:
            self.airflow.finish(*key)

    def forget(self, keys: Sequence[Key]) -> None:
        """Delete runs."""
        for key in keys:
            self.airflow.forget_run(*key)


@dataclass
class Remote:
    """The fleet in the other process; `url` is where it answers."""

    url: str
    pipe: Connection

    def call(self, name: str, *args: Any) -> Any:
        """Have it happen, and wait until it has."""
        self.pipe.send((name, args))
        return self.pipe.recv()

    def requests(self) -> Counter[str]:
        """Return how often each kind of request was made since the last call."""
        counted: Counter[str] = self.call("requests")
        return counted


@contextmanager
def running_fleet() -> Iterator[Remote]:
    """Run it for the length of the block."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(there,), daemon=True)
    process.start()
    try:
        yield Remote(here.recv(), here)
    finally:
        here.close()
        process.join(timeout=10)
        process.kill()


def _run(pipe: Connection) -> None:
    fleet = Fleet()
    with serve(fleet.answer) as wire:
        pipe.send(wire.url)
        try:
            while True:
                name, args = pipe.recv()
                if name == "requests":
                    pipe.send(Counter(_kind(one.method, one.path) for one in wire.asked))
                    wire.asked.clear()
                else:
                    getattr(fleet, name)(*args)
                    pipe.send(None)
        except EOFError:
            return


def _kind(method: str, path: str) -> str:
    if path.endswith("/taskInstances/list"):
        return "task instances"
    if path.endswith("/dags/~/dagRuns"):
        return "changed runs"
    return "results" if "/xcomEntries/" in path else "single runs" if "dagRuns" in path else "login"
