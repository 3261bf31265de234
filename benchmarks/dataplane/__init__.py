"""Millions of rows through the nodes, beside what a user would pick instead."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.dataplane.measuring import (
    SIZES,
    Bench,
    Load,
    Pair,
    measure_load,
    measure_pairs,
    small_node_cpu,
)
from tests.services import Services

_CONTESTANTS_AT = 5_000_000
_NAMES = {
    "copy": "bare `COPY` of the same rows from a ready file",
    "polars": "polars + ADBC",
    "dlt": "dlt (Arrow batches)",
    "pandas": "pandas `read_csv` + `to_sql`",
}


@dataclass(frozen=True)
class DataPlane:
    """What was measured: loads by size, pairs, and the seconds of CPU of a small node."""

    loads: list[Load]
    pairs: list[Pair]
    small_cpu: float


def measure(sizes: Sequence[int] = SIZES) -> DataPlane:
    """Measure on servers of its own."""
    services = Services(durable=True)
    services.start()
    try:
        with tempfile.TemporaryDirectory(prefix="logidata-bench-") as folder:
            bench = Bench(Path(folder), services)
            return DataPlane(
                [measure_load(bench, n, contestants=n == _CONTESTANTS_AT) for n in sizes],
                measure_pairs(bench),
                small_node_cpu(bench),
            )
    finally:
        services.stop()


def page(found: DataPlane) -> str:
    """Return the section of docs/benchmarks.md."""
    loads = "\n".join(_load_row(load) for load in found.loads)
    full = next((load for load in found.loads if len(load.others) > 1), None)
    contest = "\n".join(_contest_rows(full)) if full is not None else ""
    pairs = "\n".join(
        f"| {pair.what} | {pair.node.seconds:.2f} s | {pair.by_hand.seconds:.2f} s |"
        f" {pair.node.seconds / pair.by_hand.seconds:.2f} |"
        for pair in found.pairs
    )
    return f"""
## CSV, filter, PostgreSQL

Rows of 9 columns (ids, text, a timestamp, floats; about 75 bytes as CSV), of which the filter
keeps 22 %, through `extract.csv`, `transform.filter` and `load.postgres`: three processes, as in
Airflow, their start and the staging in between included, in turns with the bare COPY: medians of 3
up to 5 million rows, then one round. PostgreSQL runs with its defaults. Memory is the highest of
any one process.

| rows | read | filter | load | together | bare `COPY` of the result | ratio | memory |
| --- | --- | --- | --- | --- | --- | --- | --- |
{loads}

The same 5 million rows, each tool as its users would write it
(`benchmarks/contestants.py`):

| | seconds | against LogiData | memory |
| --- | --- | --- | --- |
{contest}

Versions: {", ".join(f"{name} {version(name)}" for name in ("polars", "dlt", "pandas"))}.

## Transformations beside DuckDB by hand

A node beside a script that has DuckDB, with its defaults, read the same Parquet files and write the
result as Parquet (for the upsert: copy into a temporary table of PostgreSQL, then
`INSERT … ON CONFLICT`). Each in a process of its own, from where an Airflow task begins: DuckDB is
imported in both times, Airflow in neither. Medians of 3, of the upsert one round.

| | node | by hand | ratio |
| --- | --- | --- | --- |
{pairs}

## A node on 10 rows

{found.small_cpu:.2f} s of CPU beyond a process that has imported what an Airflow task has and does
nothing (medians of 9).
"""


def _load_row(load: Load) -> str:
    read, keep, write = (cost.seconds for cost in load.nodes)
    bare = load.others["copy"].seconds
    return (
        f"| {load.rows:,} | {read:.2f} s | {keep:.2f} s | {write:.2f} s |"
        f" {load.total.seconds:.2f} s | {bare:.2f} s | {load.total.seconds / bare:.2f} |"
        f" {load.total.peak_bytes / 1e6:.0f} MB |"
    )


def _contest_rows(load: Load) -> list[str]:
    ours = load.total
    rows = [
        f"| LogiData, three nodes | {ours.seconds:.2f} s | 1 | {ours.peak_bytes / 1e6:.0f} MB |"
    ]
    rows += [
        f"| {_NAMES[name]} | {cost.seconds:.2f} s | {cost.seconds / ours.seconds:.2f} |"
        f" {cost.peak_bytes / 1e6:.0f} MB |"
        for name, cost in sorted(load.others.items(), key=lambda item: item[1].seconds)
    ]
    return rows
