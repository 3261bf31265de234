"""`python -m etl.preview`: one preview in a process of its own, which may be killed at any time.

The wish comes as a line of JSON on the standard input, which stays open for as long as the answer
is wanted. What happens goes to the standard output, an event a line: `{"node", "status", …}`,
`{"log": {"node", "level", "message"}}`, and at the end `{"outputs"}` or `{"error"}`. The error and
each of the warnings of a node have the "wording" of their "message".
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from etl.errors import ETLError
from etl.graph import GraphError
from etl.messages import map_values, wording
from etl.preview.limits import end_with, limit_process
from etl.problems import Problem
from etl.settings import RunSettings

_LONGEST_LINE = 2000
_MOST_LINES = 200


class _Events(logging.Handler):
    """Writes events, and what is logged as events, without the secrets of connections."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        # Whatever else writes to the standard output must not get between.
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._secrets: set[str] = set()
        self._node: str | None = None
        self._lines = 0

    def hide(self, secrets: set[str]) -> None:
        """Never write these texts."""
        self._secrets |= secrets

    def write(self, event: Mapping[str, Any]) -> None:
        """Write one event."""
        if "node" in event:
            self._node = event["node"]
            event = {**event, "warnings": [self._said(text) for text in event.get("warnings", ())]}
        print(json.dumps(event, ensure_ascii=True), file=self._out, flush=True)

    def fail(self, problem: Problem) -> None:
        """Write why there is nothing to see."""
        said = self._said(problem.message)
        self.write({"error": {"node": problem.node, "field": problem.field, **said}})

    def _said(self, message: str) -> dict[str, Any]:
        hidden = map_values(message, self.masked)
        return {"message": hidden, "wording": wording(hidden)}

    def masked(self, text: str) -> str:
        """Return the text with secrets as ***, the longest first: one may be a part of another."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line of the log, up to 200 of them."""
        self._lines += 1
        if self._lines > _MOST_LINES:
            return
        message = self.masked(record.getMessage())[:_LONGEST_LINE]
        if self._lines == _MOST_LINES:
            message = f"There are more than {_MOST_LINES} lines; the rest is left out."
        level = record.levelname.lower()
        self.write({"log": {"node": self._node, "level": level, "message": message}})


def main() -> int:
    """Run the preview; return 0 whatever became of it, for the last event says so."""
    events = _Events()
    wish = json.loads(_first_line(sys.stdin.fileno()))
    end_with(sys.stdin.fileno())
    limit_process(wish["settings"]["memory_limit"], wish["seconds"])
    try:
        events.write({"outputs": _outputs(wish, events)})
    except GraphError as error:
        events.fail(error.problems[0])
    except ETLError as error:
        events.fail(Problem(error.node, error.field, str(error)))
    return 0


def _first_line(pipe: int) -> bytes:
    # Not through a buffered reader: a thread that waits in it would keep the process from ending.
    line = b""
    while not line.endswith(b"\n") and (block := os.read(pipe, 65536)):
        line += block
    return line


def _outputs(wish: Mapping[str, Any], events: _Events) -> dict[str, Any]:
    # After the limits: what is imported here takes memory.
    from etl.preview.connecting import Connections
    from etl.preview.part import part_of
    from etl.preview.running import Wish, run_part

    logger = logging.getLogger("logidata.preview")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(events)
    raw = wish["settings"]
    settings = RunSettings(
        staging=raw["staging"],
        state=raw["state"],
        data_dirs=tuple(map(Path, raw["data_dirs"])),
        memory_limit=raw["memory_limit"],
    )
    return run_part(
        Wish(
            part=part_of(wish["graph"], wish["node"]),
            params=wish["params"],
            owner=wish["owner"],
            shown=wish["shown"],
            read=wish["read"],
            seconds=wish["seconds"],
            fresh=wish["fresh"],
        ),
        settings,
        connection=Connections(events.hide),
        report=events.write,
        logger=logger,
    )


if __name__ == "__main__":
    sys.exit(main())
