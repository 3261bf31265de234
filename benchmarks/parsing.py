"""What parsing one DAG file costs Airflow, in milliseconds; each time in a process of its own.

As in Airflow's DAG processor, the process is forked from one that has Airflow imported already.
Run as a program: `python -m benchmarks.parsing FILE ROUNDS` prints a JSON list.
"""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path


def measure(file: Path, environment: dict[str, str], rounds: int = 20) -> list[float]:
    """Return each round's milliseconds; raise CalledProcessError if the file does not parse."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.parsing", str(file), str(rounds)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


def _parse(file: str, answers: multiprocessing.SimpleQueue[float]) -> None:
    from airflow.dag_processing.dagbag import DagBag

    began = time.perf_counter()
    bag = DagBag(file, load_op_links=False)
    elapsed = time.perf_counter() - began
    if bag.import_errors or len(bag.dags) != 1:
        raise SystemExit(f"{file}: {bag.import_errors}")
    answers.put(elapsed * 1000)


def _main(file: str, rounds: int) -> None:
    import airflow.dag_processing.dagbag
    import airflow.sdk  # noqa: F401 imported before the fork, as the DAG processor does

    fork = multiprocessing.get_context("fork")
    answers: multiprocessing.SimpleQueue[float] = fork.SimpleQueue()
    times = []
    for _ in range(rounds):
        child = fork.Process(target=_parse, args=(file, answers))
        child.start()
        child.join()
        if child.exitcode != 0:
            raise SystemExit(1)
        times.append(answers.get())
    print(json.dumps(times))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
