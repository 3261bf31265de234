"""Ending programs of the stack without warning, and workers at a chosen step of a task."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from stack.layout import PROJECT
from stack.programs import django_environment
from tests.live.client import LiveStack, eventually

KILL_AT, KILL_MARK, KILL_WHOM = "LOGIDATA_KILL_AT", "LOGIDATA_KILL_MARK", "LOGIDATA_KILL_WHOM"


def pid_of(live: LiveStack, program: str) -> int | None:
    """Return the process id of a program, None while it does not run."""
    for state in live.supervisor.states():
        if state.name == program and (found := re.match(r"pid (\d+)", state.description)):
            return int(found[1])
    return None


def kill(live: LiveStack, program: str, *, children: bool = True) -> None:
    """End a program without warning, and all that it started, as losing its machine does."""
    process = psutil.Process(eventually(lambda: pid_of(live, program), 20))
    for doomed in [process, *(process.children(recursive=True) if children else ())]:
        with suppress(psutil.NoSuchProcess):
            doomed.send_signal(signal.SIGKILL)


def restarted(live: LiveStack, program: str, old: int) -> None:
    """Return once the supervisor has started the program anew."""
    eventually(lambda: pid_of(live, program) not in (None, old), 30)


@contextmanager
def doomed_worker(
    live: LiveStack, step: str, mark: Path, *, whom: str = "group"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Celery worker that is killed at a step, once: with its children, or one child alone.

    `step` is `module:attribute:before` or `…:after`.
    """
    environment = django_environment(live.stack) | {
        KILL_AT: step,
        KILL_MARK: str(mark),
        KILL_WHOM: whom,
    }
    log = live.stack.layout.logs / f"doomed-{mark.name}.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "logidata", "worker", "--concurrency=1"),
                *("-Ofair", "--loglevel=INFO", "-I", "tests.live.faults.kill_point"),
            ],
            cwd=PROJECT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield worker
        finally:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGTERM)
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait(10)
