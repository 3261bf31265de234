"""What a round of the sync costs with thousands of active executions: requests, and seconds.

LogiData's database is a PostgreSQL of its own with the
safety of production; Airflow is a stub of the recorded one, in a process of its own
(`benchmarks/fleet.py`), so that the seconds are LogiData's and the stub's, not Airflow's.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.fleet import Remote, running_fleet
from tests.services import Services

if TYPE_CHECKING:
    from executions.models import PipelineExecution

ACTIVE = 10_000
PIPELINES = 100
ROUNDS = 3
BOUND = 1 + ACTIVE // 100


@dataclass(frozen=True)
class Round:
    """One round of the sync."""

    requests: Counter[str]
    seconds: float
    # Of which LogiData's own process computed.
    cpu: float


@dataclass(frozen=True)
class Measured:
    """The rounds that followed a thing that happened in Airflow."""

    what: str
    rounds: list[Round]

    @property
    def most_requests(self) -> int:
        return max(round_.requests.total() for round_ in self.rounds)

    @property
    def slowest(self) -> float:
        return max(round_.seconds for round_ in self.rounds)


def measure() -> list[Measured]:
    """Start the servers, measure, stop them."""
    services = Services(durable=True)
    try:
        services.start()
        with running_fleet() as fleet, _django(fleet.url):
            return list(_measure(fleet))
    finally:
        services.stop()


@contextmanager
def _django(airflow_url: str) -> Iterator[None]:
    django_on(airflow_url)
    yield
    from django.db import connection

    connection.close()


def django_on(airflow_url: str) -> None:
    """Set Django up in this process, on a migrated database, for an Airflow at that address."""
    import os

    import django
    from django.core.management import call_command

    from tests.airflow_bridge.stub_airflow import PASSWORD, USERNAME

    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "logidata.settings",
        "AIRFLOW_API_URL": airflow_url,
        "AIRFLOW_USERNAME": USERNAME,
        "AIRFLOW_PASSWORD": PASSWORD,
    }
    django.setup()
    call_command("migrate", verbosity=0)


def _measure(fleet: Remote) -> Iterator[Measured]:
    keys = [(one.airflow_dag_id, one.airflow_dag_run_id) for one in _executions()]
    read, keep, write = ("read", "keep", "write")
    conf = {"logidata": {"nodes": {node: {"path": "orders.csv"} for node in (read, keep, write)}}}
    fleet.call("begin", keys, [read, keep, write], conf)
    yield Measured("every run was queued", [_round(fleet)])
    fleet.call("start", keys, read)
    yield Measured("every run and its first node started", [_round(fleet)])
    yield _repeat(fleet, "nothing changed", lambda: _settle(timedelta(seconds=31)))
    yield _repeat(fleet, "the scheduler looked at every run", lambda: _schedule(fleet))
    fleet.call("succeed", keys, read, keep)
    yield Measured(
        "the first node of every run ended and the second started",
        [_round(fleet) for _ in range(ROUNDS)],
    )
    fleet.call("finish", keys[: ACTIVE // 10])
    yield Measured("a tenth of the runs ended", [_round(fleet) for _ in range(ROUNDS)])
    fleet.call("forget", keys)
    yield Measured("every run was deleted", _until_nothing_is_active(fleet))
    yield _repeat(fleet, "nothing is active", lambda: None)


def _repeat(fleet: Remote, what: str, happen: Callable[[], None]) -> Measured:
    rounds = []
    for _ in range(ROUNDS):
        happen()
        rounds.append(_round(fleet))
    return Measured(what, rounds)


def _round(fleet: Remote) -> Round:
    from executions import services

    fleet.requests()
    began, cpu = time.perf_counter(), time.process_time()
    report = services.sync_active()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert not report.failed, report
    requests = fleet.requests()
    # Once a process, and not a round's.
    del requests["login"]
    return Round(requests, seconds, cpu)


def _schedule(fleet: Remote) -> None:
    _settle(timedelta())
    fleet.call("schedule")


def _settle(ahead: timedelta) -> None:
    """Have the cursor stand at a time from now on: it lists what changed 30 s before that."""
    from django.utils import timezone

    from executions.models import SyncCursor

    now = timezone.now()
    SyncCursor.objects.update(runs_seen_until=now + ahead, looked_back_at=now)


def _until_nothing_is_active(fleet: Remote) -> list[Round]:
    from executions.models import PipelineExecution
    from executions.statuses import ACTIVE_STATUSES

    rounds = []
    while PipelineExecution.objects.filter(status__in=ACTIVE_STATUSES).exists():
        rounds.append(_round(fleet))
    return rounds


def _executions() -> list[PipelineExecution]:
    """Write executions that Airflow was told to run."""
    from django.utils import timezone

    from etl.graph import parse_graph
    from executions.models import PipelineExecution, TaskExecution, run_id_for
    from pipelines.models import Pipeline
    from tests.executions.conftest import GRAPH, revise

    executions = []
    for number in range(PIPELINES):
        pipeline = Pipeline.objects.create(name=f"orders {number}", config=GRAPH)
        revision = revise(pipeline)
        for _ in range(ACTIVE // PIPELINES):
            execution = PipelineExecution(
                pipeline=pipeline,
                pipeline_name=pipeline.name,
                revision=revision,
                airflow_dag_id=pipeline.dag_id,
                triggered_at=timezone.now(),
                bundle_version="v1",
                params={"min_amount": 10},
            )
            execution.airflow_dag_run_id = run_id_for(execution.pk)
            executions.append(execution)
    PipelineExecution.objects.bulk_create(executions, batch_size=1000)
    order = parse_graph(GRAPH).topological_order()
    TaskExecution.objects.bulk_create(
        (
            TaskExecution(execution=execution, node_id=node, position=position)
            for execution in executions
            for position, node in enumerate(order)
        ),
        batch_size=5000,
    )
    return executions


def page(found: list[Measured]) -> str:
    """Return the part of docs/benchmarks.md about it."""
    rows = "\n".join(
        f"| {one.what} | {len(one.rounds)} | {one.most_requests} | {_kinds(one)} "
        f"| {median(round_.seconds for round_ in one.rounds):.1f} s | {one.slowest:.1f} s "
        f"| {max(round_.cpu for round_ in one.rounds):.1f} s |"
        for one in found
    )
    return f"""
## Following {ACTIVE:,} active executions

One round of `sync_executions` with {ACTIVE:,} executions of three nodes, in {PIPELINES} pipelines, beside a
stub that answers as the recorded Airflow 3.3.2 in a process of its own on the same two cores
(`python -m benchmarks following`). 1 + active / 100 is {BOUND} requests. A real Airflow 3.3.2 takes
longer than the stub: about 0.3 s for the task instances of 400 runs of three nodes, 0.2 s for a
thousand changed runs and 15 ms for a result, measured once on the same machine.

| what happened in Airflow | rounds | requests, the most | of which | median | slowest | CPU of LogiData, the most |
| --- | --- | --- | --- | --- | --- | --- |
{rows}
"""  # noqa: E501 a Markdown table has no line breaks


def _kinds(one: Measured) -> str:
    most = max(one.rounds, key=lambda round_: round_.requests.total())
    return ", ".join(f"{count} {kind}" for kind, count in most.requests.most_common())
