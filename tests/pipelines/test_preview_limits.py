"""Previews that take too much, and a real worker that runs them beside the others."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from celery import current_app
from django.core.cache import cache
from rest_framework.test import APIClient

from etl.settings import PROJECT, run_settings
from logidata import health
from pipelines import services, tasks
from pipelines.services import preview_store
from tests.pipelines.conftest import Queue
from tests.pipelines.previews import URL, Previews, rows_of

pytestmark = pytest.mark.slow

T = TypeVar("T")
# More rows than any machine counts within a test.
ENDLESS = "SELECT count(*) AS n FROM input a, input b, input c, input d, input e"
GREEDY = "SELECT list(repeat(CAST(a.n + b.n AS VARCHAR), 40)) AS texts FROM input a, input b"


def eventually(attempt: Callable[[], T], seconds: float = 30) -> T:
    deadline = time.monotonic() + seconds
    while not (result := attempt()):
        assert time.monotonic() < deadline, f"not so after {seconds} s: {result!r}"
        time.sleep(0.1)
    return result


def graph_with(sql: str) -> dict[str, Any]:
    return {
        "nodes": [
            {"id": "numbers", "module": "extract.csv", "config": {"path": "numbers.csv"}},
            {"id": "work", "module": "transform.sql", "config": {"query": sql}},
        ],
        "edges": [{"source": "numbers", "target": "work"}],
    }


@pytest.fixture(autouse=True)
def _numbers() -> None:
    cache.clear()
    file = Path(run_settings().data_dirs[0], "numbers.csv")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("n\n" + "\n".join(map(str, range(5000))))


def previews_running() -> list[int]:
    """The ids of all processes of previews on this machine that are ours."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if b"etl.preview" in (folder / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def test_a_preview_that_takes_too_long_is_killed_and_says_where(
    api: APIClient, queue: Queue, settings: Any
) -> None:
    settings.LOGIDATA_PREVIEW_SECONDS = 2.0
    before = set(previews_running())
    began = time.monotonic()
    found = Previews(api, graph_with(ENDLESS)).run("work")
    assert time.monotonic() - began < 6
    assert found["status"] == "failed"
    assert found["error"]["node"] == "work"
    assert "longer than 2 s" in found["error"]["message"]
    french = api.get(f"{URL}/{found['id']}", headers={"Accept-Language": "fr"}).json()
    assert french["error"]["message"].startswith("L\N{RIGHT SINGLE QUOTATION MARK}aperçu a pris")
    assert set(previews_running()) <= before


def test_a_preview_that_takes_too_much_memory_says_so(
    api: APIClient, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Previews(api, graph_with(GREEDY)).run("work")
    assert found["status"] == "failed", found
    assert found["error"]["node"] == "work"
    assert "LOGIDATA_MEMORY_LIMIT" in found["error"]["message"]


def test_a_preview_is_killed_when_it_is_stopped(api: APIClient, queue: Queue) -> None:
    previews = Previews(api, graph_with(ENDLESS))
    preview = previews.ask("work")
    before = set(previews_running())
    worker = threading.Thread(target=tasks.run_preview, args=[preview["id"]])
    worker.start()
    eventually(lambda: set(previews_running()) - before)
    services.stop_preview(_found(preview["id"]))
    worker.join(5)
    assert not worker.is_alive()
    assert set(previews_running()) <= before


def _found(preview_id: str) -> preview_store.Preview:
    found = preview_store.find(preview_id)
    assert found is not None
    return found


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of previews, as the stack starts it."""
    log = (tmp_path / "previews.log").open("wb")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "logidata", "worker", "--queues=previews"),
            *("--hostname=previews@%h", "--pool=threads", "--concurrency=2", "--loglevel=INFO"),
        ],
        cwd=PROJECT,
        env=os.environ | {"AIRFLOW_CONN_HIDDEN": "postgres://u:the-password@127.0.0.1:1/x"},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        eventually(lambda: cache.get(preview_store.WORKER_KEY), 60)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)
        log.close()


def ended(previews: Previews, preview: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = previews.look(preview)
        return found if found["status"] in ("ready", "failed") else None

    return eventually(look)


def test_a_worker_of_previews_runs_them_and_nothing_else(
    api: APIClient, worker: subprocess.Popen[bytes]
) -> None:
    previews = Previews(api, graph_with("SELECT n FROM input WHERE n < 3 ORDER BY n"))
    # What is for the other workers is left to them.
    current_app.send_task("executions.tasks.sync_executions")
    preview = previews.ask("work")
    assert rows_of(ended(previews, preview)) == [{"n": 0}, {"n": 1}, {"n": 2}]
    with current_app.connection_for_read() as connection:
        assert connection.default_channel.client.llen("celery") == 1


def test_a_worker_that_is_killed_takes_its_previews_along(
    api: APIClient, worker: subprocess.Popen[bytes]
) -> None:
    before = set(previews_running())
    preview = Previews(api, graph_with(ENDLESS)).ask("work")
    eventually(lambda: set(previews_running()) - before)
    worker.kill()
    eventually(lambda: set(previews_running()) <= before, 5)
    assert _found(preview["id"]).status == "running"


def test_a_password_of_a_connection_is_shown_nowhere(
    api: APIClient, worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    graph = graph_with("SELECT * FROM input")
    graph["nodes"][0] = {
        "id": "numbers",
        "module": "extract.sql",
        "config": {"connection": "hidden", "query": "SELECT 1 AS n"},
    }
    previews = Previews(api, graph)
    found = ended(previews, previews.ask("work"))
    assert found["status"] == "failed"
    assert found["error"]["node"] == "numbers"
    assert "the-password" not in str(found)
    assert b"the-password" not in (tmp_path / "previews.log").read_bytes()


def test_a_connection_that_only_airflow_knows_says_what_to_do(api: APIClient, queue: Queue) -> None:
    graph = graph_with("SELECT * FROM input")
    config = {"connection": "faraway", "query": "SELECT 1 AS n"}
    graph["nodes"][0] = {"id": "numbers", "module": "extract.sql", "config": config}
    error = Previews(api, graph).run("work")["error"]
    assert error["node"] == "numbers"
    assert "AIRFLOW_CONN_FARAWAY" in error["message"]
    assert URL not in error["message"]


def test_a_worker_of_previews_does_not_pass_for_the_worker_of_executions(
    worker: subprocess.Popen[bytes],
) -> None:
    assert health.check_previews().status == health.OK
    found = health.check_worker()
    assert found.status == health.DOWN
    assert "No Celery worker" in found.detail
