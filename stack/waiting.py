"""Waiting until a part of the stack is healthy, and saying so."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from stack.catalogue import programs_of
from stack.errors import StackError
from stack.programs import Stack
from stack.supervision import Supervisor


def wait_for(
    name: str,
    healthy: Callable[[], str | None],
    supervisor: Supervisor,
    stack: Stack,
    seconds: float,
) -> None:
    """Return when `healthy()` gives None; it gives what is still missing otherwise.

    Raises:
        StackError: the program gave up, or was not healthy in time; with the end of its log.
    """
    [title] = [program.title for program in programs_of(stack) if program.name == name]
    began, missing = time.monotonic(), ""
    _say(f"  waiting for {title} ")
    while (elapsed := time.monotonic() - began) < seconds:
        missing = healthy() or ""
        if not missing:
            _say(
                f"\r  {title} is ready ({elapsed:.1f} s){' ' * 12}\n"
                if sys.stdout.isatty()
                else f"ready ({elapsed:.1f} s)\n"
            )
            return
        if supervisor.state(name) in ("FATAL", "EXITED"):
            missing = "it stopped right after each start"
            break
        time.sleep(0.2)
    _say("\n")
    log = stack.layout.logs / f"{name}.log"
    end = "\n".join("    " + line for line in _last_lines(log))
    raise StackError(
        f"{title} is not healthy after {time.monotonic() - began:.0f} s: {missing}.\n"
        f"The end of its log, {log}:\n{end}\n"
        f"Mend what it names and run `make up` again; `make down` stops what runs now."
    )


def _last_lines(path: object, count: int = 15) -> list[str]:
    try:
        with open(str(path), errors="replace") as file:
            return file.read().splitlines()[-count:]
    except OSError:
        return ["(no log)"]


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
