"""Running an execution again over the REST API: from where it failed, or as a new one."""

from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from executions import services
from executions.models import PipelineExecution
from executions.statuses import TriggerType
from pipelines.serializers import (
    CHOSEN_TRIGGER_TYPES,
    ErrorSerializer,
    ObjectField,
    RevisionNumberField,
    StartedSerializer,
    StrictSerializer,
    TextsField,
)

AGAINST = OpenApiResponse(ErrorSerializer, description="It cannot be retried as things are.")
NO_NODE = OpenApiResponse(ErrorSerializer, description="No such execution or node.")
INVALID = OpenApiResponse(ErrorSerializer, description="Params that do not fit the pipeline.")
NO_REVISION = OpenApiResponse(ErrorSerializer, description="No such execution or revision.")
NOT_SERVED = OpenApiResponse(
    ErrorSerializer, description="The pipeline is not active, or the revision cannot be run."
)


class RetrySerializer(StrictSerializer):
    """From where to run again."""

    nodes = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        allow_empty=False,
        help_text="Ids of nodes to run again, with all behind them; those that did not succeed "
        "by default.",
    )


class RetriedSerializer(serializers.Serializer[Any]):
    """An execution in its new attempt."""

    execution_id = serializers.UUIDField()
    status = serializers.CharField()
    attempt = serializers.IntegerField()
    nodes = TextsField(help_text="Ids of the nodes that run again.")
    warnings = TextsField(help_text="What to think of while it runs.")


class RunAgainSerializer(StrictSerializer):
    """What to run differently."""

    params = ObjectField(
        required=False, help_text="Params instead of those that the execution was given."
    )
    revision = RevisionNumberField(
        required=False,
        help_text="Number of the revision to run; that of the execution by default.",
    )
    trigger_type = serializers.ChoiceField(
        choices=CHOSEN_TRIGGER_TYPES,
        default="api",
        help_text="What is recorded as having started it.",
    )


class RetryActions(viewsets.GenericViewSet[PipelineExecution]):
    """What the view of executions has for running one again."""

    @extend_schema(
        summary="Retry an execution",
        request=RetrySerializer,
        responses={202: RetriedSerializer, 404: NO_NODE, 409: AGAINST},
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Begin a new attempt of an ended execution, from where it failed or from chosen nodes."""
        body = RetrySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        retry = services.retry_execution(
            self.get_object(),
            cast(AbstractBaseUser, request.user),
            nodes=body.validated_data.get("nodes"),
        )
        answer = RetriedSerializer(
            {
                "execution_id": retry.execution.pk,
                "status": retry.execution.status,
                "attempt": retry.execution.attempt,
                "nodes": retry.nodes,
                "warnings": retry.warnings,
            }
        )
        return Response(answer.data, status=202)

    @extend_schema(
        summary="Run an execution's pipeline again",
        request=RunAgainSerializer,
        responses={202: StartedSerializer, 400: INVALID, 404: NO_REVISION, 409: NOT_SERVED},
    )
    @action(detail=True, methods=["post"], url_path="run-again")
    def run_again(self, request: Request, pk: str) -> Response:
        """Start a new execution with the same params and revision, or with others."""
        body = RunAgainSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        started = services.run_again(
            self.get_object(),
            cast(AbstractBaseUser, request.user),
            params=body.validated_data.get("params"),
            revision=body.validated_data.get("revision"),
            trigger_type=TriggerType(body.validated_data["trigger_type"]),
        )
        return Response(StartedSerializer(started).data, status=202)
