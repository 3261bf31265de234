"""Runs nodes in processes that can be killed: `python -m tests.etl.forked`, a request a line.

Everything is imported once, and each request runs in a fork, so that a kill falls into the node's
work and not into its imports. Answers with the process's id, then with how it ended.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve requests until the input ends."""
    # What a node imports when it runs. None of it starts a thread yet, which no fork would have.
    import duckdb  # noqa: F401
    import psycopg  # noqa: F401
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401
    import pymysql  # noqa: F401

    from etl.registry import all_modules

    all_modules()
    child = 0
    for line in sys.stdin:
        request = json.loads(line)
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if child == 0:
            _run(request)
        print(child, flush=True)
        # Left as it is until the next request: whoever kills it late must hit nobody else.
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        exited = ended.si_code == os.CLD_EXITED
        print(ended.si_status if exited else -ended.si_status, flush=True)


def _run(request: dict[str, Any]) -> None:
    from etl.context import RunContext
    from etl.runner import run_node

    status = 1
    try:
        os.environ.update(request["connections"])
        logging.disable()
        if "graph" in request:
            _run_graph(request)
            status = 0
            return
        result = run_node(
            node_id="node",
            module=request["module"],
            config=request["config"],
            inputs=request["inputs"],
            context=RunContext(
                execution_id=request["execution_id"],
                node_id="node",
                staging=request["staging"],
                attempt=request["attempt"],
                data_dirs=(Path(request["data"]),),
                memory_limit="256MB",
            ),
        )
        Path(request["answer"]).write_text(json.dumps(result["metrics"]))
        status = 0
    except BaseException as exc:  # noqa: BLE001
        print(exc, file=sys.stderr, flush=True)
    finally:
        # Nothing of the parent's is to be ended here.
        os._exit(status)


def _run_graph(request: dict[str, Any]) -> None:
    from etl.local import run_graph
    from etl.settings import RunSettings

    folder = Path(request["folder"])
    settings = RunSettings(
        str(folder / "staging"), str(folder / "state"), (folder / "data",), "256MB"
    )
    done = run_graph(request["graph"], params={}, settings=settings, pipeline=request["pipeline"])
    if done.error is not None:
        raise done.error


if __name__ == "__main__":
    main()
