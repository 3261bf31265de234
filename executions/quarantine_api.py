"""Rejected rows over the REST API: read by the page, downloaded."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from executions import services
from executions.models import PipelineExecution
from executions.services.quarantine import FORMATS, Quarantine
from executions.streaming import streamed
from pipelines.serializers import ErrorSerializer, ObjectField, StartedSerializer

GONE = OpenApiResponse(ErrorSerializer, description="The rows have been cleaned up.")
NONE = OpenApiResponse(ErrorSerializer, description="No such node, or it has rejected no row.")
INVALID = OpenApiResponse(ErrorSerializer, description="Corrections that do not fit the rows.")
AGAINST = OpenApiResponse(
    ErrorSerializer, description="They cannot be replayed, or were replayed before."
)
NODE = OpenApiParameter(
    "node", str, description="Id of a node; may be left out if only one has rejected rows."
)


class QuarantineQuerySerializer(serializers.Serializer[Any]):
    """Which rejected rows to read."""

    node = serializers.CharField(required=False)
    offset = serializers.IntegerField(default=0, min_value=0, max_value=2**63 - 1)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)


class DownloadQuerySerializer(serializers.Serializer[Any]):
    """Which rejected rows to download."""

    node = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, "serializers.Field[Any, Any, Any, Any]"]:
        """Add `format`, a name that the framework's own class has."""
        return super().get_fields() | {
            "format": serializers.ChoiceField(choices=sorted(FORMATS), default="csv")
        }


class RejectedRowSerializer(serializers.Serializer[Any]):
    """One rejected row. `record` is the line of the file, or the row as JSON with SQL texts."""

    index = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    file = serializers.CharField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)
    record = serializers.CharField(allow_null=True)


class ReasonSerializer(serializers.Serializer[Any]):
    """How many rows were rejected for one reason."""

    reason = serializers.CharField()
    field = serializers.CharField()
    rows = serializers.IntegerField()


class QuarantineSerializer(serializers.Serializer[Any]):
    """A page of the rows that a node has rejected."""

    execution_id = serializers.UUIDField()
    node = serializers.CharField()
    count = serializers.IntegerField(help_text="How many rows there are in all.")
    reasons = ReasonSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = RejectedRowSerializer(many=True)


class ReplaySerializer(serializers.Serializer[Any]):
    """Whose rejected rows to replay."""

    node = serializers.CharField(help_text="Id of the node that has rejected rows.")
    records = ObjectField(
        required=False,
        help_text='Corrections: {"index of a row": {"column": new value}}; of a raw record of an '
        'extractor {"index": {"record": "the whole record"}}.',
    )
    again = serializers.BooleanField(
        default=False, help_text="Whether to replay rows that were replayed before."
    )


class ReplayedSerializer(StartedSerializer):
    """An execution that has been started to replay rows."""

    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="What to think of while it runs."
    )


class _FormatIsOurs(DefaultContentNegotiation):
    """Leave `?format=` to the view: it names the kind of the file, not of an answer's shape."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer, for errors: a file's type may be all that is accepted."""
        first = next(iter(renderers))
        return first, first.media_type


class QuarantineActions(viewsets.GenericViewSet[PipelineExecution]):
    """What the view of executions has for rejected rows."""

    @extend_schema(
        summary="Read the rows that a node has rejected",
        parameters=[
            NODE,
            OpenApiParameter("offset", int, description="Index of the first row; 0 by default."),
            OpenApiParameter("limit", int, description="At most so many; 50 by default, 200 most."),
        ],
        responses={200: QuarantineSerializer, 404: NONE, 410: GONE},
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def quarantine(self, request: Request, pk: str) -> Response:
        """Return a page of the rejected rows of one node, in their order."""
        execution = self.get_object()
        query = QuarantineQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        found = services.quarantine_of(execution, asked.get("node"))
        return Response(_page(request, found, asked["offset"], asked["limit"]))

    @extend_schema(
        summary="Download the rows that a node has rejected",
        parameters=[
            NODE,
            OpenApiParameter("format", str, enum=sorted(FORMATS), description="csv by default."),
        ],
        responses={(200, "text/csv"): OpenApiTypes.BINARY, 404: NONE, 410: GONE},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="quarantine/download",
        pagination_class=None,
        filter_backends=[],
        content_negotiation_class=_FormatIsOurs,
    )
    def quarantine_download(self, request: Request, pk: str) -> HttpResponseBase:
        """Return all rejected rows of one node as a file."""
        execution = self.get_object()
        query = DownloadQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        kind = query.validated_data["format"]
        found = services.quarantine_of(execution, query.validated_data.get("node"))
        return streamed(
            request._request,
            found.file(kind),
            content_type=FORMATS[kind],
            filename=found.filename(kind),
        )

    @extend_schema(
        summary="Replay the rows that a node has rejected",
        request=ReplaySerializer,
        responses={202: ReplayedSerializer, 400: INVALID, 404: NONE, 409: AGAINST, 410: GONE},
    )
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Start an execution of the current revision on the rejected rows alone."""
        execution = self.get_object()
        body = ReplaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        replay = services.replay_rejected(
            execution,
            asked["node"],
            records=asked.get("records"),
            again=asked["again"],
            user=cast(AbstractBaseUser, request.user),
        )
        started = StartedSerializer(replay.execution).data
        return Response({**started, "warnings": list(replay.warnings)}, status=202)


def _page(request: Request, found: Quarantine, offset: int, limit: int) -> dict[str, Any]:
    def at(place: int) -> str:
        url = replace_query_param(request.build_absolute_uri(), "offset", str(place))
        return str(url)

    body = QuarantineSerializer(
        {
            "execution_id": found.execution.pk,
            "node": found.node,
            "count": found.rows,
            "reasons": (found.task.rejected or {}).get("reasons") or [],
            "next": at(offset + limit) if offset + limit < found.rows else None,
            "previous": at(max(offset - limit, 0)) if offset else None,
            "results": found.page(offset, limit),
        }
    )
    return dict(body.data)
