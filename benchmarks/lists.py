"""How long the lists of executions take over a long history: API and admin, by a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import requests

from benchmarks import history
from stack import postgres
from stack.layout import PROJECT
from stack.ports import HOST
from tests.services import PASSWORD, Services

ROUNDS = 15
# Milliseconds that no page may take.
LIMIT = 200
USER = "bench"
START_SECONDS = 60
# Before the newest: the middle of the history, and nearly its end.
DEPTHS = {"newest": None, "middle": timedelta(days=548), "oldest": timedelta(days=1094)}
Query = dict[str, Any]


@dataclass
class Case:
    """A list as it is asked for over the API and in the admin, and its milliseconds."""

    title: str
    depth: str
    api: Query
    admin: Query
    api_times: list[float] = field(default_factory=list)
    admin_times: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Lists:
    """What was measured, and how long writing the history took, in seconds."""

    cases: list[Case]
    fill_seconds: float


def measure() -> Lists:
    """Write the history into a PostgreSQL of its own, and ask a server of its own for lists."""
    services = Services()
    try:
        services.start()
        _manage("migrate", "-v0")
        began = time.perf_counter()
        history.fill(postgres.url(services.ports.postgres, "postgres", PASSWORD, "logidata"))
        seconds = time.perf_counter() - began
        with _serving(services.ports.web) as address:
            return Lists(ask(address), seconds)
    finally:
        services.stop()


def ask(address: str) -> list[Case]:
    """Return the cases, measured in turns."""
    with requests.Session() as api, requests.Session() as admin:
        _sign_in(address, api, admin)
        cases = _cases(address, api)
        for _ in range(ROUNDS):
            for case in cases:
                api_list = f"{address}/api/v1/executions"
                case.api_times.append(_milliseconds(api, api_list, case.api))
                admin_list = f"{address}/admin/executions/pipelineexecution/"
                case.admin_times.append(_milliseconds(admin, admin_list, case.admin))
    return cases


def _milliseconds(session: requests.Session, address: str, query: Query) -> float:
    began = time.perf_counter()
    _get(session, address, query)
    return (time.perf_counter() - began) * 1000


def _get(session: requests.Session, address: str, query: Query) -> requests.Response:
    answer = session.get(address, params=query, timeout=60, allow_redirects=False)
    assert answer.status_code == 200, f"{answer.url}: {answer.status_code} {answer.text[:500]}"
    return answer


def _cases(address: str, api: requests.Session) -> list[Case]:
    executions = f"{address}/api/v1/executions"
    newest = datetime.fromisoformat(_get(api, executions, {}).json()["results"][0]["created_at"])
    cases = []
    for title, query, admin_query in _lists(address, api, newest):
        for depth, back in DEPTHS.items():
            if back is None:
                cases.append(Case(title, depth, query, admin_query))
                continue
            asked = {"created_before": (newest - back).isoformat(), "page_size": 1}
            following = _get(api, executions, query | asked).json()["next"]
            if following is not None:
                cursor = requests.utils.unquote(re.findall(r"[?&]cursor=([^&]+)", following)[0])
                admin_page = admin_query | {"p": cursor}
                cases.append(Case(title, depth, query | {"cursor": cursor}, admin_page))
    return cases


def _lists(
    address: str, api: requests.Session, newest: datetime
) -> Iterator[tuple[str, Query, Query]]:
    """Yield the lists: what they are of, and the query of each over the API and in the admin."""

    def pipeline(name: str) -> str:
        found = _get(api, f"{address}/api/v1/pipelines", {"search": name}).json()["results"]
        return str(found[0]["id"])

    yield "all", {}, {}
    for status in ("success", "failed", "unknown", "pending"):
        yield f"status {status}", {"status": status}, {"status__exact": status}
    for trigger in ("scheduled", "backfill"):
        yield f"by {trigger}", {"trigger_type": trigger}, {"trigger_type__exact": trigger}
    yield "with rejected rows", {"has_rejected": "true"}, {"has_rejected": "true"}
    since, until = ((newest - timedelta(days=days)).isoformat() for days in (700, 690))
    yield (
        "of ten days, long ago",
        {"created_after": since, "created_before": until},
        {"created_at__gte": since, "created_at__lt": until},
    )
    for title, name in (("two fifths of all", "orders 0000"), ("old ones only", "archive 0599")):
        pk = pipeline(name)
        yield f"one pipeline, {title}", {"pipeline": pk}, {"pipeline__id__exact": pk}
        yield (
            f"one pipeline, {title}, cancelled",
            {"pipeline": pk, "status": "cancelled"},
            {"pipeline__id__exact": pk, "status__exact": "cancelled"},
        )
    for title, words in (
        ("one old pipeline", "archive 0599"),
        ("50 old pipelines", "orders archive"),
        ("100 old pipelines", "archive 05"),
        ("100 of today", "00"),
        ("none", "nothing"),
    ):
        yield f"search, {title}", {"search": words}, {"q": words}
    yield (
        "search, 50 old pipelines, failed",
        {"search": "orders archive", "status": "failed"},
        {"q": "orders archive", "status__exact": "failed"},
    )


def _sign_in(address: str, api: requests.Session, admin: requests.Session) -> None:
    _manage("create_operator", "--username", USER, "--password-env", "AIRFLOW_PASSWORD")
    api.headers["Authorization"] = f"Bearer {_manage('issue_token', '--username', USER).strip()}"
    login = f"{address}/admin/login/"
    admin.get(login, timeout=60)
    body = {
        "username": USER,
        "password": os.environ["AIRFLOW_PASSWORD"],
        "csrfmiddlewaretoken": admin.cookies["csrftoken"],
    }
    admin.post(login, data=body, timeout=60, allow_redirects=False)
    assert "sessionid" in admin.cookies


def _manage(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


@contextmanager
def _serving(port: int) -> Iterator[str]:
    """Run the web server as `make up` does; give its address."""
    command = ["-m", "uvicorn", "logidata.asgi:application", "--host", HOST, "--port", str(port)]
    server = subprocess.Popen(
        [sys.executable, *command, "--no-server-header", "--log-level", "warning"], cwd=PROJECT
    )
    address = f"http://{HOST}:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(address):
            assert server.poll() is None, "The web server has ended."
            assert time.monotonic() < deadline, "The web server does not answer."
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/admin/login/", timeout=5).ok
    except requests.ConnectionError:
        return False


def page(found: Lists) -> str:
    """Return the part of docs/benchmarks.md."""
    rows = "\n".join(
        f"| {case.title} | {case.depth} | {median(case.api_times):.0f} ms "
        f"| {max(case.api_times):.0f} ms | {median(case.admin_times):.0f} ms "
        f"| {max(case.admin_times):.0f} ms |"
        for case in found.cases
    )
    return f"""
## Lists of executions

{history.EXECUTIONS:,} executions of {history.PIPELINES} pipelines in three years, with
{history.EXECUTIONS * history.NODES:,} nodes (`benchmarks/history.py`, written in
{found.fill_seconds:.0f} s): two fifths of one pipeline, half of the pipelines without any in two
years. A page of 50 over HTTP, from the server that `make up` runs, {ROUNDS} times each, in turns;
the middle and the oldest are reached by a cursor.

| list | page | API, median | slowest | admin, median | slowest |
| --- | --- | --- | --- | --- | --- |
{rows}
"""


if __name__ == "__main__":
    print(page(measure()))
