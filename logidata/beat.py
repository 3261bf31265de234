"""Celery beat's scheduler, with a heartbeat that health checks can read."""

import logging
import time
from typing import Any

from django.core.cache import cache
from django_celery_beat.schedulers import DatabaseScheduler
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

HEARTBEAT_KEY = "beat-heartbeat"
# Beat wakes up every 5 s at the latest.
FRESH_FOR_SECONDS = 20


class HeartbeatScheduler(DatabaseScheduler):
    """Schedules kept in the database; each turn of the loop leaves the time in the cache.

    Written by beat itself rather than by a task that it queues, so that a worker that is down
    does not make beat look dead.
    """

    _last_beat = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Run what is due; return seconds until the next turn."""
        now = time.time()
        if now - self._last_beat >= 1:
            self._last_beat = now
            try:
                cache.set(HEARTBEAT_KEY, now, timeout=3600)
            except RedisError as error:
                # Redis being away must not stop the schedule; the health check says so by itself.
                logger.warning("Beat could not write its heartbeat: %s", error)
        return float(super().tick(*args, **kwargs))
