"""Fields that several bodies have, with their JSON Schema."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pipelines.services.params import TYPES

# A text or a number; `initial` and `position` of a watermark can also be null.
VALUE_SCHEMA = {"oneOf": [{"type": "string"}, {"type": "number"}]}
WATERMARK_SCHEMA = {
    "type": "object",
    "description": "Has an extractor read only what is new since the last load.",
    "required": ["column"],
    "properties": {
        "column": {"type": "string"},
        "initial": {**VALUE_SCHEMA, "nullable": True},
        "lag": VALUE_SCHEMA,
    },
}


@extend_schema_field(
    {
        "type": "object",
        "description": "The graph: nodes and the edges that carry data between them.",
        "properties": {
            "nodes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "module"],
                    "properties": {
                        "id": {"type": "string"},
                        "module": {"type": "string"},
                        "name": {"type": "string"},
                        "config": {"type": "object", "additionalProperties": True},
                        "retries": {"type": "integer"},
                        "retry_delay": {"type": "number", "description": "Seconds."},
                        "retry_backoff": {
                            "type": "boolean",
                            "description": "Whether the delay doubles with every retry.",
                        },
                        "max_retry_delay": {"type": "number", "description": "Seconds."},
                        "timeout": {"type": "number", "description": "Seconds for each try."},
                        "pool": {"type": "string"},
                        "watermark": WATERMARK_SCHEMA,
                        "position": {
                            "type": "object",
                            "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
                        },
                    },
                },
            },
            "edges": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["source", "target"],
                    "properties": {
                        "source": {"type": "string"},
                        "target": {"type": "string"},
                        "port": {"type": "string"},
                        "output": {"type": "string"},
                    },
                },
            },
        },
    }
)
class GraphField(serializers.JSONField):
    """The graph, checked by the service rather than here."""


@extend_schema_field({"type": "object", "additionalProperties": True})
class ObjectField(serializers.JSONField):
    """A JSON object, checked by the service."""


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {"type": "string", "enum": list(TYPES)},
                "help": {"type": "string"},
                "required": {
                    "type": "boolean",
                    "description": "Whether it must have a value: the default, or a given one.",
                },
                "min": {**VALUE_SCHEMA, "description": "Of a number, a date or a time."},
                "max": {**VALUE_SCHEMA, "description": "Of a number, a date or a time."},
                "choices": {
                    "type": "array",
                    "description": "Of an enum.",
                    "items": {
                        "oneOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
                    },
                },
            },
        },
    }
)
class ParamSpecsField(serializers.JSONField):
    """The types of parameters by name, checked by the service."""


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class TextsField(serializers.JSONField):
    """A JSON list of texts, checked by the service."""


@extend_schema_field({"type": "number"})
class NumberField(serializers.JSONField):
    """A number, checked by the service."""


class RevisionNumberField(serializers.IntegerField):
    """The number of a revision."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**31 - 1, **kwargs)
