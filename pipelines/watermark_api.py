"""Watermarks over the REST API."""

from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pipelines import services
from pipelines.models import Pipeline
from pipelines.serializers import VALUE_SCHEMA, ErrorSerializer

SET = "pipelines.set_watermark"

INVALID = OpenApiResponse(ErrorSerializer, description="A value that does not fit, or no reason.")
NONE = OpenApiResponse(ErrorSerializer, description="No such node, or it has no watermark.")


@extend_schema_field(VALUE_SCHEMA)
class AnyValueField(serializers.JSONField):
    """A text, a number or null."""


class PositionSerializer(serializers.Serializer[Any]):
    """How far a source was read, reached by an execution or set by a person."""

    value = serializers.CharField(allow_null=True, help_text="null is the very beginning.")
    column = serializers.CharField()
    type = serializers.CharField(help_text="DuckDB type; empty if it was set before the first run.")
    at = serializers.DateTimeField()
    execution_id = serializers.CharField(source="execution", allow_null=True)
    set_by = serializers.CharField(source="by", allow_null=True)
    reason = serializers.CharField()


class WatermarkSerializer(serializers.Serializer[Any]):
    """The watermark of a node."""

    node = serializers.CharField()
    column = serializers.CharField()
    initial = AnyValueField(allow_null=True)
    lag = AnyValueField()
    position = PositionSerializer(allow_null=True, help_text="null before the first load.")
    history = PositionSerializer(many=True, help_text="The newest 100, the newest first.")


class SetWatermarkSerializer(serializers.Serializer[Any]):
    """Where to go on, and why."""

    value = AnyValueField(
        allow_null=True, help_text="A value of the column; null is the very beginning."
    )
    reason = serializers.CharField(max_length=1000)

    def validate_value(self, value: Any) -> Any:
        """Refuse texts that no database keeps: the change is written to one before it is made."""
        if isinstance(value, str):
            return serializers.CharField(max_length=500, allow_blank=True).run_validation(value)
        return value


class WatermarkActions(viewsets.GenericViewSet[Pipeline]):
    """What the view of pipelines has for watermarks."""

    @extend_schema(
        summary="List a pipeline's watermarks",
        description="How far each extractor with a watermark has been read, and how it came there.",
        responses=WatermarkSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], filter_backends=(), pagination_class=None)
    def watermarks(self, request: Request, pk: str | None = None) -> Response:
        """Return the watermarks of the pipeline's graph."""
        found = services.watermarks_of(self.get_object())
        return Response(WatermarkSerializer(found, many=True).data)

    @extend_schema(
        summary="Set a watermark",
        description="The next execution goes on from there; loads that add rows add those again "
        "that lie after it. Needs `pipelines.set_watermark`.",
        request=SetWatermarkSerializer,
        responses={200: WatermarkSerializer, 400: INVALID, 404: NONE},
        parameters=[],
    )
    @action(
        detail=True,
        methods=["post"],
        url_path=r"watermarks/(?P<node>[A-Za-z0-9_]+)",
        filter_backends=(),
        pagination_class=None,
    )
    def set_watermark(self, request: Request, pk: str | None = None, node: str = "") -> Response:
        """Set the watermark of a node by hand."""
        pipeline = self.get_object()
        body = SetWatermarkSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changed = services.set_watermark(
            pipeline,
            node,
            body.validated_data["value"],
            reason=body.validated_data["reason"],
            user=cast(AbstractBaseUser, request.user),
        )
        return Response(WatermarkSerializer(changed).data)
