"""Pipelines, and what is asked and answered about them, as JSON."""

from pipelines.serializers.answers import (
    ErrorSerializer,
    ModuleSerializer,
    OutputColumnsSerializer,
    StartedSerializer,
    StatusOnlySerializer,
    ValidationSerializer,
)
from pipelines.serializers.bodies import (
    CHOSEN_TRIGGER_TYPES,
    ExecuteSerializer,
    NoFieldsSerializer,
    StrictSerializer,
)
from pipelines.serializers.fields import VALUE_SCHEMA, ObjectField, RevisionNumberField, TextsField
from pipelines.serializers.messages import MessageSerializerField
from pipelines.serializers.pipeline import PipelineRevisionSerializer, PipelineSerializer

__all__ = [
    "CHOSEN_TRIGGER_TYPES",
    "VALUE_SCHEMA",
    "ErrorSerializer",
    "ExecuteSerializer",
    "MessageSerializerField",
    "ModuleSerializer",
    "NoFieldsSerializer",
    "ObjectField",
    "OutputColumnsSerializer",
    "PipelineRevisionSerializer",
    "PipelineSerializer",
    "RevisionNumberField",
    "StartedSerializer",
    "StatusOnlySerializer",
    "StrictSerializer",
    "TextsField",
    "ValidationSerializer",
]
