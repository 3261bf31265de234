"""Previews: asked for, looked at, stopped. What they do is in `etl.preview`."""

import logging
import uuid
from collections.abc import Mapping
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from etl.graph import GraphError
from etl.preview.part import part_of
from etl.preview.reuse import REUSED_FOR, remove_old
from etl.settings import run_settings
from pipelines.errors import InvalidPipeline, PreviewsUnavailable
from pipelines.messages import in_words
from pipelines.services import preview_store as store
from pipelines.services.preview_store import Preview

logger = logging.getLogger(__name__)

RUN = "pipelines.tasks.run_preview"
# One that is looked at, and one that is on its way: a third takes the place of the oldest.
AT_ONCE = 2
# Of one person so many are kept, with what they show: all of them are in Redis's memory.
KEPT = 8
# Those of hosts, in seconds.
_CLOCKS_DIFFER = 30.0


def request_preview(
    *,
    user: int,
    config: object,
    params: Mapping[str, Any],
    node: str,
    rows: int,
    fresh: bool = False,
) -> Preview:
    """Queue a preview of the first `rows` rows at a node and return it.

    Raise InvalidPipeline with every problem of the nodes that it needs, and PreviewsUnavailable.
    Of one person at most two previews run, and a few are kept: a further one ends the oldest.
    """
    try:
        part_of(config, node)
    except GraphError as error:
        raise InvalidPipeline([in_words(problem) for problem in error.problems]) from None
    preview = Preview(
        id=str(uuid.uuid4()),
        user=user,
        node=node,
        wish={
            "graph": config,
            "node": node,
            "params": dict(params),
            "owner": f"user-{user}",
            "shown": rows,
            "read": settings.LOGIDATA_PREVIEW_ROWS,
            "fresh": fresh,
            "seconds": settings.LOGIDATA_PREVIEW_SECONDS,
        },
    )
    store.save(preview)
    _make_room(preview)
    try:
        current_app.send_task(RUN, args=[preview.id], expires=store.KEPT_SECONDS)
    except OperationalError as error:
        raise PreviewsUnavailable from error
    return preview


def _make_room(preview: Preview) -> None:
    before = [found for found in map(store.find, store.newest_of(preview.user)) if found]
    active = [found.id for found in before if found.is_active]
    for oldest in active[: max(0, len(active) - AT_ONCE + 1)]:
        store.stop(oldest, "replaced")
    ids = [*(found.id for found in before), preview.id]
    store.forget(ids[:-KEPT])
    store.set_newest(preview.user, ids[-KEPT:])


def find_preview(preview_id: uuid.UUID, *, user: int) -> Preview | None:
    """Return a preview that this person asked for, None if there is none (any more)."""
    found = store.find(preview_id)
    return found if found is not None and found.user == user else None


def stop_preview(preview: Preview) -> None:
    """Stop the preview where it runs, and forget what it showed."""
    store.stop(preview.id, "deleted")


def previews_staging() -> str:
    """Return the folder, or URI, where previews stage what their nodes give."""
    return f"{run_settings().staging.rstrip('/')}/previews"


def remove_old_previews(user: int | None = None) -> int:
    """Remove what previews, of one person or of all, staged and nobody can need any more."""
    return remove_old(
        previews_staging(),
        f"user-{user}" if user is not None else None,
        longest=settings.LOGIDATA_PREVIEW_SECONDS + _CLOCKS_DIFFER,
    )


def removed_after() -> float:
    """Return the seconds after a preview when all that it staged can be removed."""
    return REUSED_FOR + float(settings.LOGIDATA_PREVIEW_SECONDS) + 2 * _CLOCKS_DIFFER
