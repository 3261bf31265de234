"""Revisions over the REST API: their list, one of them, the difference of two, the way back."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pipelines import services
from pipelines.models import Pipeline, PipelineRevision
from pipelines.serializers import (
    ErrorSerializer,
    PipelineRevisionSerializer,
    PipelineSerializer,
    StrictSerializer,
)

# More digits than any revision's number has: those are refused with its error, not with another.
NUMBER = r"(?P<number>[0-9]{1,20})"
IN_PATH = OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH)

NONE = OpenApiResponse(ErrorSerializer, description="No such pipeline, or no such revision.")
INVALID = OpenApiResponse(ErrorSerializer, description="What stands against it by today's rules.")
CONFLICT = OpenApiResponse(ErrorSerializer, description="Someone saved the pipeline meanwhile.")

KINDS = ("added", "removed", "changed")


@extend_schema_field({"description": "Any JSON; null where the other side alone has a value."})
class JSONValueField(serializers.JSONField):
    """Any JSON."""


class ChangeSerializer(serializers.Serializer[Any]):
    """A value that differs."""

    field = serializers.CharField(help_text="A path such as `config.condition`.")
    kind = serializers.ChoiceField(choices=KINDS)
    old = JSONValueField(allow_null=True)
    new = JSONValueField(allow_null=True)


class NodeChangeSerializer(serializers.Serializer[Any]):
    """A node that differs; of one that was added or removed, what it does not have by default."""

    node = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    module = serializers.CharField()
    changes = ChangeSerializer(many=True)


class EdgeChangeSerializer(serializers.Serializer[Any]):
    """An edge that only one of the two has: it was added or removed."""

    kind = serializers.ChoiceField(choices=KINDS)
    source = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField()
    port = serializers.CharField(allow_null=True)
    output = serializers.CharField(allow_null=True)


class DifferenceSerializer(serializers.Serializer[Any]):
    """What leads from one revision to another."""

    from_revision = serializers.IntegerField(source="old.number")
    to_revision = serializers.IntegerField(source="new.number")
    settings = ChangeSerializer(many=True, source="difference.settings")
    nodes = NodeChangeSerializer(many=True, source="difference.nodes")
    edges = EdgeChangeSerializer(many=True, source="difference.edges")


# Made this way since `with` is a word of Python's own.
DifferenceQuerySerializer = type(
    "DifferenceQuerySerializer",
    (serializers.Serializer,),
    {"with": serializers.IntegerField(required=False, min_value=1)},
)


class RestoreSerializer(StrictSerializer):
    """How much to bring back."""

    when = serializers.BooleanField(
        default=False,
        help_text="Bring back the schedule, its time zone and whether the pipeline is active, too.",
    )


class RestoredSerializer(serializers.Serializer[Any]):
    """A pipeline after a restore."""

    restored = serializers.IntegerField(help_text="The revision that was asked for.")
    revision = serializers.IntegerField(help_text="The one that is current now.")
    made = serializers.BooleanField(help_text="False where the pipeline was like that already.")
    detail = serializers.CharField()
    pipeline = PipelineSerializer()


class RevisionActions(viewsets.GenericViewSet[Pipeline]):
    """What the view of pipelines has for revisions."""

    @extend_schema(
        summary="List a pipeline's revisions",
        responses=PipelineRevisionSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], filter_backends=())
    def revisions(self, request: Request, pk: str | None = None) -> Response:
        """Return the revisions, the newest first, in pages."""
        revisions: QuerySet[PipelineRevision] = (
            self.get_object().revisions.select_related("created_by").order_by("-number")
        )
        page: Any = self.paginate_queryset(revisions)  # type: ignore[arg-type]
        return self.get_paginated_response(PipelineRevisionSerializer(page, many=True).data)

    @extend_schema(
        summary="Read a revision",
        parameters=[IN_PATH],
        responses={200: PipelineRevisionSerializer, 404: NONE},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        url_path=f"revisions/{NUMBER}",
        filter_backends=(),
        pagination_class=None,
    )
    def revision(self, request: Request, pk: str | None = None, number: str = "") -> Response:
        """Return what the pipeline was in that revision."""
        found = services.revision_of(self.get_object(), int(number))
        return Response(PipelineRevisionSerializer(found).data)

    @extend_schema(
        summary="Compare two revisions",
        description="What leads from this revision to the other: `old` is here, `new` is there. "
        "Without `with`, what has changed since this revision.",
        parameters=[
            IN_PATH,
            OpenApiParameter(
                "with", OpenApiTypes.INT, description="The other revision; the current one if none."
            ),
        ],
        responses={200: DifferenceSerializer, 400: INVALID, 404: NONE},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        url_path=f"revisions/{NUMBER}/diff",
        filter_backends=(),
        pagination_class=None,
    )
    def diff(self, request: Request, pk: str | None = None, number: str = "") -> Response:
        """Return the settings, nodes and edges that differ."""
        pipeline = self.get_object()
        query = DifferenceQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = services.compare_revisions(pipeline, int(number), query.validated_data.get("with"))
        return Response(DifferenceSerializer(found).data)

    @extend_schema(
        summary="Restore a revision",
        description="The pipeline becomes what it was, as a new revision, which is deployed. When "
        "it runs stays as it is, unless `when` is true. Needs `pipelines.change_pipeline`.",
        parameters=[IN_PATH],
        request=RestoreSerializer,
        responses={200: RestoredSerializer, 400: INVALID, 404: NONE, 409: CONFLICT},
        filters=False,
    )
    @action(
        detail=True,
        methods=["post"],
        url_path=f"revisions/{NUMBER}/restore",
        filter_backends=(),
        pagination_class=None,
    )
    def restore(self, request: Request, pk: str | None = None, number: str = "") -> Response:
        """Make the pipeline again what it was in that revision."""
        pipeline = self.get_object()
        body = RestoreSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        done = services.restore_revision(
            pipeline, int(number), when=body.validated_data["when"], user=request.user
        )
        return Response(RestoredSerializer(done).data)
