"""How long a person waits: from the call that executes to the final status, in seconds."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from stack.layout import PROJECT
from tests.live.client import FINAL, Json, LiveStack

POLL_SECONDS = 0.05
HANDWRITTEN = "handwritten_deliveries"


@dataclass(frozen=True)
class Latency:
    """Seconds of each round: ours registered, by hand, ours newly saved."""

    ready: list[float]
    by_hand: list[float]
    new: list[float]

    @property
    def ratio(self) -> float:
        return median(self.ready) / median(self.by_hand)


def measure(live: LiveStack, rounds: int = 10, new_rounds: int = 5) -> Latency:
    """Measure in turns, so that both meet the same machine."""
    body: Json = json.loads((PROJECT / "examples" / "pipelines" / "deliveries.json").read_text())
    shutil.copy(Path(__file__).with_name("handwritten.py"), live.stack.layout.dags)
    pipeline = _create(live, body)
    _execute(live, pipeline)
    _wait_until_served(live)
    _trigger_by_hand(live)
    ready, by_hand = [], []
    for _ in range(rounds):
        ready.append(_execute(live, pipeline))
        by_hand.append(_trigger_by_hand(live))
    return Latency(ready, by_hand, [_save_and_execute(live, body) for _ in range(new_rounds)])


def _create(live: LiveStack, body: Json) -> Json:
    created: Json = live.call("POST", "pipelines", body | {"name": f"bench {uuid.uuid4().hex[:8]}"})
    return created


def _execute(live: LiveStack, pipeline: Json) -> float:
    began = time.perf_counter()
    started = live.call("POST", f"pipelines/{pipeline['id']}/execute", {"params": {}})
    while (found := live.execution(started["execution_id"]))["status"] not in FINAL:
        time.sleep(POLL_SECONDS)
    assert found["status"] == "success", found
    return time.perf_counter() - began


def _save_and_execute(live: LiveStack, body: Json) -> float:
    began = time.perf_counter()
    _execute(live, _create(live, body))
    return time.perf_counter() - began


def _wait_until_served(live: LiveStack) -> None:
    deadline = time.monotonic() + 60
    while not live.airflow_call("GET", f"dags/{HANDWRITTEN}").ok:
        errors = live.airflow_call("GET", "importErrors").text
        assert time.monotonic() < deadline, errors
        time.sleep(0.2)


def _trigger_by_hand(live: LiveStack) -> float:
    began = time.perf_counter()
    answer = live.airflow_call("POST", f"dags/{HANDWRITTEN}/dagRuns", {"logical_date": None})
    assert answer.ok, answer.text
    path = f"dags/{HANDWRITTEN}/dagRuns/{answer.json()['dag_run_id']}"
    while (state := live.airflow_call("GET", path).json()["state"]) not in ("success", "failed"):
        time.sleep(POLL_SECONDS)
    assert state == "success", live.airflow_call("GET", f"{path}/taskInstances").text
    return time.perf_counter() - began
