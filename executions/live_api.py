"""What an execution's page reads beside the live state, over the REST API."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from executions import services
from executions.models import PipelineExecution
from executions.serializers import LogChoiceSerializer, NodeSerializer
from executions.streaming import streamed
from pipelines.serializers import ErrorSerializer

NO_NODE = OpenApiResponse(ErrorSerializer, description="No such execution, node or try.")
DOWN = OpenApiResponse(ErrorSerializer, description="Airflow cannot be asked.")


class PlaceSerializer(serializers.Serializer[Any]):
    """Where a node is drawn."""

    x = serializers.FloatField()
    y = serializers.FloatField()


class GraphNodeSerializer(serializers.Serializer[Any]):
    """A node of a graph."""

    id = serializers.CharField()
    name = serializers.CharField()
    module = serializers.CharField()
    position = PlaceSerializer(allow_null=True)


class GraphEdgeSerializer(serializers.Serializer[Any]):
    """An edge of a graph."""

    target = serializers.CharField()
    port = serializers.CharField(allow_null=True, help_text="Of a target with several inputs.")
    output = serializers.CharField(allow_null=True, help_text="Of a source with several.")

    def get_fields(self) -> dict[str, Any]:
        """Add `source`, which is an argument of every field."""
        return {"source": serializers.CharField(), **super().get_fields()}


class ExecutionGraphSerializer(serializers.Serializer[Any]):
    """The graph that an execution runs."""

    nodes = GraphNodeSerializer(many=True)
    edges = GraphEdgeSerializer(many=True)


class LiveActions(viewsets.GenericViewSet[PipelineExecution]):
    """What the view of executions has for the page of one."""

    @extend_schema(
        summary="Read the graph that an execution runs",
        responses=ExecutionGraphSerializer,
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def graph(self, request: Request, pk: str) -> Response:
        """Return the nodes, in topological order, and the edges of the revision that ran."""
        graph = services.execution_graph(self.get_object())
        return Response(ExecutionGraphSerializer(graph).data)

    @extend_schema(
        summary="Read a node of an execution",
        responses={200: NodeSerializer, 404: NO_NODE},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="nodes/(?P<node_id>[^/]+)",
        url_name="node",
        pagination_class=None,
        filter_backends=[],
    )
    def node(self, request: Request, pk: str, node_id: str) -> Response:
        """Return a node in full: its tries, and the first rows that it put out and rejected."""
        return Response(NodeSerializer(services.node_of(self.get_object(), node_id)).data)

    @extend_schema(
        summary="Download the logs of an execution",
        parameters=[
            OpenApiParameter("node", str, description="Id of a node; all nodes by default."),
            OpenApiParameter("try", int, description="Number of a try; the latest by default."),
        ],
        responses={(200, "text/plain"): OpenApiTypes.BINARY, 404: NO_NODE, 503: DOWN},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="logs/download",
        url_name="logs-download",
        pagination_class=None,
        filter_backends=[],
    )
    def logs_download(self, request: Request, pk: str) -> HttpResponseBase:
        """Return the whole log of one node, or of each, as a text file."""
        execution = self.get_object()
        query = LogChoiceSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        file = services.log_file(execution, asked.get("node"), asked.get("try"))
        return streamed(
            request._request,
            file.chunks,
            content_type="text/plain; charset=utf-8",
            filename=file.name,
        )
