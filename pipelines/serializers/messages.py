"""Messages in answers: in the language that the caller asks for."""

from typing import Any

from rest_framework import serializers

from pipelines.messages import translated


class MessageSerializerField(serializers.CharField):
    """A message in the language of the caller."""

    def to_representation(self, value: Any) -> str:
        """Return the message translated."""
        return translated(value)
