"""Pipelines and modules over REST."""

from typing import Any

from django.http import HttpRequest
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.pagination import PageNumberPagination
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from etl.graph import parse_graph
from executions import services as executions
from pipelines import services
from pipelines.draft_api import DraftActions
from pipelines.editor_api import EditorActions
from pipelines.errors import PipelineChanged
from pipelines.models import Pipeline
from pipelines.permissions import ModelPermissions
from pipelines.revision_api import RestoreSerializer, RevisionActions
from pipelines.serializers import (
    ErrorSerializer,
    ExecuteSerializer,
    ModuleSerializer,
    OutputColumnsSerializer,
    PipelineRevisionSerializer,
    PipelineSerializer,
    StartedSerializer,
    ValidationSerializer,
)
from pipelines.transfer_api import TransferActions
from pipelines.watermark_api import SET, SetWatermarkSerializer, WatermarkActions

INVALID = OpenApiResponse(ErrorSerializer, description="Every problem at once.")
CONFLICT = OpenApiResponse(ErrorSerializer, description="Not as things are now.")


class PipelinePages(PageNumberPagination):
    """Pages of 50; `page_size` up to 500."""

    page_size_query_param = "page_size"
    max_page_size = 500


class PipelineFilter(filters.FilterSet):
    """Filters of the list."""

    class Meta:
        model = Pipeline
        fields = ("name", "is_active", "deployment_status")


class PlainTextRenderer(BaseRenderer):
    """Code as it is."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> str:
        """Return the text."""
        return str(data["code"])


@extend_schema_view(
    list=extend_schema(summary="List pipelines"),
    retrieve=extend_schema(summary="Read a pipeline"),
    create=extend_schema(
        summary="Create a pipeline", responses={201: PipelineSerializer, 400: INVALID}
    ),
    update=extend_schema(
        summary="Change a pipeline",
        responses={200: PipelineSerializer, 400: INVALID, 409: CONFLICT},
    ),
    partial_update=extend_schema(
        summary="Change some fields of a pipeline",
        responses={200: PipelineSerializer, 400: INVALID, 409: CONFLICT},
    ),
    destroy=extend_schema(
        summary="Delete a pipeline",
        description="Its DAG goes with it; its executions stay. Refused while some are active.",
        responses={204: None, 409: CONFLICT},
    ),
)
class PipelineViewSet(
    DraftActions,
    EditorActions,
    RevisionActions,
    TransferActions,
    WatermarkActions,
    viewsets.ModelViewSet[Pipeline],
):
    """Pipelines: what to run, when, and with which parameters."""

    queryset = Pipeline.objects.select_related(
        "owner", "current_revision", "updated_by", "draft__saved_by"
    ).order_by("name")
    serializer_class = PipelineSerializer
    permission_classes = (ModelPermissions,)
    pagination_class = PipelinePages
    filterset_class = PipelineFilter
    search_fields = ("name", "description")
    ordering_fields = ("name", "created_at", "updated_at")
    action_permissions = {
        # What these need depends on what is sent.
        "check": None,
        "code": None,
        "deploy_draft": "pipelines.change_pipeline",
        "discard_draft": "pipelines.change_pipeline",
        "execute": "pipelines.execute_pipeline",
        "restore": "pipelines.change_pipeline",
        "set_watermark": SET,
        "validate": "pipelines.view_pipeline",
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return the serializer of the body, which the browsable API draws its form from."""
        by_action: dict[str, type[BaseSerializer[Any]]] = {
            "execute": ExecuteSerializer,
            "restore": RestoreSerializer,
            "revisions": PipelineRevisionSerializer,
            "set_watermark": SetWatermarkSerializer,
        }
        return by_action.get(self.action, PipelineSerializer)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Create a pipeline and have Airflow serve it."""
        pipeline = self._save(Pipeline(), request, partial=False)
        return Response(self.get_serializer(pipeline).data, status=status.HTTP_201_CREATED)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a pipeline; what runs differently becomes a new revision."""
        partial = bool(kwargs.get("partial", False))
        try:
            pipeline = self._save(self.get_object(), request, partial=partial)
        except PipelineChanged:
            # Someone changed it between our reading and saving: ours goes on top of theirs.
            pipeline = self._save(self.get_object(), request, partial=partial)
        return Response(self.get_serializer(pipeline).data)

    def perform_destroy(self, instance: Pipeline) -> None:
        """Delete the pipeline and its DAG, unless executions of it are active."""
        executions.delete_pipeline(instance, person(self.request))

    @extend_schema(
        summary="Check a pipeline",
        description="With the body's fields laid over the stored ones; nothing is saved.",
        request=PipelineSerializer(partial=True),
        responses=ValidationSerializer,
    )
    @action(detail=True, methods=["post"], filter_backends=())
    def validate(self, request: Request, pk: str | None = None) -> Response:
        """Return every problem that saving would have."""
        pipeline = self.get_object()
        serializer = PipelineSerializer(pipeline, data=request.data, partial=True)
        problems = serializer.read_into(pipeline)
        problems += services.find_problems(pipeline, unless=problems)
        report = {"valid": not problems, "errors": problems}
        return Response(ValidationSerializer(report).data)

    @extend_schema(
        summary="Execute a pipeline",
        request=ExecuteSerializer,
        responses={202: StartedSerializer, 400: INVALID, 409: CONFLICT},
    )
    @action(detail=True, methods=["post"], filter_backends=())
    def execute(self, request: Request, pk: str | None = None) -> Response:
        """Start an execution; answer as soon as it is queued."""
        pipeline = self.get_object()
        serializer = ExecuteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        execution = executions.start_execution(
            pipeline,
            params=serializer.validated_data["params"],
            trigger_type=serializer.validated_data["trigger_type"],
            user=person(request),
            revision=serializer.validated_data.get("revision"),
        )
        return Response(StartedSerializer(execution).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Read the generated DAG",
        responses={(200, "text/plain"): OpenApiTypes.STR, 409: CONFLICT},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        renderer_classes=(PlainTextRenderer, JSONRenderer, BrowsableAPIRenderer),
    )
    def dag(self, request: Request, pk: str | None = None) -> Response:
        """Return the code that Airflow runs for the current revision."""
        return Response({"code": services.generated_code(self.get_object())})

    @extend_schema(
        summary="Read where columns come from",
        description="The columns of every node's output, and the columns of extractors that each "
        "is computed from, as far as they can be known before the pipeline runs.",
        responses=OutputColumnsSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], filter_backends=(), pagination_class=None)
    def lineage(self, request: Request, pk: str | None = None) -> Response:
        """Return the columns of every output of the pipeline's graph."""
        pipeline = self.get_object()
        outputs = services.lineage(parse_graph(pipeline.config), pipeline.default_params)
        return Response(OutputColumnsSerializer(outputs, many=True).data)

    def _save(self, pipeline: Pipeline, request: Request, *, partial: bool) -> Pipeline:
        serializer = PipelineSerializer(pipeline, data=request.data, partial=partial)
        problems = serializer.read_into(pipeline)
        return services.save_pipeline(pipeline, user=request.user, problems=problems)


@extend_schema_view(
    list=extend_schema(summary="List modules", responses=ModuleSerializer(many=True))
)
class ModuleViewSet(viewsets.ViewSet):
    """The modules that nodes can run, each with the JSON Schema of its config."""

    def list(self, request: Request) -> Response:
        """Return the catalogue."""
        return Response(ModuleSerializer(services.module_catalogue(), many=True).data)


def person(request: Request | HttpRequest) -> Any:
    """Return the signed-in user, or None."""
    return request.user if request.user.is_authenticated else None
