"""`make bench`: measure, each part in one run, and write docs/benchmarks.md.

`python -m benchmarks lists load` measures just these parts and leaves the others as they are.
"""

from __future__ import annotations

import argparse
import platform
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from shutil import copy
from statistics import median

import psutil

from benchmarks import console, dataplane, following, latency, lists, load, parsing
from benchmarks.dataplane.tried import TRIED
from stack.layout import PROJECT
from stack.programs import airflow_environment
from tests.live.client import LiveStack, running_stack

RESULTS = PROJECT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`, each part in one run, in turns on the same machine. Ratios travel between
machines; seconds do not. `python -m benchmarks PART …` measures single parts anew:
{parts}.
"""


def main() -> None:
    """Measure the parts that are asked for, all by default, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    asked = parser.parse_args().parts or list(PARTS)
    for part in asked:
        if part not in PARTS:
            parser.error(f"there is no part '{part}'; there are {', '.join(PARTS)}")
    for part in asked:
        measured = f"\nMeasured on {datetime.now(UTC):%Y-%m-%d}: {_machine()}.\n"
        text = PARTS[part]() + measured
        print(text)
        write(part, text)


def write(part: str, text: str, results: Path = RESULTS) -> None:
    """Put what a part has measured into the results, in place of what it had before."""
    before = results.read_text() if results.exists() else ""
    _, *sections = re.split(r"^<!-- (\w+) -->\n", before, flags=re.MULTILINE)
    texts = dict(zip(sections[::2], sections[1::2], strict=True)) | {part: text.lstrip("\n")}
    page = [HEAD.format(parts=", ".join(f"`{name}`" for name in PARTS))]
    page += [f"<!-- {name} -->\n{texts[name].rstrip()}\n" for name in PARTS if name in texts]
    results.write_text("\n".join(page))


def _latency() -> str:
    with _stack() as live:
        times = latency.measure(live)
        return _page(times, _parse_times(live))


def _load() -> str:
    with _stack() as live:
        return load.page(load.measure(live))


def _lists() -> str:
    return lists.page(lists.measure())


def _following() -> str:
    return following.page(following.measure())


def _console() -> str:
    with _stack() as live:
        return console.page(console.measure(live))


def _dataplane() -> str:
    return dataplane.page(dataplane.measure()) + TRIED


# In the order of the page; each starts and stops what it needs.
PARTS: dict[str, Callable[[], str]] = {
    "latency": _latency,
    "load": _load,
    "lists": _lists,
    "following": _following,
    "console": _console,
    "dataplane": _dataplane,
}


@contextmanager
def _stack() -> Iterator[LiveStack]:
    with (
        tempfile.TemporaryDirectory(prefix="logidata-bench-") as folder,
        running_stack(Path(folder) / "var") as live,
    ):
        yield live


@dataclass(frozen=True)
class ParseTimes:
    """Milliseconds of each round: ours, empty plain operators, the TaskFlow DAG."""

    generated: list[float]
    empty: list[float]
    by_hand: list[float]


def _parse_times(live: LiveStack) -> ParseTimes:
    environment = airflow_environment(live.stack)
    dags = live.stack.layout.dags
    files = [sorted(dags.glob("pipeline_*.py"))[0]]
    files += [
        copy(Path(__file__).with_name(name), dags / name) for name in ("empty.py", "handwritten.py")
    ]
    return ParseTimes(*(parsing.measure(file, environment) for file in files))


def _page(times: latency.Latency, parsed: ParseTimes) -> str:
    ready, hand, new = median(times.ready), median(times.by_hand), median(times.new)
    empty = median(parsed.empty)
    return f"""
## From the call to the final status

The example pipeline (deliveries: CSV, filter, PostgreSQL) executed through LogiData's API until
LogiData's API shows its final status, beside the same three tasks written by hand as a DAG
(`benchmarks/handwritten.py`) and triggered through Airflow's own API. Both are asked every
{latency.POLL_SECONDS * 1000:.0f} ms.

| | median | slowest | rounds | against the hand-written DAG |
| --- | --- | --- | --- | --- |
| LogiData, pipeline registered already | {ready:.2f} s | {max(times.ready):.2f} s | {len(times.ready)} | {times.ratio:.2f} |
| hand-written DAG, triggered directly | {hand:.2f} s | {max(times.by_hand):.2f} s | {len(times.by_hand)} | 1 |
| LogiData, from saving a new pipeline to the end of its first execution | {new:.2f} s | {max(times.new):.2f} s | {len(times.new)} | {new / hand:.2f} |

## Parsing one file

What Airflow's DAG processor does again and again for each file of three tasks in a row: the file
that LogiData generates, three empty operators (`benchmarks/empty.py`), and the DAG from above.

| | median | rounds | against the empty operators |
| --- | --- | --- | --- |
| generated by LogiData | {median(parsed.generated):.1f} ms | {len(parsed.generated)} | {median(parsed.generated) / empty:.2f} |
| written by hand, three empty operators | {empty:.1f} ms | {len(parsed.empty)} | 1 |
| written by hand, TaskFlow | {median(parsed.by_hand):.1f} ms | {len(parsed.by_hand)} | {median(parsed.by_hand) / empty:.2f} |
"""  # noqa: E501 a Markdown table has no line breaks


def _machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    memory = psutil.virtual_memory().total / 2**30
    packages = ("apache-airflow", "django", "celery", "duckdb")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{psutil.cpu_count()} cores ({model}), {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}"
    )


if __name__ == "__main__":
    main()
