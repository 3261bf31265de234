"""What Airflow tells LogiData: without waiting for it, and without harm where it is away."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import override_settings
from pluggy import HookspecMarker, PluginManager

from executions.services.hints import require_signed
from operators.event_listener import Event, EventListener, Mark, Sender, listeners, post

# Some wait for a LogiData that is away, or start processes.
pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2]
RUN = ("pipeline_1", "run_1")


@dataclass
class Thing:
    """A DAG run or a task instance, as far as the listener knows one."""

    dag_id: str = RUN[0]
    run_id: str = RUN[1]
    task_id: str = "read"
    try_number: int = 2


@pytest.fixture
def away(tmp_path: Path) -> Mark:
    return Mark(tmp_path / "away")


class Told(list[Event]):
    def __call__(self, events: Sequence[Event]) -> None:
        self.extend(events)


def test_every_hook_tells_what_changed(away: Mark) -> None:
    told = Told()
    listener = EventListener(sender := Sender(told, away))
    for state in ("running", "success", "failed"):
        getattr(listener, f"on_dag_run_{state}")(Thing())
        getattr(listener, f"on_task_instance_{state}")(Thing())
    assert sender.flush(5)
    assert [(one["task_id"], one["try_number"], one["state"]) for one in told] == [
        (None, None, "running"),
        ("read", 2, "running"),
        (None, None, "success"),
        ("read", 2, "success"),
        (None, None, "failed"),
        ("read", 2, "failed"),
    ]
    assert {(one["dag_id"], one["run_id"]) for one in told} == {RUN}
    assert len({one["event_id"] for one in told}) == 6


def specified(**hooks: Sequence[str]) -> SimpleNamespace:
    """Return hook specifications of the arguments that a version of Airflow passes."""
    mark = HookspecMarker("airflow")
    made = {}
    for name, arguments in hooks.items():
        scope: dict[str, Any] = {}
        exec(f"def {name}({', '.join(arguments)}): ...", scope)
        made[name] = mark(scope[name])
    return SimpleNamespace(**made)


@pytest.mark.parametrize(
    "of_tasks",
    [
        ["previous_state", "task_instance", "session"],
        ["previous_state", "task_instance"],
        ["previous_state", "task_instance", "error"],
    ],
    ids=["Airflow 2", "Airflow 3", "with an error"],
)
def test_the_hooks_of_every_version_fit(of_tasks: list[str], away: Mark) -> None:
    told = Told()
    manager = PluginManager("airflow")
    manager.add_hookspecs(
        specified(
            on_task_instance_failed=of_tasks,
            on_dag_run_failed=["dag_run", "msg"],
            before_stopping=["component"],
        )
    )
    manager.register(EventListener(Sender(told, away)))
    manager.hook.on_task_instance_failed(**dict.fromkeys(of_tasks, Thing()))
    manager.hook.on_dag_run_failed(dag_run=Thing(), msg="")
    manager.hook.before_stopping(component=None)
    assert [one["state"] for one in told] == ["failed", "failed"]


def test_other_dags_are_nobodys_business(away: Mark) -> None:
    told = Told()
    sender = Sender(told, away)
    EventListener(sender).on_dag_run_running(Thing(dag_id="somebody_elses"))
    assert sender.flush(1)
    assert told == []


def test_telling_takes_no_time_however_long_sending_takes(away: Mark) -> None:
    free = threading.Event()
    sender = Sender(lambda events: free.wait(30) and None, away)
    began = time.monotonic()
    for _ in range(1000):
        sender.tell(*RUN, "running")
    assert time.monotonic() - began < 0.5
    began = time.monotonic()
    assert not sender.flush(0.2)
    assert time.monotonic() - began < 0.5
    free.set()
    assert sender.flush(10)


def test_where_sending_has_failed_the_end_is_not_waited_for(away: Mark) -> None:
    def fail(events: Sequence[Event]) -> None:
        raise OSError("LogiData is away")

    sender = Sender(fail, away)
    sender.tell(*RUN, "running")
    assert sender.flush(5)
    began = time.monotonic()
    sender.tell(*RUN, "success")
    sender.flush(5)
    assert time.monotonic() - began < 1


def test_a_task_that_ends_does_not_wait_for_what_another_could_not_reach(away: Mark) -> None:
    free = threading.Event()
    away.set(True)
    sender = Sender(lambda events: free.wait(30) and None, away)
    began = time.monotonic()
    sender.tell(*RUN, "success")
    sender.flush(5)
    assert time.monotonic() - began < 1
    free.set()


def test_who_reaches_it_again_takes_the_mark_away(away: Mark) -> None:
    away.set(True)
    told = Told()
    sender = Sender(told, away)
    sender.tell(*RUN, "running")
    while not told:
        time.sleep(0.01)
    assert sender.flush(5)
    assert not away.is_set()


def test_a_mark_counts_for_a_while_only(tmp_path: Path, away: Mark) -> None:
    away.set(True)
    assert away.is_set()
    long_ago = time.time() - 3600
    os.utime(tmp_path / "away", (long_ago, long_ago))
    assert not away.is_set()


def test_where_no_mark_can_be_left_nothing_else_changes(tmp_path: Path) -> None:
    nowhere = Mark(tmp_path / "no folder" / "away")
    nowhere.set(True)
    assert not nowhere.is_set()
    nowhere.set(False)


def test_many_events_go_together(away: Mark) -> None:
    requests: list[int] = []
    free = threading.Event()

    def send(events: Sequence[Event]) -> None:
        free.wait(10)
        requests.append(len(events))

    sender = Sender(send, away)
    for _ in range(100):
        sender.tell(*RUN, "running")
    free.set()
    assert sender.flush(10)
    assert sum(requests) == 100
    assert len(requests) <= 2


def test_a_fork_sends_its_own_events_and_not_those_of_its_parent(
    tmp_path: Path, away: Mark
) -> None:
    free = threading.Event()
    place = tmp_path / "sent"

    def send(events: Sequence[Event]) -> None:
        if os.getpid() == parent:
            free.wait(30)
        else:
            place.write_text(",".join(one["state"] for one in events))

    parent = os.getpid()
    sender = Sender(send, away)
    sender.tell(*RUN, "of the parent")
    child = os.fork()
    if child == 0:
        sender.tell(*RUN, "of the child")
        sender.flush(5)
        os._exit(0)
    os.waitpid(child, 0)
    free.set()
    assert place.read_text() == "of the child"


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def logidata(status: int = 202) -> Iterator[tuple[str, list[Request]]]:
    """Serve what takes events; yield its address and what came."""
    came: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append(Request(self.path, dict(self.headers), body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api/v1/airflow/events", came
        server.shutdown()
        thread.join()


def test_what_is_posted_is_signed_as_logidata_checks_it() -> None:
    with logidata() as (url, came):
        post(url, "agreed-on", [{"dag_id": "pipeline_1", "state": "ü"}])
    (request,) = came
    assert request.path == "/api/v1/airflow/events"
    assert json.loads(request.body) == {"events": [{"dag_id": "pipeline_1", "state": "ü"}]}
    with override_settings(LOGIDATA_EVENTS_SECRET="agreed-on"):
        require_signed(
            request.body,
            request.headers["X-LogiData-Timestamp"],
            request.headers["X-LogiData-Signature"],
        )


def refuses() -> Iterator[str]:
    yield "http://127.0.0.1:1/api/v1/airflow/events"


def is_silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


def says_no() -> Iterator[str]:
    with logidata(403) as (url, _):
        yield url


@pytest.mark.parametrize("away", [refuses, is_silent, says_no])
def test_a_logidata_that_takes_nothing_is_given_up_within_seconds(
    away: Callable[[], Iterator[str]],
) -> None:
    began = time.monotonic()
    for url in away():
        with pytest.raises(OSError):
            post(url, "agreed-on", [{}])
    assert time.monotonic() - began < 3


def test_without_an_address_or_a_secret_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOGIDATA_EVENTS_URL", raising=False)
    monkeypatch.setenv("LOGIDATA_EVENTS_SECRET", "agreed-on")
    assert listeners() == []
    monkeypatch.setenv("LOGIDATA_EVENTS_URL", "http://localhost/")
    assert len(listeners()) == 1


def test_every_task_loads_it_so_it_loads_little() -> None:
    code = (
        "import sys, airflow.listeners; before = set(sys.modules);"
        "import operators.event_listener; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'dags'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['operators', 'operators.event_listener']"
