"""Pipelines as JSON."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.fields import SkipField, empty

from pipelines.errors import Problem
from pipelines.models import DeploymentStatus, Pipeline, PipelineRevision
from pipelines.remedies import with_remedy
from pipelines.services import FIELDS, assign

# The others are what LogiData itself says of executions that it did not start.
CHOSEN_TRIGGER_TYPES = ("manual", "api", "backfill")


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


class DeploymentSerializer(serializers.Serializer[Pipeline]):
    """How far Airflow is with serving the current revision."""

    status = serializers.ChoiceField(
        choices=DeploymentStatus.choices, source="deployment_status", read_only=True
    )
    error = serializers.CharField(
        source="deployment_error",
        read_only=True,
        help_text="Why it failed, or what it waits for; empty otherwise.",
    )
    started_at = serializers.DateTimeField(
        source="deployment_asked_at", read_only=True, help_text="When it was asked for."
    )
    ready_at = serializers.DateTimeField(source="deployment_ready_at", read_only=True)


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


class PipelineSerializer(serializers.ModelSerializer[Pipeline]):
    """A pipeline. What its fields may hold is decided by the service, all of it at once."""

    # No validators: the service reports what is wrong with a name together with all the rest.
    name = serializers.CharField(allow_blank=True, validators=[], max_length=None)
    # No defaults here: fields that are left out keep their values, those of a new pipeline at
    # first.
    config = GraphField(required=False)
    schedule = serializers.CharField(
        allow_blank=True,
        required=False,
        help_text="Five cron fields, a preset such as @daily, or nothing.",
    )
    timezone = serializers.CharField(required=False, help_text="Such as Europe/Berlin.")
    timeout = NumberField(
        required=False,
        allow_null=True,
        help_text="Seconds after which an execution is stopped, and fails; null for none.",
    )
    default_params = ObjectField(required=False)
    tags = TextsField(required=False)
    owner = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)
    revision = serializers.IntegerField(
        source="current_revision.number", read_only=True, default=None, allow_null=True
    )
    dag_id = serializers.CharField(read_only=True)
    deployment = DeploymentSerializer(source="*", read_only=True)
    deployment_seconds = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="From asking for the deployment until it was ready, or failed; while it is "
        "registering, how long it has been. Null for a draft.",
    )

    class Meta:
        model = Pipeline
        fields = (
            "id",
            *FIELDS,
            "owner",
            "revision",
            "dag_id",
            "deployment",
            "deployment_seconds",
            "created_at",
            "updated_at",
        )

    def read_into(self, pipeline: Pipeline) -> list[Problem]:
        """Set the pipeline's fields from the request's body; return what cannot be read.

        Unlike `is_valid`, one bad field does not hide the others, and a key that is no field of a
        pipeline is a problem rather than ignored.
        """
        body = self.initial_data
        if not isinstance(body, Mapping):
            return [Problem(None, None, "The body is no JSON object. Send a pipeline's fields.")]
        values: dict[str, Any] = {}
        problems = []
        for field in self._writable_fields:
            name = str(field.field_name)
            raw = field.get_value(body)
            if raw is empty and self.partial:
                continue
            try:
                values[name] = field.run_validation(raw)
            except SkipField:
                continue
            except serializers.ValidationError as error:
                problems += [Problem(None, name, f"{name}: {text}") for text in _texts(error)]
        unknown = {key: None for key in body if key not in self.fields and key not in _FORM_KEYS}
        return [*problems, *assign(pipeline, values | unknown)]


# What the browsable API's form adds to the fields.
_FORM_KEYS = frozenset({"csrfmiddlewaretoken"})


def _texts(error: serializers.ValidationError) -> list[str]:
    detail = error.detail
    return [with_remedy(text) for text in (detail if isinstance(detail, list) else [detail])]


class PipelineRevisionSerializer(serializers.ModelSerializer[PipelineRevision]):
    """A revision: what the pipeline was, from when on, and by whom."""

    created_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)
    snapshot = ObjectField(read_only=True)

    class Meta:
        model = PipelineRevision
        fields = ("number", "sha256", "snapshot", "created_at", "created_by")
        read_only_fields = fields


class ProblemSerializer(serializers.Serializer[Problem]):
    """One problem: where it is and what to do about it."""

    node = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    message = serializers.CharField()


class ValidationSerializer(serializers.Serializer[Any]):
    """Whether a pipeline could be saved."""

    valid = serializers.BooleanField()
    errors = ProblemSerializer(many=True)  # type: ignore[assignment]


class ErrorSerializer(serializers.Serializer[Any]):
    """Every error answer."""

    type = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    errors = ProblemSerializer(many=True)  # type: ignore[assignment]


class StrictSerializer(serializers.Serializer[Any]):
    """A body in which a key that is no field is refused by name, since it is a mistake."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; raise ValidationError for what is unknown and what is wrong."""
        problems: dict[str, Any] = {}
        if isinstance(data, Mapping):
            known = ", ".join(self.fields)
            advice = f"Remove it; the fields are: {known}." if known else "Send no fields."
            unknown = [key for key in data if key not in self.fields and key not in _FORM_KEYS]
            problems = {
                str(key): [
                    exceptions.ErrorDetail(f"'{key}' is not a field here. {advice}", "unknown_key")
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


class StartedSerializer(serializers.Serializer[Any]):
    """An execution that has been started."""

    task_id = serializers.CharField(source="celery_task_id")
    execution_id = serializers.UUIDField(source="pk")
    status = serializers.CharField()


class ModuleSerializer(serializers.Serializer[Any]):
    """A module of the catalogue."""

    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    ports = serializers.ListField(child=serializers.CharField())
    variadic = serializers.BooleanField()
    quarantines = serializers.BooleanField()
    config_schema = ObjectField()


class OriginSerializer(serializers.Serializer[Any]):
    """A column of an extractor."""

    node = serializers.CharField()
    column = serializers.CharField()


class ColumnOriginSerializer(serializers.Serializer[Any]):
    """A column of an output."""

    name = serializers.CharField()
    type = serializers.CharField()
    sources = OriginSerializer(
        many=True, allow_null=True, help_text="Null where they cannot be known."
    )


class OutputColumnsSerializer(serializers.Serializer[Any]):
    """The columns of one output of a node, and where they come from."""

    node = serializers.CharField()
    output = serializers.CharField(allow_null=True, help_text="Its name, where a node has several.")
    columns = ColumnOriginSerializer(
        many=True, allow_null=True, help_text="Null where they cannot be known."
    )
