"""Sending what is queued: claimed first, repeated until it is taken or given up."""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from alerts.events import AlertEvent, DeliveryStatus
from alerts.models import UNREADABLE, AlertChannel, AlertDelivery
from alerts.sealing import Unreadable
from alerts.services.messages import message_of
from alerts.services.queueing import queue_send
from alerts.services.transport import NotDelivered, transmit

logger = logging.getLogger(__name__)

# The task is ended after so many seconds; a claim outlasts that.
SEND_SECONDS = 60
_CLAIMED_FOR = timedelta(seconds=SEND_SECONDS + 60)
# The attempts, and what lies between them: twice as much each time.
ATTEMPTS = 8
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=30)
# A message to the worker that is not taken up by then counts as lost.
_LOST_AFTER = timedelta(seconds=30)


def send_batch(batch: uuid.UUID) -> None:
    """Send a batch if it is still to be sent and nobody else does, and write what came of it.

    Who dies between sending and writing leaves the claim; when that runs out, it is sent again,
    unless that was the last attempt.
    """
    if _give_up_what_ends_workers(batch):
        return
    claim = timezone.now() + _CLAIMED_FOR
    if not _open(batch).update(claimed_until=claim, attempts=F("attempts") + 1):
        return
    claimed = list(
        AlertDelivery.objects.filter(batch=batch, claimed_until=claim)
        .select_related("channel")
        .order_by("pk")
    )
    mine = AlertDelivery.objects.filter(
        batch=batch, status=DeliveryStatus.QUEUED, claimed_until=claim
    )
    try:
        _transmit(claimed)
    except Undeliverable as error:
        mine.update(status=DeliveryStatus.DROPPED, error=str(error), claimed_until=None)
    except NotDelivered as error:
        _put_off(mine, claimed[0].attempts, str(error))
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        logger.exception("Batch %s of alerts cannot be sent", batch)
        reason = _("The message cannot be sent (%(error)s). The worker's log says more.")
        _put_off(mine, claimed[0].attempts, reason % {"error": type(error).__name__})
    else:
        now = timezone.now()
        mine.update(status=DeliveryStatus.SENT, sent_at=now, error="", claimed_until=None)


def _give_up_what_ends_workers(batch: uuid.UUID) -> bool:
    """Note of a batch whose last attempt ended with its worker that it failed; return whether."""
    ended = _open(batch).filter(attempts__gte=ATTEMPTS)
    reason = _("The worker that sent it ended before it could say what came of it.")
    if not ended.update(status=DeliveryStatus.FAILED, error=reason, claimed_until=None):
        return False
    logger.error("Batch %s of alerts is given up: no worker came back from it", batch)
    return True


def give_back(batch: uuid.UUID, reason: str) -> None:
    """Write that an attempt came to nothing, for one that was ended from outside."""
    mine = AlertDelivery.objects.filter(
        batch=batch, status=DeliveryStatus.QUEUED, claimed_until__isnull=False
    )
    first = mine.first()
    if first is not None:
        _put_off(mine, first.attempts, reason)


class Undeliverable(Exception):
    """There is no use in trying: the text says why."""


def _transmit(deliveries: Sequence[AlertDelivery]) -> None:
    channel = deliveries[0].channel
    if channel is None:
        raise Undeliverable(_("The channel was deleted."))
    if not channel.is_active and deliveries[0].event != AlertEvent.TEST:
        raise Undeliverable(_("The channel is switched off."))
    try:
        address = channel.address
    except Unreadable as error:
        raise NotDelivered(str(UNREADABLE)) from error
    transmit(address, message_of(deliveries))


def _open(batch: uuid.UUID) -> QuerySet[AlertDelivery]:
    return _unclaimed().filter(batch=batch, status=DeliveryStatus.QUEUED)


def _unclaimed() -> QuerySet[AlertDelivery]:
    return AlertDelivery.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=timezone.now()))


def _put_off(deliveries: QuerySet[AlertDelivery], attempts: int, reason: str) -> None:
    if attempts >= ATTEMPTS:
        deliveries.update(status=DeliveryStatus.FAILED, error=reason, claimed_until=None)
        logger.error("An alert could not be sent in %d attempts: %s", attempts, reason)
        return
    due = timezone.now() + pause_after(attempts)
    deliveries.update(due_at=due, error=reason, claimed_until=None)


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts that failed."""
    pause: timedelta = _FIRST_PAUSE * 2 ** (attempts - 1)
    return min(pause, _LONGEST_PAUSE)


def queue_due(at_most: int) -> int:
    """Queue batches whose time has come: held ones, failed attempts, lost messages.

    Return how many.
    """
    now = timezone.now()
    _release(now)
    due = _unclaimed().filter(
        Q(attempts__gt=0, due_at__lte=now) | Q(attempts=0, due_at__lte=now - _LOST_AFTER),
        status=DeliveryStatus.QUEUED,
    )
    batches = list(due.order_by("due_at").values_list("batch", flat=True)[:at_most])
    batches = list(dict.fromkeys(batches))
    # Whoever looks next leaves it alone while the message is on its way.
    due.filter(batch__in=batches).update(due_at=now + _LOST_AFTER)
    for batch in batches:
        queue_send(batch)
    return len(batches)


def _release(now: datetime) -> None:
    """Queue what was held, as one batch for each channel of a rule."""
    held = AlertDelivery.objects.filter(status=DeliveryStatus.HELD, due_at__lte=now)
    for rule, channel in held.order_by().values_list("rule", "channel").distinct():
        group = held.filter(rule=rule, channel=channel)
        batch = uuid.uuid4()
        if group.update(status=DeliveryStatus.QUEUED, batch=batch, due_at=now):
            queue_send(batch)


def test_channel(channel: AlertChannel) -> AlertDelivery:
    """Send a test to the channel now, and return what came of it; it is not repeated."""
    key = uuid.uuid4()
    delivery = AlertDelivery(
        channel=channel,
        channel_name=channel.name,
        event=AlertEvent.TEST,
        key=f"test:{key}",
        batch=key,
        attempts=1,
        due_at=timezone.now(),
        status=DeliveryStatus.SENT,
    )
    try:
        _transmit([delivery])
        delivery.sent_at = timezone.now()
    except NotDelivered as error:
        delivery.status, delivery.error = DeliveryStatus.FAILED, str(error)
    delivery.save()
    return delivery


def resend(delivery: AlertDelivery) -> bool:
    """Queue a delivery that has come to an end anew, by itself; return whether it had."""
    batch = uuid.uuid4()
    ended = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.DROPPED)
    changed = AlertDelivery.objects.filter(pk=delivery.pk, status__in=ended).update(
        status=DeliveryStatus.QUEUED,
        batch=batch,
        attempts=0,
        error="",
        claimed_until=None,
        due_at=timezone.now(),
    )
    if changed:
        queue_send(batch)
    return bool(changed)
