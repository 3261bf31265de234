"""Alerts: channels, rules, what is to be looked at, and what was sent."""

from alerts.models.channel import UNREADABLE, AlertChannel
from alerts.models.delivery import AlertDelivery, EndedExecution
from alerts.models.rule import AlertRule

__all__ = ["UNREADABLE", "AlertChannel", "AlertDelivery", "AlertRule", "EndedExecution"]
