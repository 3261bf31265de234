"""Previews over the REST API."""

import uuid
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from pipelines import services
from pipelines.models import Pipeline
from pipelines.permissions import EditsPipelines
from pipelines.serializers import (
    ErrorSerializer,
    MessageSerializerField,
    ObjectField,
    StrictSerializer,
)
from pipelines.serializers.fields import GraphField
from pipelines.services.preview_store import Preview, PreviewStatus

MOST_ROWS = 100

_ID = OpenApiParameter("id", uuid.UUID, OpenApiParameter.PATH)
_NONE = OpenApiResponse(ErrorSerializer, description="None of yours, or kept no longer.")
_AWAY = OpenApiResponse(ErrorSerializer, description="Redis does not answer.")


class PreviewRequestSerializer(StrictSerializer):
    """What to preview."""

    pipeline = serializers.UUIDField(
        default=None,
        allow_null=True,
        help_text="The pipeline that is edited: `params` are laid over its default parameters.",
    )
    config = GraphField(help_text="The graph as it is drawn now; it need not be saved.")
    params = ObjectField(default=dict)
    node = serializers.CharField(
        max_length=100, help_text="At a loader the rows are shown that arrive at it."
    )
    rows = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, default=MOST_ROWS)
    fresh = serializers.BooleanField(
        default=False,
        help_text="Read the sources again, in place of what a preview of yours has read within "
        "the last five minutes.",
    )

    def validate_params(self, value: Any) -> Any:
        """Refuse what is no object."""
        if not isinstance(value, dict):
            raise serializers.ValidationError(_("The params must be a JSON object. Write one."))
        return value


class PreviewColumnSerializer(serializers.Serializer[Any]):
    """A column of an output."""

    name = serializers.CharField()
    type = serializers.CharField(help_text="DuckDB type.")


class PreviewOutputSerializer(serializers.Serializer[Any]):
    """The first rows of one output."""

    columns = PreviewColumnSerializer(many=True)
    rows = serializers.ListField(
        child=ObjectField(), help_text="Records by column. Fewer where they are very wide."
    )
    count = serializers.IntegerField(help_text="Rows that the sample gave.")
    total = serializers.IntegerField(
        allow_null=True, help_text="The same where all rows of all sources were read, else null."
    )


class PreviewNodeSerializer(serializers.Serializer[Any]):
    """What became of a node."""

    node = serializers.CharField()
    status = serializers.ChoiceField(choices=("running", "success"))
    reused = serializers.BooleanField(
        required=False, help_text="Whether an earlier preview had run the same."
    )
    rows = serializers.IntegerField(required=False)
    rejected = serializers.IntegerField(required=False, help_text="Faulty rows, set aside.")
    seconds = serializers.FloatField(required=False)
    warnings = serializers.ListField(child=MessageSerializerField(), required=False)


class PreviewLineSerializer(serializers.Serializer[Any]):
    """A line of the log of a node."""

    node = serializers.CharField(allow_null=True)
    level = serializers.CharField()
    message = serializers.CharField()


class PreviewErrorSerializer(serializers.Serializer[Any]):
    """Why there is nothing to see."""

    node = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    message = MessageSerializerField()


class PreviewSerializer(serializers.Serializer[Preview]):
    """A preview as it is now."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[choice.value for choice in PreviewStatus])
    node = serializers.CharField()
    outputs = serializers.DictField(
        child=PreviewOutputSerializer(),
        help_text='By name, the only one of a node as ""; at a loader, by the name of its port.',
    )
    nodes = PreviewNodeSerializer(many=True)
    log = PreviewLineSerializer(many=True)
    error = PreviewErrorSerializer(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    waits_for = serializers.CharField(
        allow_null=True, help_text="What a queued preview waits for, once it has waited for 2 s."
    )


class PreviewViewSet(viewsets.ViewSet):
    """The first rows at a node, before anything is saved."""

    permission_classes = (EditsPipelines,)
    lookup_value_converter = "uuid"

    @extend_schema(
        summary="Ask for a preview",
        description="Runs the nodes before a node, and the node itself, on the first rows of their "
        "sources, in bounded time and memory. Loads nothing, and neither reads nor moves "
        "watermarks. Of one person two previews run at once: a third ends the oldest.",
        request=PreviewRequestSerializer,
        responses={
            202: PreviewSerializer,
            400: OpenApiResponse(ErrorSerializer, description="Every problem of these nodes."),
            404: OpenApiResponse(ErrorSerializer, description="No such pipeline."),
            503: _AWAY,
        },
    )
    def create(self, request: Request) -> Response:
        """Queue a preview; answer at once."""
        serializer = PreviewRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        preview = services.request_preview(
            user=_person(request),
            config=asked["config"],
            params={**_defaults(asked["pipeline"], request), **asked["params"]},
            node=asked["node"],
            rows=asked["rows"],
            fresh=asked["fresh"],
        )
        return Response(PreviewSerializer(preview).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Read a preview",
        description="Kept for ten minutes, for whoever asked for it.",
        parameters=[_ID],
        responses={200: PreviewSerializer, 404: _NONE, 503: _AWAY},
    )
    def retrieve(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the preview as it is now."""
        return Response(PreviewSerializer(_own(request, pk)).data)

    @extend_schema(
        summary="Stop a preview",
        description="And forget what it showed.",
        parameters=[_ID],
        responses={204: None, 404: _NONE, 503: _AWAY},
    )
    def destroy(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop the preview."""
        services.stop_preview(_own(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _person(request: Request) -> int:
    assert request.user.pk is not None
    return int(request.user.pk)


def _own(request: Request, pk: uuid.UUID) -> Preview:
    preview = services.find_preview(pk, user=_person(request))
    if preview is None:
        raise Http404
    return preview


def _defaults(pipeline: uuid.UUID | None, request: Request) -> dict[str, Any]:
    if pipeline is None:
        return {}
    if not any(request.user.has_perm(f"pipelines.{verb}_pipeline") for verb in ("view", "change")):
        raise PermissionDenied
    found = Pipeline.objects.filter(pk=pipeline).values_list("default_params", flat=True).first()
    if found is None:
        raise Http404
    return dict(found)
