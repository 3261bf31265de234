"""Airflow's own pages of a DAG run with as many tasks, beside LogiData's page of an execution."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.browser import opened
from tests.live.client import LiveStack

# What the first task looks like in either of Airflow's views of a DAG run.
VIEWS = {"graph": ".react-flow__node-task", "grid": "a[id^='grid-']"}
SECONDS = 300


@dataclass(frozen=True)
class AirflowPage:
    """One of Airflow's views of a DAG run; milliseconds, one a round."""

    view: str
    tasks: int
    url: str
    token: str
    first_paint: list[float] = field(default_factory=list)
    first_task: list[float] = field(default_factory=list)

    def look(self, browser: Browser) -> None:
        """Open it once more."""
        stored = {"default_dag_view": json.dumps(self.view)}
        with opened(browser, self.url, VIEWS[self.view], ("_token", self.token), stored) as found:
            self.first_paint.append(found.first_paint)
            self.first_task.append(found.first_drawn)


def pages(live: LiveStack, sizes: tuple[int, ...]) -> list[AirflowPage]:
    """Run a DAG of each size (see `benchmarks/wide.py`), and return its pages."""
    shutil.copy(Path(__file__).with_name("wide.py"), live.stack.layout.dags)
    found = []
    for tasks in sizes:
        dag = f"wide_{tasks}"
        _wait(lambda dag=dag: live.airflow_call("GET", f"dags/{dag}").ok)
        run = f"dags/{dag}/dagRuns/{live.start_in_airflow(dag)}"
        _wait(lambda run=run: live.airflow_call("GET", run).json()["state"] == "success")
        url = f"{live.env['AIRFLOW_API_URL']}/{run.replace('dagRuns', 'runs')}"
        token = str(live.airflow.headers["Authorization"]).removeprefix("Bearer ")
        found += [AirflowPage(view, tasks, url, token) for view in VIEWS]
    return found


def _wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "Airflow has not come so far"
        time.sleep(0.5)
