"""What people have sent themselves: a test of a channel, and a delivery once more."""

import time
import uuid

from django.utils import timezone

from alerts.events import AlertEvent, DeliveryStatus
from alerts.models import AlertChannel, AlertDelivery
from alerts.services.queueing import queue_send_on_commit
from alerts.services.reasons import ANSWER_SECONDS, CONNECT_SECONDS
from etl.messages import say

# Until a worker has taken a test, and until it knows what came of it.
TAKEN_SECONDS = 10.0
ENDED_SECONDS = CONNECT_SECONDS + ANSWER_SECONDS + 5
_LOOK_EVERY = 0.1


def test_channel(channel: AlertChannel) -> AlertDelivery:
    """Have a test sent the way that alerts go, and return what came of it; it is not repeated.

    Outside of a transaction, for the worker must see it. Waits for as long as a channel may take to
    answer; what takes longer is returned as it is, queued.
    """
    batch = uuid.uuid4()
    delivery = AlertDelivery.objects.create(
        channel=channel,
        channel_name=channel.name,
        event=AlertEvent.TEST,
        key=f"test:{batch}",
        batch=batch,
        by_hand=True,
        due_at=timezone.now(),
    )
    queue_send_on_commit([batch])
    _wait(delivery, TAKEN_SECONDS, for_its_end=False)
    reason = say(
        "No worker took the test within {seconds:g} seconds. See whether the one of alerts runs.",
        seconds=TAKEN_SECONDS,
    )
    AlertDelivery.objects.filter(pk=delivery.pk, attempts=0, status=DeliveryStatus.QUEUED).update(
        status=DeliveryStatus.FAILED, error=reason
    )
    _wait(delivery, ENDED_SECONDS, for_its_end=True)
    return delivery


def resend(delivery: AlertDelivery) -> bool:
    """Queue a delivery that has come to an end anew, by itself; return whether it had."""
    batch = uuid.uuid4()
    ended = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.DROPPED)
    changed = AlertDelivery.objects.filter(pk=delivery.pk, status__in=ended).update(
        status=DeliveryStatus.QUEUED,
        batch=batch,
        by_hand=True,
        attempts=0,
        error="",
        claimed_until=None,
        due_at=timezone.now(),
    )
    if changed:
        queue_send_on_commit([batch])
    return bool(changed)


def _wait(delivery: AlertDelivery, seconds: float, *, for_its_end: bool) -> None:
    """Wait until a worker has taken the delivery, or until it has ended."""
    deadline = time.monotonic() + seconds
    delivery.refresh_from_db()
    while delivery.status == DeliveryStatus.QUEUED and time.monotonic() < deadline:
        if delivery.attempts and not for_its_end:
            return
        time.sleep(_LOOK_EVERY)
        delivery.refresh_from_db()
