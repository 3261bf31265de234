"""Sending what is queued: claimed first, repeated until it is taken or given up."""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from alerts.events import AlertEvent, DeliveryStatus
from alerts.models import UNREADABLE, AlertChannel, AlertDelivery
from alerts.sealing import Unreadable
from alerts.services.deciding import quiet_until
from alerts.services.messages import message_of
from alerts.services.reasons import SEND_SECONDS
from alerts.services.transport import NotDelivered, transmit
from etl.messages import say

logger = logging.getLogger(__name__)

# The task is ended after SEND_SECONDS, its process a little later; a claim outlasts that.
_CLAIMED_FOR = timedelta(seconds=SEND_SECONDS + 60)
# The attempts, and what lies between them: twice as much each time.
ATTEMPTS = 8
# What is not tried again; a test never is.
_SPENT = Q(attempts__gte=ATTEMPTS) | Q(attempts__gte=1, event=AlertEvent.TEST)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=30)
# For so long a channel is left alone that got no answer; what is for it counts as tried.
_AWAY_FOR = timedelta(seconds=30)


class Undeliverable(Exception):
    """There is no use in trying: `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def send_batch(batch: uuid.UUID) -> None:
    """Send a batch if it is still to be sent and nobody else does, and write what came of it.

    Within the quiet hours of its rule it is held instead. Who dies between sending and writing
    leaves the claim; when that runs out, it is sent again, unless that was the last attempt.
    """
    if _give_up_what_ends_workers(batch) or _hold_in_quiet_hours(batch):
        return
    claim = timezone.now() + _CLAIMED_FOR
    if not open_deliveries(batch).update(claimed_until=claim, attempts=F("attempts") + 1):
        return
    claimed = list(
        AlertDelivery.objects.filter(batch=batch, claimed_until=claim)
        .select_related("channel", "rule")
        .order_by("pk")
    )
    mine = AlertDelivery.objects.filter(
        batch=batch, status=DeliveryStatus.QUEUED, claimed_until=claim
    )
    try:
        _transmit(claimed)
    except Undeliverable as error:
        mine.update(status=DeliveryStatus.DROPPED, error=error.reason, claimed_until=None)
    except NotDelivered as error:
        _put_off(mine, error.reason)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        logger.exception("Batch %s of alerts cannot be sent", batch)
        reason = say(
            "The message cannot be sent ({error}). The worker's log says more.",
            error=type(error).__name__,
        )
        _put_off(mine, reason)
    else:
        now = timezone.now()
        mine.update(status=DeliveryStatus.SENT, sent_at=now, error="", claimed_until=None)


def _give_up_what_ends_workers(batch: uuid.UUID) -> bool:
    """Note of a batch whose last attempt ended with its worker that it failed; return whether."""
    ended = open_deliveries(batch).filter(_SPENT)
    reason = say("The worker that sent it ended before it could say what came of it.")
    if not ended.update(status=DeliveryStatus.FAILED, error=reason, claimed_until=None):
        return False
    logger.error("Batch %s of alerts is given up: no worker came back from it", batch)
    return True


def _hold_in_quiet_hours(batch: uuid.UUID) -> bool:
    """Hold a batch until the quiet hours of its rule end; return whether it is in any.

    It may have been tried before they began, or have waited for a worker. What somebody sends by
    hand is not held.
    """
    waiting = open_deliveries(batch).filter(by_hand=False)
    first = waiting.select_related("rule").first()
    until = quiet_until(first.rule, timezone.now()) if first is not None and first.rule else None
    if until is None:
        return False
    return bool(waiting.update(status=DeliveryStatus.HELD, due_at=until))


def give_back(batch: uuid.UUID, reason: str) -> None:
    """Write that an attempt came to nothing, for one that was ended from outside."""
    mine = AlertDelivery.objects.filter(
        batch=batch, status=DeliveryStatus.QUEUED, claimed_until__isnull=False
    )
    first = mine.select_related("channel").first()
    if first is not None:
        if first.channel is not None:
            _note_away(first.channel, reason)
        _put_off(mine, reason)


def _transmit(deliveries: Sequence[AlertDelivery]) -> None:
    first, now = deliveries[0], timezone.now()
    channel = _channel_for(first)
    if channel.away_until is not None and channel.away_until > now and not first.by_hand:
        raise NotDelivered(channel.away_reason)
    try:
        address = channel.address
    except Unreadable as error:
        raise NotDelivered(UNREADABLE) from error
    try:
        transmit(address, message_of(deliveries))
    except NotDelivered as error:
        if error.is_away:
            _note_away(channel, error.reason)
        raise
    if channel.away_until is not None:
        AlertChannel.objects.filter(pk=channel.pk).update(away_until=None, away_reason="")


def _channel_for(delivery: AlertDelivery) -> AlertChannel:
    """Return where to send the delivery; raise Undeliverable if nobody wants it any more."""
    if delivery.channel is None:
        raise Undeliverable(say("The channel was deleted."))
    if not delivery.channel.is_active and delivery.event != AlertEvent.TEST:
        raise Undeliverable(say("The channel is switched off."))
    if not delivery.by_hand and delivery.rule is None:
        raise Undeliverable(say("The rule was deleted."))
    if not delivery.by_hand and delivery.rule is not None and not delivery.rule.is_active:
        raise Undeliverable(say("The rule is switched off."))
    return delivery.channel


def _note_away(channel: AlertChannel, reason: str) -> None:
    """Have what is for the channel wait a while: each try of it would take its time."""
    until = timezone.now() + _AWAY_FOR
    AlertChannel.objects.filter(pk=channel.pk).update(away_until=until, away_reason=reason)


def unclaimed() -> QuerySet[AlertDelivery]:
    """Return the deliveries that no worker is sending."""
    return AlertDelivery.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=timezone.now()))


def open_deliveries(batch: uuid.UUID) -> QuerySet[AlertDelivery]:
    """Return those of the batch that are to be sent and that no worker is sending."""
    return unclaimed().filter(batch=batch, status=DeliveryStatus.QUEUED)


def _put_off(deliveries: QuerySet[AlertDelivery], reason: str) -> None:
    """Note an attempt that failed: those with attempts left are due again, a test is not."""
    spent = deliveries.filter(_SPENT)
    if spent.update(status=DeliveryStatus.FAILED, error=reason, claimed_until=None):
        logger.error("An alert could not be sent: %s", reason)
    attempts = deliveries.aggregate(most=Max("attempts"))["most"]
    if attempts is not None:
        due = timezone.now() + pause_after(attempts)
        deliveries.update(due_at=due, error=reason, claimed_until=None)


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts that failed."""
    pause: timedelta = _FIRST_PAUSE * 2 ** (attempts - 1)
    return min(pause, _LONGEST_PAUSE)
