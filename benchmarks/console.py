"""How long a browser takes to draw an execution, and what it is busy with while nodes change.

LogiData's database and Redis are private ones, and the web server is that of production: the nodes
are changed in the database and the pages told, as a sync does. A running stack stands beside it,
for Airflow's own pages of a DAG run with as many tasks.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

import requests
from playwright.sync_api import Browser, Page

from benchmarks import airflow_pages
from benchmarks.airflow_pages import AirflowPage
from benchmarks.browser import PATIENCE, drag, longest_task, opened
from benchmarks.following import django_on
from stack.layout import PROJECT
from stack.ports import Ports
from tests.live.browser.chromium import running_chromium
from tests.live.client import LiveStack
from tests.services import Services

if TYPE_CHECKING:
    from executions.models import PipelineExecution

SIZES = (100, 500)
WIDTH = 10
CHANGED = 20
ROUNDS = 5


@dataclass(frozen=True)
class Drawn:
    """An execution of so many nodes in the browser; milliseconds, one a round."""

    nodes: int
    first_paint: list[float] = field(default_factory=list)
    first_node: list[float] = field(default_factory=list)
    # From the commit of a change of nodes to its being on screen.
    shown: list[float] = field(default_factory=list)
    # The longest single task of the page's thread while that went on, and while it was moved.
    busy: list[float] = field(default_factory=list)
    moved: list[float] = field(default_factory=list)
    # Frames a second while it was moved with all nodes in view.
    frames: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    """LogiData's pages, and Airflow's."""

    ours: list[Drawn]
    airflow: list[AirflowPage]


def measure(live: LiveStack) -> Measured:
    """Start LogiData's servers and a browser, measure in turns with Airflow's pages, stop them."""
    services = Services(durable=True)
    measured = Measured([Drawn(nodes) for nodes in SIZES], airflow_pages.pages(live, SIZES))
    # Playwright has a loop of its own in this thread, where Django would not touch a database.
    with ThreadPoolExecutor(max_workers=1) as database:
        try:
            services.start()
            database.submit(django_on, "http://127.0.0.1:9").result()
            session: str = database.submit(_session).result()
            with _server() as address, running_chromium() as browser:
                for _ in range(ROUNDS):
                    for drawn in measured.ours:
                        _look(database, browser, address, session, drawn)
                    for airflow_page in measured.airflow:
                        airflow_page.look(browser)
            return measured
        finally:
            database.submit(_disconnect).result()
            services.stop()


def _look(
    database: ThreadPoolExecutor, browser: Browser, address: str, session: str, drawn: Drawn
) -> None:
    """Open an execution once, have it change, and move it."""
    execution = database.submit(_execution, drawn.nodes).result()
    url = f"{address}/admin/executions/pipelineexecution/{execution.pk}/change/"
    with opened(browser, url, ".x-node", ("sessionid", session), {}) as found:
        drawn.first_paint.append(found.first_paint)
        drawn.first_node.append(found.first_drawn)
        page = found.page
        page.locator(".x-line-sign.is-live").wait_for(timeout=PATIENCE)
        longest_task(page)
        drawn.shown.append(_change(database, execution, page))
        drawn.busy.append(longest_task(page))
        drag(page)
        near = longest_task(page)
        page.locator(".x-show-all").click()
        # Coming from near to far is no part of dragging.
        longest_task(page)
        drawn.frames.append(drag(page))
        drawn.moved.append(max(near, longest_task(page)))


def _change(database: ThreadPoolExecutor, execution: PipelineExecution, page: Page) -> float:
    """Have nodes run, and return how long it takes until the page counts them."""
    began = time.perf_counter()
    database.submit(_begin, execution).result()
    page.get_by_text(f"{CHANGED} running", exact=True).first.wait_for(timeout=PATIENCE)
    return (time.perf_counter() - began) * 1000


@contextmanager
def _server() -> Iterator[str]:
    port = Ports.choose_free().web
    command = [sys.executable, "-m", "uvicorn", "logidata.asgi:application", "--port", str(port)]
    process = subprocess.Popen([*command, "--log-level", "warning"], cwd=PROJECT)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while not _answers(address):
            assert time.monotonic() < deadline, "the web server does not answer"
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/admin/login/", timeout=5).ok
    except requests.ConnectionError:
        return False


def _session() -> str:
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(
        User.objects.get_or_create(username="admin", is_superuser=True, is_staff=True)[0]
    )
    return client.cookies["sessionid"].value


def _graph(nodes: int) -> dict[str, object]:
    """Return a graph in layers, each of whose nodes reads one of the layer before."""
    modules = ["extract.csv" if number < WIDTH else "transform.filter" for number in range(nodes)]
    return {
        "nodes": [
            {"id": f"node_{number}", "module": module, "config": {}}
            for number, module in enumerate(modules)
        ],
        "edges": [
            {"source": f"node_{number - WIDTH}", "target": f"node_{number}"}
            for number in range(WIDTH, nodes)
        ],
    }


def _execution(nodes: int) -> PipelineExecution:
    """Write an execution that runs, of a pipeline of so many nodes that wait."""
    from django.utils import timezone

    from etl.graph import parse_graph
    from executions.models import PipelineExecution, TaskExecution, run_id_for
    from pipelines.models import Pipeline
    from tests.executions.conftest import revise

    graph = _graph(nodes)
    pipeline = Pipeline.objects.create(
        name=f"{nodes} nodes {Pipeline.objects.count()}", config=graph
    )
    execution = PipelineExecution(
        pipeline=pipeline,
        pipeline_name=pipeline.name,
        revision=revise(pipeline),
        airflow_dag_id=pipeline.dag_id,
        status="running",
        started_at=timezone.now(),
        triggered_at=timezone.now(),
    )
    execution.airflow_dag_run_id = run_id_for(execution.pk)
    execution.save()
    by_id = {node.id: node for node in parse_graph(graph).nodes}
    TaskExecution.objects.bulk_create(
        TaskExecution(execution=execution, node_id=node, module=by_id[node].module, position=place)
        for place, node in enumerate(parse_graph(graph).topological_order())
    )
    return execution


def _begin(execution: PipelineExecution) -> None:
    from django.utils import timezone

    from executions.models import TaskExecution
    from executions.publishing import publish_changed

    ids = [f"node_{number}" for number in range(CHANGED)]
    TaskExecution.objects.filter(execution=execution, node_id__in=ids).update(
        status="running", tries=1, started_at=timezone.now()
    )
    publish_changed([execution.pk])


def _disconnect() -> None:
    from django.db import connection

    connection.close()


def page(found: Measured) -> str:
    """Return the part of docs/benchmarks.md about it."""
    rows = "\n".join(
        f"| {one.nodes} | {_both(one.shown)} | {_task(one.busy)} | {_task(one.moved)} "
        f"| {median(one.frames):.0f}, {min(one.frames):.0f} |"
        for one in found.ours
    )
    return f"""
