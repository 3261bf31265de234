"""Alerts at the JSON boundary."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from rest_framework import serializers

from alerts.addresses import address_of
from alerts.events import RULE_EVENTS, ChannelKind
from alerts.models import UNREADABLE, AlertChannel, AlertDelivery, AlertRule
from alerts.sealing import Unreadable
from pipelines.messages import translated
from pipelines.serializers import MessageSerializerField, ObjectField, StrictSerializer


class ChannelSerializer(StrictSerializer, serializers.ModelSerializer[AlertChannel]):
    """A channel. Its address goes in as `address` and comes out without its secrets."""

    address = serializers.CharField(
        write_only=True,
        required=False,
        max_length=2000,
        help_text="An apprise URL, or the address of a webhook. Needed for a new channel; "
        "stored encrypted, and never shown again.",
    )
    shown_address = serializers.CharField(
        read_only=True, help_text="The address with what may be secret as `***`."
    )

    class Meta:
        model = AlertChannel
        fields = [
            *("id", "name", "kind", "address", "shown_address", "language"),
            *("is_active", "created_at"),
        ]
        read_only_fields = ["id", "shown_address", "created_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the address that is given, or the stored one against a new kind."""
        stored: AlertChannel | None = self.instance
        kind = attrs.get("kind") or (stored.kind if stored is not None else ChannelKind.EMAIL)
        try:
            address = attrs.get("address") or (stored.address if stored is not None else "")
        except Unreadable as error:
            raise serializers.ValidationError({"address": [translated(UNREADABLE)]}) from error
        if not address:
            message = _("A new channel needs an address. Give it one.")
            raise serializers.ValidationError({"address": [message]})
        try:
            attrs["address"] = address_of(kind, address)
        except DjangoValidationError as error:
            raise serializers.ValidationError({"address": error.messages}) from error
        return attrs


class RuleSerializer(StrictSerializer, serializers.ModelSerializer[AlertRule]):
    """A rule: events, their scope, channels, quiet hours."""

    events = serializers.ListField(
        child=serializers.ChoiceField(choices=RULE_EVENTS), help_text="At least one."
    )
    tags = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Only pipelines with one of these; empty for any.",
    )
    quiet_weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        required=False,
        help_text="On which they begin, 0 for Monday to 6 for Sunday; empty for all.",
    )

    class Meta:
        model = AlertRule
        fields = [
            *("id", "name", "is_active", "events", "channels", "pipelines", "tags", "owners"),
            *("slow_factor", "slow_runs", "deadline_seconds", "missed_minutes", "repeat_minutes"),
            *("quiet_from", "quiet_to", "quiet_timezone", "quiet_weekdays", "quiet_action"),
            "created_at",
        ]
        read_only_fields = ["id", "created_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the rule as a whole, as the admin does."""
        stored: AlertRule | None = self.instance
        known = (
            {field.name: getattr(stored, field.name) for field in AlertRule._meta.fields}
            if stored is not None
            else {}
        )
        many = {field.name for field in AlertRule._meta.many_to_many}
        given = {name: value for name, value in attrs.items() if name not in many}
        whole = AlertRule(**(known | given))
        try:
            whole.clean()
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        return attrs


class DeliverySerializer(serializers.ModelSerializer[AlertDelivery]):
    """What was, or is to be, sent."""

    error = MessageSerializerField(read_only=True)
    facts = ObjectField(
        source="told_facts", read_only=True, help_text="What the message says, without secrets."
    )

    class Meta:
        model = AlertDelivery
        fields = [
            *("id", "event", "status", "error", "attempts", "rule", "rule_name", "channel"),
            *("channel_name", "pipeline", "pipeline_name", "execution", "execution_attempt"),
            *("facts", "created_at", "due_at", "sent_at"),
        ]
        read_only_fields = fields
