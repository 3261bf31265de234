"""Executions over the REST API: list, read, monitor, cancel, logs."""

from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from executions import services
from executions.filters import ExecutionFilter, ExecutionSearch
from executions.live_api import LiveActions
from executions.models import PipelineExecution
from executions.pagination import NewestFirst
from executions.quarantine_api import QuarantineActions
from executions.retry_api import RetryActions
from executions.serializers import (
    ExecutionDetailSerializer,
    ExecutionLogsSerializer,
    ExecutionSerializer,
    LogQuerySerializer,
)
from pipelines.permissions import ModelPermissions
from pipelines.serializers import (
    ErrorSerializer,
    NoFieldsSerializer,
    OutputColumnsSerializer,
    StatusOnlySerializer,
)

VIEW = "executions.view_pipelineexecution"

DOWN = OpenApiResponse(ErrorSerializer, description="Airflow cannot be asked.")
ENDED = OpenApiResponse(ErrorSerializer, description="The execution has ended.")
FIELDS = OpenApiResponse(ErrorSerializer, description="The body holds fields; it takes none.")
UNKNOWN = OpenApiResponse(ErrorSerializer, description="No such execution, node or try.")


@extend_schema_view(
    list=extend_schema(summary="List executions, the newest first"),
    retrieve=extend_schema(summary="Read an execution with its nodes"),
)
class ExecutionViewSet(
    LiveActions, RetryActions, QuarantineActions, viewsets.ReadOnlyModelViewSet[PipelineExecution]
):
    """What ran, what runs, and how it went."""

    permission_classes = (ModelPermissions,)
    action_permissions = {
        "monitor": VIEW,
        "graph": VIEW,
        "node": VIEW,
        "lineage": VIEW,
        "logs": VIEW,
        "logs_download": VIEW,
        "quarantine": VIEW,
        "quarantine_download": VIEW,
        "replay": "pipelines.execute_pipeline",
        "retry": "pipelines.execute_pipeline",
        "run_again": "pipelines.execute_pipeline",
        "cancel": "executions.cancel_pipelineexecution",
    }
    pagination_class = NewestFirst
    filterset_class = ExecutionFilter
    # Pages have one order, so there is no filter for it.
    filter_backends = (DjangoFilterBackend, ExecutionSearch)
    search_fields = ("pipeline_name",)
    queryset = PipelineExecution.objects.select_related(
        "revision", "triggered_by", "cancel_requested_by", "attempt_requested_by"
    )

    def get_queryset(self) -> QuerySet[PipelineExecution]:
        """Return the executions, with their nodes where one is shown in full."""
        queryset = super().get_queryset()
        return (
            queryset
            if self.action == "list"
            else queryset.prefetch_related("tasks", "replays", "earlier_attempts__requested_by")
        )

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return the short form for lists, the full one otherwise."""
        return ExecutionSerializer if self.action == "list" else ExecutionDetailSerializer

    @extend_schema(
        summary="Ask Airflow about an execution now",
        request=None,
        responses={200: ExecutionDetailSerializer, 400: FIELDS, 503: DOWN},
    )
    @action(detail=True, methods=["post"])
    def monitor(self, request: Request, pk: str) -> Response:
        """Bring the execution up to what Airflow says, and return it."""
        execution = self._without_body(request)
        services.refresh_execution(execution)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Cancel an execution",
        description="The answer is the execution; without permission to view executions, its `id` "
        "and `status` alone.",
        request=None,
        responses={202: ExecutionDetailSerializer, 400: FIELDS, 409: ENDED},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Ask for the cancel, and return the execution; it is cancelled once nothing runs."""
        execution = self._without_body(request)
        services.request_cancel(execution, cast(AbstractBaseUser, request.user))
        shown = self.get_serializer_class() if request.user.has_perm(VIEW) else StatusOnlySerializer
        return Response(shown(self.get_object()).data, status=202)

    @extend_schema(
        summary="Read where columns came from",
        description="The columns of every node's output, and the columns of extractors that each "
        "was computed from.",
        responses=OutputColumnsSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def lineage(self, request: Request, pk: str) -> Response:
        """Return the columns of every output of the revision that ran."""
        outputs = services.execution_lineage(self.get_object())
        return Response(OutputColumnsSerializer(outputs, many=True).data)

    @extend_schema(
        summary="Read the logs of an execution",
        parameters=[
            OpenApiParameter("node", str, description="Id of a node; all nodes by default."),
            OpenApiParameter("try", int, description="Number of a try; the latest by default."),
            OpenApiParameter(
                "offset", int, description="Place of the first event; from the end if negative."
            ),
            OpenApiParameter(
                "limit", int, description="At most so many events of a node; 1000 by default."
            ),
        ],
        responses={200: ExecutionLogsSerializer, 404: UNKNOWN, 503: DOWN},
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def logs(self, request: Request, pk: str) -> Response:
        """Return a page of the log of one node, or of each: our copy, or what Airflow has now."""
        execution = self.get_object()
        query = LogQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        logs = services.execution_logs(
            execution,
            asked.get("node"),
            asked.get("try"),
            offset=asked["offset"],
            limit=asked["limit"],
        )
        answer = ExecutionLogsSerializer({"execution_id": execution.pk, "logs": logs})
        return Response(answer.data)

    def _without_body(self, request: Request) -> PipelineExecution:
        """Return the execution; refuse fields, which would change nothing."""
        execution = self.get_object()
        NoFieldsSerializer(data=request.data).is_valid(raise_exception=True)
        return execution
