"""Talking to the supervisor: its settings, its start, what its programs do, its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import psutil
from supervisor.xmlrpc import Faults

from stack.catalogue import programs_of
from stack.errors import StackError
from stack.layout import Layout
from stack.ports import HOST
from stack.programs import (
    CONNECTION_PREFIX,
    IDENTITY_VARIABLE,
    PASSED_ON,
    Stack,
    base_environment,
)
from stack.secrets import write_private


@dataclass(frozen=True)
class ProgramState:
    """What the supervisor says of one program."""

    name: str
    state: str
    description: str


def write_config(stack: Stack) -> None:
    """Write the supervisor's settings; each program is started by `python -m stack run NAME`."""
    layout = stack.layout

    lines = [
        "[supervisord]",
        f"logfile={layout.logs / 'supervisord.log'}",
        f"pidfile={layout.supervisor_pid}",
        f"childlogdir={layout.logs}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "[inet_http_server]",
        f"port={HOST}:{stack.ports.supervisor}",
        "username=logidata",
        f"password={stack.secrets.supervisor}",
    ]
    for program in programs_of(stack):
        lines += [
            f"[program:{program.name}]",
            f'command="{sys.executable}" -m stack run {program.name}',
            f"directory={layout.project}",
            f"stdout_logfile={layout.logs / program.name}.log",
            "redirect_stderr=true",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=2",
            # Started one after the other by `up`, since each needs another to be healthy.
            "autostart=false",
            "autorestart=true",
            "startsecs=2",
            "startretries=5",
            f"stopsignal={program.stop_signal}",
            f"stopwaitsecs={program.stop_seconds}",
            # PostgreSQL stops its own children in order; the others would leave some behind.
            f"stopasgroup={'false' if program.name == 'postgres' else 'true'}",
            "killasgroup=true",
        ]
    write_private(layout.supervisor_config, "\n".join(lines) + "\n")


@contextmanager
def _already() -> Iterator[None]:
    """Take the supervisor's "it runs already" and "it does not run" for what was wanted."""
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode not in (Faults.ALREADY_STARTED, Faults.NOT_RUNNING):
            raise


class Supervisor:
    """The running supervisor of a stack, reached over loopback with its password."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        address = f"http://logidata:{stack.secrets.supervisor}@{HOST}:{stack.ports.supervisor}/RPC2"
        self._rpc = xmlrpc.client.ServerProxy(address).supervisor

    def is_running(self) -> bool:
        try:
            self._rpc.getState()
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def start(self) -> None:
        """Start the supervisor itself, without any program yet."""
        layout = self._stack.layout
        write_config(self._stack)
        # The programs read these of the supervisor's environment, each for itself.
        given = {
            name: value
            for name, value in os.environ.items()
            if value and (name in PASSED_ON or name.startswith(CONNECTION_PREFIX))
        }
        environment = base_environment(self._stack) | given
        done = subprocess.run(
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "supervisor.supervisord",
                "-c",
                str(layout.supervisor_config),
            ],
            cwd=layout.project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        deadline = time.monotonic() + 10
        while done.returncode == 0 and not self.is_running() and time.monotonic() < deadline:
            time.sleep(0.1)
        if not self.is_running():
            raise StackError(
                f"The supervisor did not start: {done.stdout}{done.stderr} "
                f"See {layout.logs / 'supervisord.log'}."
            )

    def states(self) -> list[ProgramState]:
        found = cast(list[dict[str, str]], self._rpc.getAllProcessInfo())
        by_name = {
            row["name"]: ProgramState(row["name"], row["statename"], row["description"])
            for row in found
        }
        return [by_name[program.name] for program in programs_of(self._stack)]

    def state(self, name: str) -> str:
        return cast(dict[str, str], self._rpc.getProcessInfo(name))["statename"]

    def start_program(self, name: str) -> None:
        """Start a program without waiting for it; nothing happens where it runs already."""
        if self.state(name) not in ("RUNNING", "STARTING", "BACKOFF"):
            with _already():
                self._rpc.startProcess(name, False)

    def stop_program(self, name: str) -> None:
        """Stop a program and return when it has ended."""
        if self.state(name) in ("RUNNING", "STARTING", "BACKOFF"):
            with _already():
                self._rpc.stopProcess(name, True)

    def stop(self) -> None:
        """Stop the programs, those that use others first, then the supervisor itself."""
        for program in reversed(programs_of(self._stack)):
            if self.state(program.name) in ("RUNNING", "STARTING", "BACKOFF"):
                with _already():
                    # Those that use others are told first, and stop side by side.
                    self._rpc.stopProcess(program.name, program.name in ("postgres", "redis"))
        self._rpc.shutdown()


def processes_of(layout: Layout) -> list[psutil.Process]:
    """Return the live processes marked in their environment as this stack's, but for this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.pid != os.getpid()
                and process.environ().get(IDENTITY_VARIABLE) == layout.identity
            ):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # Gone meanwhile, or another user's.
    return found


def end_leftovers(layout: Layout, patience: float = 20.0) -> int:
    """Wait for the stack's processes to end, then end those that stay; return how many stayed."""
    deadline = time.monotonic() + patience
    while (left := processes_of(layout)) and time.monotonic() < deadline:
        time.sleep(0.2)
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=5)
    return len(left)
