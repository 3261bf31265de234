"""The removal of what is kept of old alerts no longer."""

from django.conf import settings
from django.utils import timezone

from alerts.events import DeliveryStatus
from alerts.models import AlertDelivery

_OPEN = (DeliveryStatus.QUEUED, DeliveryStatus.HELD)


def remove_old_deliveries(at_most: int) -> int:
    """Remove ended deliveries older than LOGIDATA_ALERT_DAYS, the oldest first; return how many."""
    until = timezone.now() - settings.LOGIDATA_ALERT_DAYS
    old = AlertDelivery.objects.filter(created_at__lt=until).exclude(status__in=_OPEN)
    lot = list(old.order_by("created_at").values_list("pk", flat=True)[:at_most])
    return AlertDelivery.objects.filter(pk__in=lot).delete()[0]
