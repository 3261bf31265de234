"""A pipeline and its revisions as JSON."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.fields import SkipField, empty

from pipelines.errors import Problem
from pipelines.models import DeploymentStatus, Pipeline, PipelineDraft, PipelineRevision
from pipelines.remedies import with_remedy
from pipelines.serializers.bodies import FORM_KEYS
from pipelines.serializers.fields import (
    GraphField,
    NumberField,
    ObjectField,
    ParamSpecsField,
    TextsField,
)
from pipelines.serializers.messages import MessageSerializerField
from pipelines.services import FIELDS, assign


class DeploymentSerializer(serializers.Serializer[Pipeline]):
    """How far Airflow is with serving the current revision."""

    status = serializers.ChoiceField(
        choices=DeploymentStatus.choices, source="deployment_status", read_only=True
    )
    error = MessageSerializerField(
        source="deployment_error",
        read_only=True,
        help_text="Why it failed, or what it waits for; empty otherwise.",
    )
    started_at = serializers.DateTimeField(
        source="deployment_asked_at", read_only=True, help_text="When it was asked for."
    )
    ready_at = serializers.DateTimeField(source="deployment_ready_at", read_only=True)


class DraftHintSerializer(serializers.Serializer[PipelineDraft]):
    """That there is a draft: whose, and of when."""

    by = serializers.CharField(source="saved_by.username", default=None, allow_null=True)
    at = serializers.DateTimeField(source="saved_at", read_only=True)


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
    param_specs = ParamSpecsField(
        required=False, help_text="What each parameter may be; without one, it may be anything."
    )
    tags = TextsField(required=False)
    owner = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)
    updated_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)
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

    draft = DraftHintSerializer(
        read_only=True,
        default=None,
        allow_null=True,
        help_text="What is drawn and not deployed: …/draft has it. Null if nothing is.",
    )

    class Meta:
        model = Pipeline
        fields = (
            "id",
            *FIELDS,
            "draft",
            "owner",
            "revision",
            "dag_id",
            "deployment",
            "deployment_seconds",
            "created_at",
            "updated_at",
            "updated_by",
        )

    def read_into(self, pipeline: Pipeline) -> list[Problem]:
        """Set the pipeline's fields from the request's body; return what cannot be read.

        Unlike `is_valid`, one bad field does not hide the others, and a key that is no field of a
        pipeline is a problem rather than ignored.
        """
        body = self.initial_data
        if not isinstance(body, Mapping):
            return [Problem(None, None, _("The body is no JSON object. Send a pipeline's fields."))]
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
        unknown = {key: None for key in body if key not in self.fields and key not in FORM_KEYS}
        return [*problems, *assign(pipeline, values | unknown)]


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
