"""Tell LogiData at once that something changed in Airflow, so that it need not wait to look.

Airflow calls a listener in its scheduler and in the process of each task, and waits for it. So a
change is only noted there; a thread of that process sends it. What cannot be sent is forgotten:
LogiData looks by itself, too. A process that ends waits a moment for its last events, but not while
LogiData is known to be away: who cannot reach it leaves a mark for the others on this machine.
Import-light, for every task loads it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow.listeners import hookimpl

SIGNATURE_HEADER = "X-LogiData-Signature"
TIMESTAMP_HEADER = "X-LogiData-Timestamp"

# Of the DAGs that LogiData generates.
_PREFIX = "pipeline_"
# Seconds: for a request, and for what a process that ends has not sent yet.
_REQUEST, _LAST = 1.0, 1.0
_AT_A_TIME, _MOST = 200, 5000
# Seconds for which a mark counts.
_AWAY = 60.0

Event = dict[str, Any]

logger = logging.getLogger(__name__)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what shows that the body was sent, at that time, by somebody who has the secret."""
    return hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).hexdigest()


def post(url: str, secret: str, events: Sequence[Event]) -> None:
    """Send events to LogiData; raise OSError where it does not take them within a second."""
    # Loaded in the thread that sends, not while a task begins.
    from http.client import HTTPConnection, HTTPException, HTTPSConnection

    parts = urlsplit(url)
    body = json.dumps({"events": list(events)}).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: signature(secret, timestamp, body),
    }
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_REQUEST)
    try:
        connection.request("POST", parts.path, body, headers)
        status = connection.getresponse().status
    except HTTPException as error:
        raise OSError(f"no HTTP answer: {error!r}") from error
    finally:
        connection.close()
    if status >= 300:
        raise OSError(f"LogiData answered {status}")


class Mark:
    """A file that says that LogiData could not be reached a moment ago."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_set(self) -> bool:
        try:
            return 0 <= time.time() - self._path.stat().st_mtime < _AWAY
        except OSError:
            return False

    def set(self, is_away: bool) -> None:
        """Leave the mark, or take it away; where that cannot be, processes wait as without it."""
        try:
            if is_away:
                self._path.touch()
            elif self._path.exists():
                self._path.unlink()
        except OSError as error:
            logger.debug("No mark for the others: %r", error)


class Sender:
    """Events on their way. Telling takes no time; a thread sends them, many at once."""

    def __init__(self, send: Callable[[Sequence[Event]], None], away: Mark) -> None:
        self._send = send
        self._away = away
        self._begin()
        # A fork takes along neither the thread nor who holds the lock; the parent sends its own.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._news = threading.Condition()
        self._events: deque[Event] = deque(maxlen=_MOST)
        self._thread: threading.Thread | None = None
        self._sending = False

    def tell(
        self,
        dag_id: str,
        run_id: str,
        state: str,
        task_id: str | None = None,
        try_number: int | None = None,
    ) -> None:
        """Note a change of one of LogiData's runs, and return at once."""
        if not dag_id.startswith(_PREFIX):
            return
        event = {
            "event_id": str(uuid.uuid4()),
            "at": datetime.now(UTC).isoformat(),
            "dag_id": dag_id,
            "run_id": run_id,
            "task_id": task_id,
            "try_number": try_number,
            "state": state,
        }
        with self._news:
            self._events.append(event)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="logidata-events", daemon=True
                )
                self._thread.start()
            self._news.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until all is sent, at most so long; return whether it is.

        Not at all where sending has just failed, here or in another process: a LogiData that is
        away holds up no task.
        """
        with self._news:
            return self._news.wait_for(
                lambda: not (self._events or self._sending) or self._away.is_set(), seconds
            )

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._events)
                count = min(len(self._events), _AT_A_TIME)
                events = [self._events.popleft() for _ in range(count)]
                self._sending = True
            is_away = False
            try:
                self._send(events)
            except Exception as error:  # noqa: BLE001 - no reason to disturb Airflow
                logger.debug("LogiData was not told: %r", error)
                is_away = True
            self._away.set(is_away)
            with self._news:
                self._sending = False
                self._news.notify_all()


class EventListener:
    """What Airflow 2.8 to 3.x calls; hooks take those of their arguments that all of them pass."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @hookimpl
    def on_dag_run_running(self, dag_run: Any) -> None:
        self._of_run(dag_run, "running")

    @hookimpl
    def on_dag_run_success(self, dag_run: Any) -> None:
        self._of_run(dag_run, "success")

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any) -> None:
        self._of_run(dag_run, "failed")

    @hookimpl
    def on_task_instance_running(self, task_instance: Any) -> None:
        self._of_task(task_instance, "running")

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        self._of_task(task_instance, "success")

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any) -> None:
        self._of_task(task_instance, "failed")

    @hookimpl
    def before_stopping(self) -> None:
        """Let the last events of a task's process out."""
        self._sender.flush(_LAST)

    def _of_run(self, run: Any, state: str) -> None:
        self._sender.tell(run.dag_id, run.run_id, state)

    def _of_task(self, task: Any, state: str) -> None:
        self._sender.tell(task.dag_id, task.run_id, state, task.task_id, task.try_number)


def listeners() -> list[EventListener]:
    """Return the listener, if the environment says where LogiData is and what it knows us by."""
    url, secret = os.environ.get("LOGIDATA_EVENTS_URL"), os.environ.get("LOGIDATA_EVENTS_SECRET")
    if not url or not secret:
        return []
    home = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()
    away = Mark(home / "logidata-events.away")
    return [EventListener(Sender(lambda events: post(url, secret, events), away))]
