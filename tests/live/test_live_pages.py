"""An execution on an open page: told of by Airflow at once and, without that, by looking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

import pytest

from stack.secrets import Secrets, write_private
from tests.live.client import Json, LiveStack, eventually
from tests.live.nodes import ORDERS, chain, csv_node, filter_node, load_node
from tests.live.pages import nodes_of, opened, require_in_order, sign_in

pytestmark = pytest.mark.every_airflow

# What a change in Airflow may take to be on a page: seconds.
AT_ONCE = 2.0


@pytest.fixture(scope="module")
def session(live: LiveStack) -> str:
    return sign_in(live)


@pytest.fixture(scope="module")
def pipeline(live: LiveStack) -> Json:
    """A pipeline that Airflow serves, whose first node takes some seconds."""
    (live.data / "pages.csv").write_text(ORDERS)
    waiting = {
        "id": "wait",
        "module": "transform.sql",
        "config": {"query": "SELECT *, (SELECT sum(range) FROM range(1500000000)) AS s FROM input"},
    }
    pipeline = live.create(
        *chain(
            csv_node("pages.csv"),
            waiting,
            filter_node("status = 'paid'"),
            load_node("live_pages"),
        )
    )
    live.run(pipeline)
    return pipeline


@pytest.fixture
def no_sync(live: LiveStack) -> Iterator[None]:
    """Nothing looks at Airflow from time to time: beat is away."""
    with live.without("beat"):
        yield


@pytest.fixture
def no_events(live: LiveStack) -> Iterator[None]:
    """LogiData takes nothing that Airflow tells: the secret that it knows is another one."""
    path = live.stack.layout.secrets
    before = path.read_text()
    other = json.loads(before) | {"events": "another-secret-" * 4}
    write_private(path, json.dumps(other))
    restart_web(live)
    yield
    write_private(path, before)
    restart_web(live)
    assert Secrets.load_or_create(path) == live.stack.secrets


def restart_web(live: LiveStack) -> None:
    with live.without("web"):
        pass
    eventually(lambda: web_answers(live), seconds=60)


def web_answers(live: LiveStack) -> bool:
    try:
        return live.request("GET", "executions").ok
    except OSError:
        return False


def ended_at(live: LiveStack, state: Json) -> float:
    """Return when the run ended, as Airflow tells it; all are on one machine here."""
    path = f"dags/{state['airflow_dag_id']}/dagRuns/{state['airflow_dag_run_id']}"
    return datetime.fromisoformat(live.airflow_call("GET", path).json()["end_date"]).timestamp()


def test_a_page_is_told_all_in_order_without_a_sync(live, session, pipeline, no_sync):
    execution_id = live.execute(pipeline)
    with opened(live, session, f"/ws/executions/{execution_id}") as page:
        states = page.until("success", seconds=90)
        delay = page.came_at("success") - ended_at(live, states[-1])
    require_in_order(states)
    assert [one for one in ("pending", "running") if one not in {s["status"] for s in states}] == []
    assert {task["status"] for task in nodes_of(states, "wait")} == {
        "pending",
        "running",
        "success",
    }
    assert states[-1]["progress"] == {"done": 4, "total": 4}
    assert all(len(task["run_tries"]) == 1 for task in states[-1]["tasks"])
    assert delay < AT_ONCE, f"the end was on the page {delay:.2f} s after it"


def test_a_run_that_was_started_in_airflow_is_on_pages_at_once(live, session, pipeline, no_sync):
    with opened(live, session, "/ws/executions") as listing:
        eventually(lambda: listing.socket.ping().wait(5), seconds=10)
        live.start_in_airflow(f"pipeline_{pipeline['id']}")
        eventually(lambda: listing.changed, seconds=30)
    rows = live.call("GET", f"executions?pipeline={pipeline['id']}")["results"]
    execution_id = next(row["id"] for row in rows if row["trigger_type"] == "external")
    assert execution_id in listing.changed
    # Nobody but Airflow itself tells of its end: no look is due.
    with opened(live, session, f"/ws/executions/{execution_id}") as page:
        states = page.until("success", seconds=90)
        delay = page.came_at("success") - ended_at(live, states[-1])
    require_in_order(states)
    assert "running" in {task["status"] for task in nodes_of(states, "wait")}
    assert delay < AT_ONCE, f"the end was on the page {delay:.2f} s after it"


def test_without_events_pages_are_told_by_looking(live, session, pipeline, no_events):
    execution_id = live.execute(pipeline)
    with opened(live, session, f"/ws/executions/{execution_id}") as page:
        states = page.until("success", seconds=90)
    require_in_order(states)
    assert {"running", "success"} <= {state["status"] for state in states}
