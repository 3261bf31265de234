"""The Celery tasks of alerts. Every one may be delivered twice, late, or to several workers."""

import logging
import uuid

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from redis.exceptions import RedisError

from alerts import services
from alerts.services.outbox import LOT
from alerts.services.reasons import SEND_SECONDS
from etl.messages import say

logger = logging.getLogger(__name__)

# At most so many messages wait for the workers of alerts, while there is none say.
_WAITING = 500
# When a process that does not end by itself is ended, in seconds after it was told to.
_PATIENCE = 15
_REMOVE_LOT = 5000


@shared_task(name="alerts.tasks.look_at_ends")
def look_at_ends() -> None:
    """Turn ends of executions into alerts; each end queues it, and beat every few seconds."""
    try:
        services.look_begins()
    except RedisError as error:
        logger.warning("Ends of executions are looked at by beat alone: %s", error)
    while services.look_at_ends() >= LOT:
        pass


@shared_task(
    name="alerts.tasks.send", soft_time_limit=SEND_SECONDS, time_limit=SEND_SECONDS + _PATIENCE
)
def send(batch: str) -> None:
    """Send a batch of alerts to its channel."""
    try:
        services.send_batch(uuid.UUID(batch))
    except SoftTimeLimitExceeded:
        reason = say(
            "The channel's server did not answer within {seconds:g} seconds.", seconds=SEND_SECONDS
        )
        services.give_back(uuid.UUID(batch), reason)


@shared_task(name="alerts.tasks.look_after")
def look_after() -> None:
    """Look at ends, release what was held, repeat what failed; beat runs it every few seconds."""
    look_at_ends()
    services.queue_due(at_most=max(0, _WAITING - services.sends_waiting()))


@shared_task(name="alerts.tasks.look_at_clocks")
def look_at_clocks() -> None:
    """Tell of executions that take too long; beat runs it a few times a minute."""
    services.look_at_clocks()


@shared_task(name="alerts.tasks.look_at_schedules")
def look_at_schedules() -> None:
    """Tell of pipelines that have not run when due; beat runs it every minute."""
    services.look_at_schedules()


@shared_task(name="alerts.tasks.remove_old_deliveries")
def remove_old_deliveries() -> None:
    """Remove deliveries that are kept no longer, a lot at a time."""
    while services.remove_old_deliveries(_REMOVE_LOT) >= _REMOVE_LOT:
        pass
