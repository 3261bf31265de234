"""What requests may hold beside a pipeline."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers

from pipelines.serializers.fields import ObjectField, RevisionNumberField

# The others are what LogiData itself says of executions that it did not start.
CHOSEN_TRIGGER_TYPES = ("manual", "api", "backfill")

# What the browsable API's form adds to the fields.
FORM_KEYS = frozenset({"csrfmiddlewaretoken"})


class StrictSerializer(serializers.Serializer[Any]):
    """A body in which a key that is no field is refused by name, since it is a mistake."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; raise ValidationError for what is unknown and what is wrong."""
        problems: dict[str, Any] = {}
        if isinstance(data, Mapping):
            known = ", ".join(self.fields)
            advice = (
                _("Remove it; the fields are: %(known)s.") % {"known": known}
                if known
                else _("Send no fields.")
            )
            unknown = [key for key in data if key not in self.fields and key not in FORM_KEYS]
            problems = {
                str(key): [
                    exceptions.ErrorDetail(
                        _("'%(key)s' is not a field here. %(advice)s")
                        % {"key": key, "advice": advice},
                        "unknown_key",
                    )
                ]
                for key in unknown
            }
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            detail: Any = error.detail
            raise serializers.ValidationError({**problems, **detail}) from error
        if problems:
            raise serializers.ValidationError(problems)
        return values


class NoFieldsSerializer(StrictSerializer):
    """The body of a request that takes none."""


class ExecuteSerializer(StrictSerializer):
    """How to execute."""

    params = ObjectField(default=dict, help_text="Laid over the default parameters.")
    trigger_type = serializers.ChoiceField(choices=CHOSEN_TRIGGER_TYPES, default="api")
    revision = RevisionNumberField(
        required=False, help_text="Number of the revision to run; the current one by default."
    )
