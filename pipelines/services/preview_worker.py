"""A worker of previews shows that it lives, so that a preview can say what it waits for."""

import logging
import threading
from typing import Any

from pipelines.errors import PreviewsUnavailable
from pipelines.services import preview_store as store

logger = logging.getLogger(__name__)

QUEUE = "previews"


def show_life(sender: Any, **_: object) -> None:
    """Leave signs of life for as long as this process runs, if it takes previews.

    Celery calls it once a worker is ready, with the consumer of its queues.
    """
    if QUEUE in sender.app.amqp.queues.consume_from:
        threading.Thread(target=_keep_showing, name="previews-life", daemon=True).start()


def _keep_showing() -> None:
    stopped = threading.Event()
    while True:
        try:
            store.show_worker()
        except PreviewsUnavailable:
            logger.warning("Redis does not answer; previews wait until it does")
        stopped.wait(store.WORKER_EVERY)
