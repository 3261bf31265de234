"""Loaded into a Celery worker (`-I`): has it killed at one step of a task, once."""

from __future__ import annotations

import functools
import importlib
import os
import signal
from collections.abc import Callable
from typing import Any

from celery.signals import worker_process_init

from tests.live.faults.killing import KILL_AT, KILL_MARK, KILL_WHOM


@worker_process_init.connect  # type: ignore[untyped-decorator]
def arm(**_: object) -> None:
    """Wrap the function that the step names, in the process that runs the tasks."""
    module, path, moment = os.environ[KILL_AT].split(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for attribute in outer:
        owner = getattr(owner, attribute)
    function = getattr(owner, name)
    setattr(owner, name, _deadly(function, moment))


def _deadly(function: Callable[..., Any], moment: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if moment == "before":
            _die_once()
        result = function(*args, **kwargs)
        if moment == "after":
            _die_once()
        return result

    return wrapped


def _die_once() -> None:
    try:
        os.close(os.open(os.environ[KILL_MARK], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    if os.environ[KILL_WHOM] == "group":
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
