"""One preview, run in a process of its own and killed when it takes too long or is unwanted."""

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings

from etl.messages import Message, map_values, read_message, say
from etl.settings import PROJECT, run_settings
from pipelines.services import preview_store as store
from pipelines.services.preview_store import Preview, PreviewStatus
from pipelines.services.previews import previews_staging

logger = logging.getLogger(__name__)

_LOOK_EVERY = 0.1
_SAVE_EVERY = 0.3
_KEPT_ERROR_BYTES = 4000
# Of LogiData's own: a preview needs none of its secrets, only the connections that nodes name.
_WITHHELD = ("LOGIDATA_", "AIRFLOW_", "AIRFLOW__", "DJANGO_", "CELERY_")
_CONNECTIONS = "AIRFLOW_CONN_"

_END: dict[str, Any] = {}

Mask = Callable[[str], str]


def run_preview(preview_id: str, *, mask: Mask) -> int | None:
    """Run a queued preview to its end and return the id of whoever asked for it.

    One that is gone, stopped or begun already is left alone: None. `mask` makes secrets in logs
    and errors unreadable.
    """
    preview = store.find(preview_id)
    if preview is None or preview.status is not PreviewStatus.QUEUED:
        return None
    preview.status, preview.started_at = PreviewStatus.RUNNING, time.time()
    store.save(preview)
    with TemporaryFile() as errors, _process(errors) as process:
        _Following(preview, process, errors, mask).to_the_end()
    return preview.user


@contextmanager
def _process(errors: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    """Give the process of a preview, in a session of its own, which is dead afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "etl.preview"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=PROJECT,
        env={
            name: value
            for name, value in os.environ.items()
            if name.startswith(_CONNECTIONS) or not name.startswith(_WITHHELD)
        },
        start_new_session=True,
    )
    try:
        yield process
    finally:
        # Not only the process: a driver may have started others.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


class _Following:
    """What the process of a preview tells, noted until it has ended or must end."""

    def __init__(
        self,
        preview: Preview,
        process: "subprocess.Popen[bytes]",
        errors: IO[bytes],
        mask: Mask,
    ) -> None:
        self._preview = preview
        self._process = process
        self._errors = errors
        self._mask = mask
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._began = time.monotonic()

    def to_the_end(self) -> None:
        """Follow the process until there is something to show, or until it is killed."""
        threading.Thread(target=self._read, name="preview-events", daemon=True).start()
        self._ask()
        saved = self._began
        while self._preview.is_active:
            event = self._next()
            if event is _END:
                self._died()
            elif event is not None:
                self._note(event)
            elif time.monotonic() - self._began > settings.LOGIDATA_PREVIEW_SECONDS:
                self._too_long()
            if store.is_stopped(self._preview.id):
                return
            if self._preview.is_active and time.monotonic() - saved > _SAVE_EVERY:
                saved = time.monotonic()
                store.save(self._preview)
        self._preview.seconds = round(time.monotonic() - self._began, 3)
        store.save(self._preview)

    def _ask(self) -> None:
        chosen = run_settings()
        wish = self._preview.wish | {
            "settings": {
                "staging": previews_staging(),
                "state": chosen.state,
                "data_dirs": [str(folder) for folder in chosen.data_dirs],
                "memory_limit": chosen.memory_limit,
            }
        }
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(wish).encode() + b"\n")
            # It stays open: where it closes, this process is gone, and the other one ends.
            stdin.flush()
        except BrokenPipeError:
            # It died at once; what it said is read with the rest.
            return

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            for line in stdout:
                self._events.put(json.loads(line))
        except ValueError:
            # Cut off, or closed: its end says why.
            pass
        # Not when the process has ended: what it said last may not have been read by then.
        self._events.put(_END)

    def _next(self) -> dict[str, Any] | None:
        try:
            return self._events.get(timeout=_LOOK_EVERY)
        except queue.Empty:
            return None

    def _note(self, event: dict[str, Any]) -> None:
        preview = self._preview
        if "log" in event:
            line = event["log"]
            preview.log.append(line | {"message": self._mask(line["message"])})
        elif "outputs" in event:
            preview.status, preview.outputs = PreviewStatus.READY, event["outputs"]
        elif "error" in event:
            error = event["error"]
            preview.fail(self._masked(error), node=error["node"], field=error["field"])
        else:
            others = [node for node in preview.nodes if node["node"] != event["node"]]
            warnings = [self._masked(said) for said in event["warnings"]]
            preview.nodes = [*others, event | {"warnings": warnings}]

    def _masked(self, said: Mapping[str, Any]) -> str:
        return map_values(read_message(said["message"], said["wording"]), self._mask)

    def _running_node(self) -> str | None:
        running = [node["node"] for node in self._preview.nodes if node["status"] == "running"]
        return running[-1] if running else None

    def _too_long(self) -> None:
        node = self._running_node()
        self._preview.fail(_too_slow(node), node=node)

    def _died(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        node, code = self._running_node(), self._process.returncode
        self._errors.seek(0)
        said = self._errors.read()[-_KEPT_ERROR_BYTES:].decode(errors="replace")
        logger.error(
            "Preview %s ended by itself (%s): %s", self._preview.id, code, self._mask(said)
        )
        killed = (code is not None and code < 0) or "MemoryError" in said or "bad_alloc" in said
        self._preview.fail(_too_large(node) if killed else _silent(node), node=node)


def _too_slow(node: str | None) -> Message:
    seconds = settings.LOGIDATA_PREVIEW_SECONDS
    if node is None:
        return say(
            "The preview took longer than {seconds:g} s, and was stopped while it had not begun. "
            "Have its source give less, or execute the pipeline.",
            seconds=seconds,
        )
    return say(
        "The preview took longer than {seconds:g} s, and was stopped while node '{node}' was still "
        "running. Have its source give less, or execute the pipeline.",
        seconds=seconds,
        node=node,
    )


def _too_large(node: str | None) -> Message:
    limit = run_settings().memory_limit
    if node is None:
        return say(
            "The preview needed more memory than a preview may take with LOGIDATA_MEMORY_LIMIT at "
            "{limit}. Reduce the data in an earlier node, or raise it.",
            limit=limit,
        )
    return say(
        "Node '{node}' needed more memory than a preview may take with LOGIDATA_MEMORY_LIMIT at "
        "{limit}. Reduce the data in an earlier node, or raise it.",
        node=node,
        limit=limit,
    )


def _silent(node: str | None) -> Message:
    if node is None:
        return say("The preview ended without a word. The log of the worker of previews says more.")
    return say(
        "Node '{node}' ended without a word. The log of the worker of previews says more.",
        node=node,
    )
