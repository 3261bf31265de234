"""Pipelines as files over the REST API, and templates to start from."""

import json
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pipelines import services
from pipelines.models import Pipeline
from pipelines.serializers import ErrorSerializer, ObjectField, PipelineSerializer
from pipelines.serializers.answers import ProblemSerializer
from pipelines.serializers.fields import GraphField, ParamSpecsField, TextsField

INVALID = OpenApiResponse(ErrorSerializer, description="Not even a draft can be made of it.")


class PipelineFileSerializer(PipelineSerializer):
    """A pipeline as a file holds it."""

    format = serializers.CharField(default=services.FORMAT)
    version = serializers.IntegerField(default=services.VERSION)

    class Meta(PipelineSerializer.Meta):
        fields = ("format", "version", *services.FIELDS)


class ImportedSerializer(serializers.Serializer[Any]):
    """A pipeline that was imported."""

    pipeline = PipelineSerializer()
    problems = ProblemSerializer(
        many=True, help_text="Why it is a draft, if it is one against the will of who imported it."
    )


class ImportQuerySerializer(serializers.Serializer[Any]):
    """How to import."""

    name = serializers.CharField(required=False, help_text="In the place of the file's name.")
    draft = serializers.BooleanField(
        default=False, help_text="Make a draft of it also if it has no problem."
    )


class TemplateSerializer(serializers.Serializer[Any]):
    """A pipeline to start from."""

    id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    config = GraphField()
    default_params = ObjectField()
    param_specs = ParamSpecsField()
    tags = TextsField()


class TransferActions(viewsets.GenericViewSet[Pipeline]):
    """What the view of pipelines has for files."""

    @extend_schema(
        summary="Export a pipeline as a file",
        description="All that makes it, as it is deployed; `import` takes it. It holds the ids of "
        "connections, never their secrets.",
        responses={(200, "application/json"): PipelineFileSerializer},
        filters=False,
    )
    @action(detail=True, methods=["get"], filter_backends=(), pagination_class=None)
    def export(self, request: Request, pk: str | None = None) -> HttpResponse:
        """Return the file."""
        pipeline = self.get_object()
        text = json.dumps(services.export_pipeline(pipeline), indent=2, ensure_ascii=False)
        name = services.file_name(pipeline)
        return HttpResponse(
            f"{text}\n",
            content_type="application/json; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @extend_schema(
        summary="Import a pipeline from a file",
        description="A new pipeline, checked as a whole. Without problems it is deployed; with "
        "some it is kept as a draft, and they are in the answer. Needs `pipelines.add_pipeline`.",
        parameters=[
            OpenApiParameter("name", OpenApiTypes.STR, description="Instead of the file's name."),
            OpenApiParameter(
                "draft", OpenApiTypes.BOOL, description="Make a draft also without problems."
            ),
        ],
        request=PipelineFileSerializer,
        responses={201: ImportedSerializer, 400: INVALID},
        filters=False,
    )
    @action(
        detail=False, methods=["post"], url_path="import", filter_backends=(), pagination_class=None
    )
    def import_file(self, request: Request) -> Response:
        """Return the new pipeline and what is wrong with it."""
        query = ImportQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        if not isinstance(request.data, dict):
            raise serializers.ValidationError(_("The file holds no JSON object. Choose another."))
        done = services.import_pipeline(
            request.data,
            user=request.user,
            name=query.validated_data.get("name"),
            draft=query.validated_data["draft"],
        )
        answer = ImportedSerializer({"pipeline": done.pipeline, "problems": done.problems})
        return Response(answer.data, status=status.HTTP_201_CREATED)


class TemplateViewSet(viewsets.ViewSet):
    """Pipelines to start from, which run on the example data."""

    @extend_schema(summary="List templates of pipelines", responses=TemplateSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return all templates, by name."""
        return Response(TemplateSerializer(services.pipeline_templates(), many=True).data)
