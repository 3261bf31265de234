"""`python -m stack`: what the Makefile calls."""

from __future__ import annotations

import argparse
import os
import sys

from stack.errors import StackError
from stack.layout import Layout
from stack.ports import HOST


def main() -> int:
    """Run one command of the embedded stack and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m stack", description="LogiData's embedded services."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser(
        "up", help="start everything, wait until it is healthy, run the example"
    )
    up.add_argument(
        "--no-example", action="store_true", help="do not load and execute the example pipeline"
    )
    commands.add_parser("down", help="stop everything")
    commands.add_parser("status", help="say what runs; exit 1 when something does not")
    logs = commands.add_parser("logs", help="print the end of each program's log")
    logs.add_argument("program", nargs="?", help="only this program's log, and follow it")
    run = commands.add_parser(
        "run", help="become one program of the stack (the supervisor calls this)"
    )
    run.add_argument("program")
    arguments = parser.parse_args()
    # What runs on this machine is asked directly, whatever proxy leads outside.
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), HOST]))
    try:
        return _run(arguments, Layout.from_environment())
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. `make down` stops what was started.", file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace, layout: Layout) -> int:
    if arguments.command == "run":
        from stack.catalogue import become
        from stack.starting import recorded

        become(arguments.program, recorded(layout))
    elif arguments.command == "up":
        from stack import example, report, starting

        stack = starting.up(layout)
        if not arguments.no_example:
            example.show(stack)
        report.addresses(stack)
    elif arguments.command == "down":
        from stack import stopping

        stopping.down(layout)
    elif arguments.command == "status":
        from stack import report

        return report.status(layout)
    elif arguments.command == "logs":
        from stack import report

        report.logs(layout, arguments.program)
    return 0


if __name__ == "__main__":
    # A pipe closed by its reader (`make logs | head`) is no error worth a traceback.
    try:
        sys.exit(main())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
