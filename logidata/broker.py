"""The Celery application, and how long a broker that hangs may hold up those who wait for it.

What is sent for a page has its place in the database already: a message that is given up is made
up for by the regular sync. So nobody waits long for it.
"""

import time
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

# For one answer of Redis, of which a message may wait for three: a new connection is tried, too.
# Longer than the second for which a worker's answer is polled.
PAGE_SECONDS = 1.5
# A broker that did not answer for longer than this is left alone for so many seconds.
HANGS_AFTER, LEFT_ALONE_FOR = 1.0, 5.0


class Broker(Celery):
    """An application whose further messages are refused at once while the broker hangs.

    A page that sends many messages, or many pages, then wait for it once. One that refuses
    connections costs nothing, and is asked each time.
    """

    _left_alone_until = 0.0

    def send_task(self, *args: Any, **kwargs: Any) -> Any:
        """Send a message; raise OperationalError where the broker does not answer."""
        began = time.monotonic()
        if began < self._left_alone_until:
            raise OperationalError("Redis has not answered a moment ago, and is left alone")
        try:
            return super().send_task(*args, **kwargs)
        except OperationalError:
            now = time.monotonic()
            if now - began >= HANGS_AFTER:
                self._left_alone_until = now + LEFT_ALONE_FOR
            raise


def hurry(app: Celery) -> None:
    """Have messages of this process, which serves pages, wait less long than a worker's."""
    options = {"socket_timeout": PAGE_SECONDS, "socket_connect_timeout": PAGE_SECONDS}
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **options}
