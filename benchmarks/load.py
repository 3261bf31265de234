"""Fifty executions at once: whether all end, and how the API answers meanwhile."""

from __future__ import annotations

import itertools
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median, quantiles

import requests

from stack.layout import PROJECT
from tests.live.client import FINAL, Json, LiveStack

EXECUTIONS = 50
PIPELINES = 10
# So many callers start them, each with a connection of its own.
CALLERS = 10
# Between two requests of the one who looks on.
PAUSE_SECONDS = 0.05
END_SECONDS = 500


@dataclass
class Load:
    """What was measured: milliseconds of every answer by what was asked, seconds, statuses."""

    answers: dict[str, list[float]] = field(default_factory=dict)
    posted_seconds: float = 0
    ended_seconds: float = 0
    statuses: Counter[str] = field(default_factory=Counter)

    @property
    def all_reads(self) -> list[float]:
        return [time for kind, times in self.answers.items() if kind != EXECUTE for time in times]


EXECUTE = "execute"


def measure(live: LiveStack) -> Load:
    """Start the executions at once, and look on until all have ended."""
    pipelines = [_registered(live) for _ in range(PIPELINES)]
    load = Load()
    started: list[str] = []
    ended = threading.Event()
    turns = [pipelines[number % PIPELINES] for number in range(EXECUTIONS)]
    with ThreadPoolExecutor(CALLERS + 1) as pool:
        began = time.perf_counter()
        looking = pool.submit(_look_on, live, load, started, ended)
        try:
            shares = [turns[caller::CALLERS] for caller in range(CALLERS)]
            for posting in [pool.submit(_execute, live, load, share, started) for share in shares]:
                posting.result()
            load.posted_seconds = time.perf_counter() - began
            load.statuses = _wait_for_all(live, started)
            load.ended_seconds = time.perf_counter() - began
        finally:
            ended.set()
        looking.result()
    return load


def _registered(live: LiveStack) -> Json:
    """Return a new pipeline that has run once: its DAG is served, its table there."""
    body: Json = json.loads((PROJECT / "examples" / "pipelines" / "deliveries.json").read_text())
    name = f"load {uuid.uuid4().hex[:8]}"
    body["config"]["nodes"][2]["config"]["table"] = name.replace(" ", "_")
    pipeline: Json = live.call("POST", "pipelines", body | {"name": name})
    assert (ended := live.run(pipeline))["status"] == "success", ended
    return pipeline


def _session(live: LiveStack) -> requests.Session:
    session = requests.Session()
    session.headers.update(live.session.headers)
    return session


def _timed(live: LiveStack, load: Load, kind: str, ask: Callable[[str], requests.Response]) -> Json:
    began = time.perf_counter()
    answer = ask(f"{live.env['LOGIDATA_URL']}/api/v1/")
    milliseconds = (time.perf_counter() - began) * 1000
    assert answer.ok, f"{kind}: {answer.status_code} {answer.text[:500]}"
    load.answers.setdefault(kind, []).append(milliseconds)
    found: Json = answer.json()
    return found


def _execute(live: LiveStack, load: Load, pipelines: list[Json], started: list[str]) -> None:
    with _session(live) as session:
        for pipeline in pipelines:
            path = f"pipelines/{pipeline['id']}/execute"
            found = _timed(
                live, load, EXECUTE, lambda url, path=path: session.post(url + path, timeout=60)
            )
            started.append(found["execution_id"])


def _look_on(live: LiveStack, load: Load, started: list[str], ended: threading.Event) -> None:
    """Ask for one thing after the other, as pages that people have open do."""
    with _session(live) as session:
        for turn in itertools.count():
            if ended.is_set():
                return
            paths = {
                "executions": "executions",
                "executions that run": "executions?status=running",
                "pipelines": "pipelines",
            }
            if started:
                execution = started[turn * 7 % len(started)]
                paths["an execution"] = f"executions/{execution}"
                paths["its logs"] = f"executions/{execution}/logs"
            for kind, path in paths.items():
                _timed(live, load, kind, lambda url, path=path: session.get(url + path, timeout=60))
                time.sleep(PAUSE_SECONDS)


def _wait_for_all(live: LiveStack, started: list[str]) -> Counter[str]:
    """Return how many ended how; raise AssertionError if some have not in END_SECONDS."""
    deadline = time.monotonic() + END_SECONDS
    while True:
        page = live.call("GET", "executions?page_size=200")["results"]
        listed = {item["id"]: item["status"] for item in page}
        statuses = Counter(listed[execution] for execution in started)
        if not set(statuses) - set(FINAL):
            return statuses
        assert time.monotonic() < deadline, f"not all have ended: {dict(statuses)}"
        time.sleep(1)


def page(found: Load) -> str:
    """Return the part of docs/benchmarks.md."""
    kinds = {**found.answers, "all but execute": found.all_reads}
    rows = "\n".join(
        f"| {kind} | {len(times)} | {median(times):.0f} ms | {quantiles(times, n=20)[-1]:.0f} ms "
        f"| {max(times):.0f} ms |"
        for kind, times in kinds.items()
    )
    ended = ", ".join(f"{count} as {status}" for status, count in found.statuses.items())
    return f"""
## Fifty executions at once

The example pipeline (deliveries: CSV, filter, PostgreSQL), {PIPELINES} times over, each with a
table of its own and started five times, by {CALLERS} callers at once: the {EXECUTIONS} calls took
{found.posted_seconds:.2f} s. All had ended after {found.ended_seconds:.0f} s: {ended}. Until then
the API was asked for one thing after the other, {PAUSE_SECONDS * 1000:.0f} ms apart, on the same
cores.

| asked for | answers | median | 95 % within | slowest |
| --- | --- | --- | --- | --- |
{rows}
"""
