"""What a person asks of the stack: its addresses, what runs, what it logs."""

from __future__ import annotations

import os
import sys

from stack.catalogue import programs_of
from stack.errors import StackError
from stack.layout import Layout
from stack.programs import ADMIN_USER, AIRFLOW_USER, Stack
from stack.starting import recorded, running
from stack.supervision import Supervisor


def addresses(stack: Stack) -> None:
    """Print where to go and how to log in."""
    env_file = os.path.relpath(stack.layout.env_file)
    print(
        f"""
LogiData is up.
  Admin     {stack.web_url}/admin/    {ADMIN_USER} / {stack.secrets.admin_password}
  API       {stack.web_url}/api/v1/docs    (the token is in {env_file})
  Airflow   {stack.airflow_url}    {AIRFLOW_USER} / {stack.secrets.airflow_password}
  Files for pipelines go to {os.path.relpath(stack.layout.data_dirs[0])}{os.sep}
Stop it with: make down"""
    )


def status(layout: Layout) -> int:
    """Print each program's state; return 0 if all run, else 1."""
    stack = running(layout)
    if stack is None:
        print("LogiData does not run. Start it with: make up")
        return 1
    states = Supervisor(stack).states()
    for state in states:
        print(f"{state.name:24} {state.state.lower():10} {state.description}")
    return 0 if all(state.state == "RUNNING" for state in states) else 1


def logs(layout: Layout, program: str | None) -> None:
    """Print the end of every log, or follow one program's."""
    names = [program.name for program in programs_of(recorded(layout))]
    if program is not None and program not in names:
        raise StackError(f"There is no program {program!r}. Choose one of: {', '.join(names)}.")
    if program is not None:
        sys.stdout.flush()
        os.execvp("tail", ["tail", "-n", "100", "-F", str(layout.logs / f"{program}.log")])
    for name in names:
        path = layout.logs / f"{name}.log"
        lines = (
            path.read_text(errors="replace").splitlines()[-10:]
            if path.exists()
            else ["(nothing yet)"]
        )
        print(f"== {name} ({os.path.relpath(path)})", *lines, "", sep="\n")
    print("Follow one of them with: make logs PROGRAM=worker")
