"""What can be alerted about, and what can become of an alert."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AlertEvent(models.TextChoices):
    """What has happened."""

    FAILURE = "failure", _("Failed")
    RECOVERY = "recovery", _("Succeeded after a failure")
    QUARANTINE = "quarantine", _("Succeeded with rejected rows")
    SLOW = "slow", _("Running longer than usual")
    DEADLINE = "deadline", _("Running longer than the deadline")
    MISSED = "missed", _("Not run when due")
    TEST = "test", _("Test")


# What a rule can be about; a test is sent by hand.
RULE_EVENTS = [choice for choice in AlertEvent.choices if choice[0] != AlertEvent.TEST]


class DeliveryStatus(models.TextChoices):
    """What has become of an alert to one channel."""

    QUEUED = "queued", _("Queued")
    HELD = "held", _("Held until quiet hours end")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    DROPPED = "dropped", _("Dropped")


class ChannelKind(models.TextChoices):
    """Which kind of address a channel has."""

    EMAIL = "email", _("E-mail")
    SLACK = "slack", _("Slack")
    TEAMS = "teams", _("Microsoft Teams")
    WEBHOOK = "webhook", _("Webhook (JSON)")
    OTHER = "other", _("Other (any of apprise)")


class QuietAction(models.TextChoices):
    """What becomes of alerts within quiet hours."""

    HOLD = "hold", _("Hold them, and send one digest when quiet hours end")
    DROP = "drop", _("Drop them")
