"""What is to be sent now: what was held, what failed before, and what got lost on its way."""

import uuid
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from alerts.events import DeliveryStatus
from alerts.models import AlertDelivery
from alerts.services.deciding import SINGLE_MESSAGES
from alerts.services.queueing import queue_send
from alerts.services.sending import unclaimed

# A message to the worker that is not taken up by then counts as lost.
_LOST_AFTER = timedelta(seconds=30)


def queue_due(at_most: int) -> int:
    """Queue batches whose time has come: held ones, failed attempts, lost messages.

    Return how many. More than ten for the same channel of a rule become one.
    """
    now = timezone.now()
    _release(now)
    due = unclaimed().filter(
        Q(attempts__gt=0, due_at__lte=now) | Q(attempts=0, due_at__lte=now - _LOST_AFTER),
        status=DeliveryStatus.QUEUED,
    )
    _gather(due)
    first = due.order_by().values("batch").annotate(first=Min("due_at")).order_by("first")
    batches = list(first.values_list("batch", flat=True)[:at_most])
    # Whoever looks next leaves it alone while the message is on its way.
    due.filter(batch__in=batches).update(due_at=now + _LOST_AFTER)
    for batch in batches:
        queue_send(batch)
    return len(batches)


def _release(now: datetime) -> None:
    """Queue what was held, as one batch for each channel of a rule, with all its attempts."""
    held = AlertDelivery.objects.filter(status=DeliveryStatus.HELD, due_at__lte=now)
    for rule, channel in held.order_by().values_list("rule", "channel").distinct():
        group = held.filter(rule=rule, channel=channel)
        batch = uuid.uuid4()
        if group.update(status=DeliveryStatus.QUEUED, batch=batch, due_at=now, attempts=0):
            queue_send(batch)


def _gather(due: QuerySet[AlertDelivery]) -> None:
    """Make one batch of many that wait for the same channel: it was away, or its worker was."""
    crowds = (
        due.filter(by_hand=False, rule__isnull=False, channel__isnull=False)
        .order_by()
        .values_list("rule", "channel")
        .annotate(batches=Count("batch", distinct=True))
        .filter(batches__gt=SINGLE_MESSAGES)
    )
    for rule, channel, _ in crowds:
        due.filter(by_hand=False, rule=rule, channel=channel).update(batch=uuid.uuid4())
