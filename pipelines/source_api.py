"""What the editor's pickers offer, over the REST API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pipelines import services
from pipelines.permissions import EditsPipelines
from pipelines.serializers import ErrorSerializer

_TOO_LONG = 500

_ID = OpenApiParameter("id", str, OpenApiParameter.PATH)
_SEARCH = OpenApiParameter("search", str, description="A part of the name; case does not count.")
_PREFIX = OpenApiParameter("prefix", str, description="What the path begins with.")


class ConnectionSerializer(serializers.Serializer[Any]):
    """A connection that nodes may name; its secrets stay with Airflow."""

    id = serializers.CharField()
    type = serializers.CharField(help_text="Airflow's; empty where it is not known.")
    description = serializers.CharField()
    opens_here = serializers.BooleanField(
        help_text="Whether the web server knows it as AIRFLOW_CONN_<ID>, for lists of its tables."
    )


class DataFileSerializer(serializers.Serializer[Any]):
    """A file below a data folder."""

    path = serializers.CharField(help_text="As nodes name it.")
    size = serializers.IntegerField(help_text="Bytes.")
    modified = serializers.DateTimeField()


class ConnectionViewSet(viewsets.ViewSet):
    """The connections that nodes may name, and the tables that they lead to."""

    permission_classes = (EditsPipelines,)
    lookup_value_regex = r"[^/]+"

    @extend_schema(
        summary="List connections",
        responses={
            200: ConnectionSerializer(many=True),
            503: OpenApiResponse(ErrorSerializer, description="Airflow does not answer."),
        },
    )
    def list(self, request: Request) -> Response:
        """Return the connections that Airflow has, and those that it keeps elsewhere."""
        return Response(ConnectionSerializer(services.known_connections(), many=True).data)

    @extend_schema(
        summary="List the tables of a connection",
        description="Tables and views of a database, named as nodes name them: with the schema "
        "where it is needed. At most 200.",
        parameters=[_ID, _SEARCH],
        responses={
            200: serializers.ListSerializer(child=serializers.CharField()),
            409: OpenApiResponse(ErrorSerializer, description="Not known here, or no database."),
            503: OpenApiResponse(ErrorSerializer, description="The database does not answer."),
        },
    )
    @action(detail=True, methods=["get"])
    def tables(self, request: Request, pk: str) -> Response:
        """Return the names of tables."""
        return Response(services.tables_of(pk, _text(request, "search")))


class FileViewSet(viewsets.ViewSet):
    """The files that nodes may read."""

    permission_classes = (EditsPipelines,)

    @extend_schema(
        summary="List data files",
        description="Below the data folders, by their paths. At most 200.",
        parameters=[_PREFIX],
        responses={
            200: DataFileSerializer(many=True),
            409: OpenApiResponse(ErrorSerializer, description="No data folder is there."),
        },
    )
    def list(self, request: Request) -> Response:
        """Return the files."""
        found = services.files_below(_text(request, "prefix"))
        return Response(DataFileSerializer(found, many=True).data)


def _text(request: Request, name: str) -> str:
    return request.query_params.get(name, "").replace("\x00", "")[:_TOO_LONG]
