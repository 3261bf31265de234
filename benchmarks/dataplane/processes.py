"""A contestant in a process of its own: how long it takes, and how much memory and CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stack.layout import PROJECT


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the clock, from its start to its end, and of CPU."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of both, one after the other."""
        return Cost(
            self.seconds + other.seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_bytes, other.peak_bytes),
        )


def run(
    contestant: str,
    arguments: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    in_task: bool = False,
) -> tuple[Cost, Any]:
    """Return what `benchmarks.contestants` cost, and its result.

    With `in_task` the seconds count from where an Airflow task begins, with all imported that it
    has then; its CPU and memory are still those of the whole process.
    """
    command = [
        *(sys.executable, "-m", "benchmarks.contestants"),
        contestant,
        json.dumps(arguments),
        *(["in a task"] if in_task else []),
    ]
    cost, printed = _timed(command, environment)
    if in_task:
        cost = replace(cost, seconds=printed["seconds"])
    return cost, printed["result"]


def _timed(command: list[str], environment: Mapping[str, str]) -> tuple[Cost, Any]:
    inherited = {
        # Without compiled modules, which everyone has, importing takes several times as long.
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        **environment,
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=PROJECT, env=inherited, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command} failed"
    cost = Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
    return cost, json.loads(printed.strip().splitlines()[-1])
