"""Alerts: what has happened, who wants to know, and telling them."""

from alerts.services.by_hand import resend, test_channel
from alerts.services.clocks import look_at_clocks
from alerts.services.messages import message_of
from alerts.services.outbox import look_at_ends
from alerts.services.queueing import look_begins, sends_waiting
from alerts.services.releasing import queue_due
from alerts.services.retention import remove_old_deliveries
from alerts.services.schedules import look_at_schedules
from alerts.services.sending import give_back, send_batch

__all__ = [
    "give_back",
    "look_at_clocks",
    "look_at_ends",
    "look_at_schedules",
    "look_begins",
    "message_of",
    "queue_due",
    "remove_old_deliveries",
    "resend",
    "send_batch",
    "sends_waiting",
    "test_channel",
]
