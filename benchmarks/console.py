"""How long a browser takes to draw an execution, and what it is busy with while nodes change.

LogiData's database and Redis are private ones, the web server is that of production, and no
Airflow is needed: the nodes are changed in the database and the pages told, as a sync does.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import requests
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.following import django_on
from stack.layout import PROJECT
from stack.ports import Ports
from tests.live.browser.conftest import FLAGS
from tests.live.browser.person import SCREEN
from tests.services import Services

if TYPE_CHECKING:
    from executions.models import PipelineExecution

SIZES = (100, 500)
WIDTH = 10
CHANGED = 20
ROUNDS = 5
# Milliseconds.
PATIENCE = 60_000

# When the first node was in the page and painted, and the longest task since it was last asked.
WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
}).observe({ type: "longtask", buffered: true });
const observer = new MutationObserver(() => {
    if (!document.querySelector(".x-node")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.firstNode = performance.now(); }));
});
observer.observe(document, { childList: true, subtree: true });
"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
TAKE_LONGEST = "() => { const { longest } = window; window.longest = 0; return longest; }"


@dataclass(frozen=True)
class Drawn:
    """An execution of so many nodes in the browser; milliseconds, one a round."""

    nodes: int
    first_paint: list[float]
    first_node: list[float]
    # From the commit of a change of nodes to its being on screen.
    shown: list[float]
    # The longest single task of the page's thread while that went on, and while it was moved.
    busy: list[float]
    moved: list[float]


def measure() -> list[Drawn]:
    """Start the servers and a browser, measure, stop them."""
    services = Services(durable=True)
    # Playwright has a loop of its own in this thread, where Django would not touch a database.
    with ThreadPoolExecutor(max_workers=1) as database:
        try:
            services.start()
            database.submit(django_on, "http://127.0.0.1:9").result()
            with _server() as address, _browser() as browser:
                return [_drawn(database, browser, address, nodes) for nodes in SIZES]
        finally:
            database.submit(_disconnect).result()
            services.stop()


def _drawn(database: ThreadPoolExecutor, browser: Browser, address: str, nodes: int) -> Drawn:
    drawn = Drawn(nodes, [], [], [], [], [])
    session: str = database.submit(_session).result()
    for _ in range(ROUNDS):
        execution = database.submit(_execution, nodes).result()
        context = browser.new_context(viewport=SCREEN)  # type: ignore[arg-type]
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(f"{address}/admin/executions/pipelineexecution/{execution.pk}/change/")
        page.wait_for_function("window.firstNode", timeout=PATIENCE)
        page.locator(".x-line-sign.is-live").wait_for(timeout=PATIENCE)
        drawn.first_paint.append(page.evaluate(FIRST_PAINT))
        drawn.first_node.append(page.evaluate("window.firstNode"))
        page.evaluate(TAKE_LONGEST)
        drawn.shown.append(_change(database, execution, page))
        drawn.busy.append(page.evaluate(TAKE_LONGEST))
        _move(page)
        drawn.moved.append(page.evaluate(TAKE_LONGEST))
        context.close()
    return drawn


def _change(database: ThreadPoolExecutor, execution: PipelineExecution, page: Page) -> float:
    """Have nodes run, and return how long it takes until the page counts them."""
    began = time.perf_counter()
    database.submit(_begin, execution).result()
    page.get_by_text(f"{CHANGED} running", exact=True).first.wait_for(timeout=PATIENCE)
    return (time.perf_counter() - began) * 1000


def _move(page: Page) -> None:
    """Drag the graph to and fro."""
    pane = page.locator(".react-flow__pane").bounding_box()
    assert pane is not None
    x, y = pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] - 20
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(x + 200 * (-1) ** (step // 10) * (step % 10) / 10, y - step * 2)
    page.mouse.up()


@contextmanager
def _browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "There is no Chromium: as root, apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


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


def page(found: list[Drawn]) -> str:
    """Return the part of docs/benchmarks.md about it."""
    rows = "\n".join(
        f"| {one.nodes} | {_both(one.first_paint)} | {_both(one.first_node)} | {_both(one.shown)} "
        f"| {_task(one.busy)} | {_task(one.moved)} |"
        for one in found
    )
    return f"""
## The page of an execution in a browser

The page of a running execution, opened in Chromium without a graphics card on the same machine
as the web server, with an empty cache ({ROUNDS} times; median and slowest). Then {CHANGED} nodes begin
to run, and the graph is dragged to and fro: a task is what keeps the page from answering, and
tasks below 50 ms are not counted (`python -m benchmarks console`).

| nodes | first paint | first node drawn | from the commit of {CHANGED} changes to the screen | longest task meanwhile | longest task while dragged |
| --- | --- | --- | --- | --- | --- |
{rows}
"""  # noqa: E501 a Markdown table has no line breaks


def _both(milliseconds: list[float]) -> str:
    return f"{median(milliseconds):.0f} ms, {max(milliseconds):.0f} ms"


def _task(milliseconds: list[float]) -> str:
    return f"{max(milliseconds):.0f} ms" if max(milliseconds) else "below 50 ms"
