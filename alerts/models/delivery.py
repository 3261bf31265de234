"""What was, or is to be, sent: the log, and the outbox."""

import uuid
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alerts.events import AlertEvent, DeliveryStatus
from alerts.models.channel import AlertChannel
from alerts.models.rule import AlertRule
from executions.models import PipelineExecution
from pipelines.messages import MessageField, from_json, translated
from pipelines.models import Pipeline


class EndedExecution(models.Model):
    """An end of which the rules have not heard yet.

    Written in the transaction that ends the execution, removed in the one that writes the
    deliveries.
    """

    execution = models.ForeignKey(PipelineExecution, on_delete=models.CASCADE, related_name="+")
    attempt = models.PositiveIntegerField()
    # One that could not be looked at makes room for the others, and has a further turn later.
    failures = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["execution", "attempt"], name="one_end_an_attempt")
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt} of {self.execution_id}"


# The facts that are messages.
_WORDS = ("reason", "error")


class AlertDelivery(models.Model):
    """One event for one channel, by one rule. The names stay readable when those are deleted."""

    rule = models.ForeignKey(
        AlertRule, on_delete=models.SET_NULL, null=True, verbose_name=_("rule"), related_name="+"
    )
    rule_name = models.CharField(_("rule"), max_length=100, blank=True)
    channel = models.ForeignKey(
        AlertChannel,
        on_delete=models.SET_NULL,
        null=True,
        verbose_name=_("channel"),
        related_name="+",
    )
    channel_name = models.CharField(_("channel"), max_length=100)
    event = models.CharField(_("event"), max_length=16, choices=AlertEvent)
    # What must not be told of twice: see `alerts.services.events`.
    key = models.CharField(max_length=200, editable=False)
    pipeline = models.ForeignKey(
        Pipeline, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("pipeline")
    )
    pipeline_name = models.CharField(_("pipeline"), max_length=255, blank=True)
    execution = models.ForeignKey(
        PipelineExecution,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("execution"),
    )
    execution_attempt = models.PositiveIntegerField(_("attempt of the execution"), null=True)
    facts = models.JSONField(default=dict, help_text=_("What the message says, without secrets."))
    status = models.CharField(
        _("status"), max_length=8, choices=DeliveryStatus, default=DeliveryStatus.QUEUED
    )
    error = MessageField(_("reason"), blank=True, default="")
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # Tests, and what somebody sends again: at any hour, and whatever has become of the rule.
    by_hand = models.BooleanField(default=False, editable=False)
    # Those of one batch go as one message.
    batch = models.UUIDField(default=uuid.uuid4, editable=False, db_index=True)
    # From when on a lost message is made up for, or a failed attempt repeated; of those held, when
    # quiet hours end.
    due_at = models.DateTimeField(_("due"))
    # Until then a worker is sending it.
    claimed_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-created_at", "-id")
        permissions = [("resend_alertdelivery", "Can send a delivery again")]
        constraints = [
            # Whatever is repeated or killed when.
            models.UniqueConstraint(fields=["rule", "channel", "key"], name="one_delivery_an_event")
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="delivery_newest"),
            models.Index(
                fields=["status", "due_at"],
                condition=models.Q(status__in=["queued", "held"]),
                name="delivery_due",
            ),
            models.Index(fields=["key"], name="delivery_key"),
            # For what was told of a pipeline before.
            models.Index(
                fields=["rule", "channel", "pipeline", "event", "-created_at"],
                name="delivery_repeated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()} → {self.channel_name} ({self.get_status_display()})"

    @property
    def told_facts(self) -> dict[str, Any]:
        """The facts, with what is told in words in the language of whoever reads them."""
        facts: dict[str, Any] = dict(self.facts)
        facts |= {name: _told(facts[name]) for name in _WORDS if facts.get(name)}
        if "nodes" in facts:
            facts["nodes"] = [{**node, "error": _told(node["error"])} for node in facts["nodes"]]
        return facts


def _told(message: object) -> str:
    return translated(from_json(message))