## The page of an execution in a browser

The page of a running execution beside Airflow's own page of a DAG run with as many empty tasks, all
of which have succeeded (`benchmarks/wide.py`), in both of its views. Opened in turns in Chromium
without a graphics card, on the same machine as the web servers and an Airflow that has nothing to
do, with an empty cache ({ROUNDS} times; median and slowest). The ratio is that of the medians
(`python -m benchmarks console`).

| nodes | page | first paint | ratio | first node or task drawn | ratio |
| --- | --- | --- | --- | --- | --- |
{_beside(found)}

Then {CHANGED} nodes begin to run, and the graph is dragged to and fro, near and with all nodes in
view: a task is what keeps the page from answering, and tasks below 50 ms are not counted.

| nodes | from the commit of {CHANGED} changes to the screen | longest task meanwhile | longest task while dragged | frames a second with all in view (median, fewest) |
| --- | --- | --- | --- | --- |
{rows}
"""  # noqa: E501 a Markdown table has no line breaks


def _beside(found: Measured) -> str:
    rows = []
    for ours in found.ours:
        paint, node = median(ours.first_paint), median(ours.first_node)
        rows.append(
            f"| {ours.nodes} | LogiData | {_both(ours.first_paint)} | 1 "
            f"| {_both(ours.first_node)} | 1 |"
        )
        rows += [
            f"| {one.tasks} | Airflow, {one.view} | {_both(one.first_paint)} "
            f"| {median(one.first_paint) / paint:.1f} | {_both(one.first_task)} "
            f"| {median(one.first_task) / node:.1f} |"
            for one in found.airflow
            if one.tasks == ours.nodes
        ]
    return "\n".join(rows)


def _both(milliseconds: list[float]) -> str:
    return f"{median(milliseconds):.0f} ms, {max(milliseconds):.0f} ms"


def _task(milliseconds: list[float]) -> str:
    return f"{max(milliseconds):.0f} ms" if max(milliseconds) else "below 50 ms"
