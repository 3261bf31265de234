"""What is known of each preview, for ten minutes: in the cache, and of one person alone."""

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from pipelines.errors import PreviewsUnavailable

KEPT_SECONDS = 600
# Beyond the time that a preview may take: then its worker was lost.
_LOST_AFTER = 15.0
# A worker of previews shows every 5 seconds that it lives.
WORKER_KEY, WORKER_EVERY, WORKER_FRESH = "previews:worker", 5.0, 20
_UNTAKEN_AFTER = 2.0


class PreviewStatus(StrEnum):
    """How far a preview is."""

    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


@dataclass
class Preview:
    """One preview. Times are Unix times, `user` is the id of whoever asked for it.

    `wish` is what the process of the preview is given. `nodes`, `log` and `outputs` are what it
    told of itself, `error` is {"node", "field", "message"}. Messages are kept in English, for
    whoever shows them to translate.
    """

    id: str
    user: int
    node: str
    wish: dict[str, Any]
    status: PreviewStatus = PreviewStatus.QUEUED
    asked_at: float = field(default_factory=time.time)
    started_at: float | None = None
    seconds: float | None = None
    nodes: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None

    @property
    def is_active(self) -> bool:
        """Whether it has not ended."""
        return self.status in (PreviewStatus.QUEUED, PreviewStatus.RUNNING)

    @property
    def waits_for(self) -> str | None:
        """What a queued preview waits for, as a sentence; None where it does not wait."""
        if self.status is not PreviewStatus.QUEUED or self._age(self.asked_at) < _UNTAKEN_AFTER:
            return None
        with _redis():
            alive = cache.get(WORKER_KEY) is not None
        if alive:
            return _(
                "Other previews run at the moment. This one begins when one of them has ended."
            )
        return _(
            "No worker for previews runs. Have an administrator start one: "
            "celery -A logidata worker --queues=previews. The preview begins by itself then."
        )

    def fail(self, message: str, *, node: str | None = None, field: str | None = None) -> None:
        """Note why there is nothing to see."""
        self.status = PreviewStatus.FAILED
        self.error = {"node": node, "field": field, "message": message}

    def _age(self, moment: float) -> float:
        return time.time() - moment


def save(preview: Preview) -> None:
    """Keep the preview as it is now; raise PreviewsUnavailable if that cannot be."""
    with _redis():
        cache.set(_key(preview.id), asdict(preview), timeout=KEPT_SECONDS)


def find(preview_id: uuid.UUID | str) -> Preview | None:
    """Return the preview as it is now, None if it was stopped, or is kept no longer."""
    with _redis():
        found = cache.get_many([_key(preview_id), _stop_key(preview_id)])
    raw, stopped = found.get(_key(preview_id)), found.get(_stop_key(preview_id))
    if raw is None or stopped == "deleted":
        return None
    preview = Preview(**{**raw, "status": PreviewStatus(raw["status"])})
    if preview.is_active and stopped:
        preview.fail(_("A newer preview of yours took its place. Ask for this one again."))
    elif preview.status is PreviewStatus.RUNNING and preview.started_at is not None:
        longest = settings.LOGIDATA_PREVIEW_SECONDS + _LOST_AFTER
        if time.time() - preview.started_at > longest:
            preview.fail(_("The worker that ran this preview is gone. Ask for the preview again."))
    return preview


def stop(preview_id: uuid.UUID | str, why: str) -> None:
    """Have the preview end, wherever it runs: "deleted" or "replaced"."""
    with _redis():
        cache.set(_stop_key(preview_id), why, timeout=KEPT_SECONDS)


def is_stopped(preview_id: str) -> bool:
    """Return whether somebody asked for the preview to end."""
    with _redis():
        return cache.get(_stop_key(preview_id)) is not None


def forget(preview_ids: Iterable[str]) -> None:
    """Keep these previews no longer. One that still runs finds its mark, and ends."""
    with _redis():
        cache.delete_many([_key(preview_id) for preview_id in preview_ids])


def newest_of(user: int) -> list[str]:
    """Return the ids of the last previews that a person asked for, the oldest first."""
    with _redis():
        return list(cache.get(f"previews:of:{user}") or [])


def set_newest(user: int, ids: list[str]) -> None:
    """Keep which previews a person asked for last."""
    with _redis():
        cache.set(f"previews:of:{user}", ids, timeout=KEPT_SECONDS)


def show_worker() -> None:
    """Leave a sign that a worker of previews lives."""
    with _redis():
        cache.set(WORKER_KEY, time.time(), timeout=WORKER_FRESH)


def _key(preview_id: uuid.UUID | str) -> str:
    return f"preview:{preview_id}"


def _stop_key(preview_id: uuid.UUID | str) -> str:
    return f"preview:{preview_id}:stop"


@contextmanager
def _redis() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise PreviewsUnavailable from error
