"""Logs of ended tries, kept by LogiData: they stay when Airflow's worker, or its run, is gone."""

import gzip
import json
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings

from airflow_bridge.client import LogEvent
from etl.storage import Storage
from executions.models import PipelineExecution

# The rest of what may be kept is its end, where the failure is.
_BEGINNING = 0.25
_LONGEST_MESSAGE = 100_000
# What a message takes beside its text: without it, empty ones could be kept without end.
_EACH = 60


def keep(execution: PipelineExecution, node: str, attempt: int, events: Iterable[LogEvent]) -> bool:
    """Keep the log of a try, at most LOGIDATA_LOG_LIMIT_MB of it; return whether there is any.

    Of a longer one its beginning and its end are kept, with how many messages are left out between.
    Raise OSError where it cannot be written; it is there whole or not at all.
    """
    kept = list(_bounded(events, settings.LOGIDATA_LOG_BYTES))
    if not kept:
        return False
    lines = "".join(
        json.dumps(
            [
                event.timestamp.isoformat() if event.timestamp else None,
                event.level,
                event.message,
            ],
            ensure_ascii=False,
        )
        + "\n"
        for event in kept
    )
    content = gzip.compress(lines.encode("utf-8", "replace"), compresslevel=6, mtime=0)
    _storage().write(content, *_place(execution, node, attempt))
    return True


def kept(execution: PipelineExecution, node: str, attempt: int) -> Iterator[LogEvent] | None:
    """Return the events of a log that is kept, None if there is none; raise OSError."""
    try:
        content = gzip.decompress(_storage().read(*_place(execution, node, attempt)))
    except FileNotFoundError:
        return None
    except (EOFError, zlib.error) as error:
        raise OSError(f"the file of this log is damaged: {error}") from error
    # As bytes: a text ends its lines at characters, too, that JSON leaves as they are.
    return map(_event, content.splitlines())


def forget(execution: PipelineExecution) -> None:
    """Remove the logs that are kept of an execution; raise OSError."""
    _storage().remove(str(execution.pk))


def _bounded(events: Iterable[LogEvent], most: int) -> Iterator[LogEvent]:
    beginning = int(most * _BEGINNING)
    used, tail, tail_used, left_out = 0, deque[LogEvent](), 0, 0
    for event in map(_shortened, events):
        if used < beginning and not tail:
            used += _size(event)
            yield event
            continue
        tail.append(event)
        tail_used += _size(event)
        while tail_used > most - beginning and len(tail) > 1:
            tail_used -= _size(tail.popleft())
            left_out += 1
    if left_out:
        yield LogEvent(
            None,
            "warning",
            f"[{left_out:,} messages are left out here: LOGIDATA_LOG_LIMIT_MB bounds what is kept "
            "of a log. Airflow may still have the whole.]",
        )
    yield from tail


def _size(event: LogEvent) -> int:
    return _EACH + len(event.message)


def _shortened(event: LogEvent) -> LogEvent:
    if len(event.message) <= _LONGEST_MESSAGE:
        return event
    left_out = len(event.message) - _LONGEST_MESSAGE
    text = f"{event.message[:_LONGEST_MESSAGE]} [{left_out:,} characters are left out]"
    return LogEvent(event.timestamp, event.level, text)


def _event(line: bytes) -> LogEvent:
    timestamp, level, message = json.loads(line)
    return LogEvent(datetime.fromisoformat(timestamp) if timestamp else None, level, message)


def _place(execution: PipelineExecution, node: str, attempt: int) -> tuple[str, str, str]:
    return str(execution.pk), node, f"{attempt}.jsonl.gz"


def _storage() -> Storage:
    return Storage(settings.LOGIDATA_LOGS, setting="LOGIDATA_LOGS")
