"""Messages to the worker. Sent by name, so that services need not import the tasks."""

import uuid
from collections.abc import Collection

from celery import current_app
from django.core.cache import cache
from django.db import transaction

LOOK = "alerts.tasks.look_at_ends"
SEND = "alerts.tasks.send"
# The queue of SEND alone: a channel that does not answer holds up no execution.
QUEUE = "alerts"

_LOOK_QUEUED = "alerts-look-queued"
# Should the message be lost, beat's own look comes earlier than this.
_LOOK_QUEUED_FOR = 10


def queue_look_on_commit() -> None:
    """Queue a look at the ends of executions once they are committed.

    A thousand ends make one message: whoever looks takes the mark away before. Redis being away is
    logged, not raised; beat has it looked regularly.
    """
    transaction.on_commit(_queue_look, robust=True)


def look_begins() -> None:
    """Have the next end queue a further look: this one may not see it any more."""
    cache.delete(_LOOK_QUEUED)


def queue_send_on_commit(batches: Collection[uuid.UUID]) -> None:
    """Queue the sending of batches once they are committed; what is lost is made up for."""

    def queue() -> None:
        for batch in batches:
            queue_send(batch)

    transaction.on_commit(queue, robust=True)


def queue_send(batch: uuid.UUID) -> None:
    """Queue the sending of a batch."""
    current_app.send_task(SEND, args=[str(batch)])


def sends_waiting() -> int:
    """Return how many messages about batches no worker has taken yet."""
    with current_app.connection_or_acquire() as connection:
        return int(connection.default_channel.queue_declare(queue=QUEUE).message_count)


def _queue_look() -> None:
    if cache.add(_LOOK_QUEUED, True, timeout=_LOOK_QUEUED_FOR):
        current_app.send_task(LOOK)
