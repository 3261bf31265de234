"""`make down`: stop every process of the stack."""

from __future__ import annotations

from stack.layout import Layout
from stack.starting import running
from stack.supervision import Supervisor, end_leftovers, processes_of


def down(layout: Layout) -> None:
    """Stop everything that this stack started; return when none of its processes is left."""
    stack = running(layout)
    if stack is not None:
        print("Stopping LogiData")
        Supervisor(stack).stop()
    elif not processes_of(layout):
        print("Nothing runs.")
        return
    killed = end_leftovers(layout)
    print(
        "Stopped."
        if not killed
        else f"Stopped; {killed} processes did not end by themselves and were killed."
    )
