"""What the editor asks while somebody draws a pipeline. Nothing is saved here."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from etl.dataset import Column
from pipelines import services
from pipelines.errors import Problem
from pipelines.models import Pipeline
from pipelines.serializers import ErrorSerializer, PipelineSerializer
from pipelines.serializers.answers import ProblemSerializer

INVALID = OpenApiResponse(ErrorSerializer, description="Every problem at once.")
CHANGE, ADD, VIEW = (f"pipelines.{verb}_pipeline" for verb in ("change", "add", "view"))


class DrawnPipelineSerializer(PipelineSerializer):
    """A pipeline's fields as they are on the screen."""

    pipeline = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="The stored pipeline over which the fields are laid; null or nothing: a new one.",
    )

    class Meta(PipelineSerializer.Meta):
        fields = ("pipeline", *services.FIELDS)


class ColumnSerializer(serializers.Serializer[Column]):
    """A column: its name, and its type in DuckDB's words."""

    name = serializers.CharField()
    type = serializers.CharField()


class ColumnsField(serializers.DictField):
    """Columns by the name of a port or an output; null where they are not known."""

    child = serializers.ListField(child=ColumnSerializer(), allow_null=True)


# Made this way since `in` is a word of Python's own.
NodeColumnsSerializer = type(
    "NodeColumnsSerializer",
    (serializers.Serializer,),
    {
        "in": ColumnsField(help_text="By port; null where they are not known."),
        "out": ColumnsField(help_text='By output, the only one of a node as "".'),
        "unknown": serializers.CharField(
            allow_null=True, help_text="Why a source has not told its columns; else null."
        ),
    },
)


class CheckSerializer(serializers.Serializer[Any]):
    """What is known of an unfinished pipeline."""

    valid = serializers.BooleanField()
    errors = ProblemSerializer(many=True)  # type: ignore[assignment]
    columns = serializers.DictField(child=NodeColumnsSerializer(), help_text="By node.")
    complete = serializers.BooleanField(
        help_text="False while Airflow or a source is still asked: check again in a second."
    )


class CodeSerializer(serializers.Serializer[Any]):
    """A generated DAG."""

    code = serializers.CharField()


class ScheduleQuerySerializer(serializers.Serializer[Any]):
    """Which schedule is meant."""

    cron = serializers.CharField(
        allow_blank=True, help_text="Five cron fields, a preset such as @daily, or nothing."
    )
    timezone = serializers.CharField(default="UTC")
    language = serializers.ChoiceField(
        choices=tuple(services.LANGUAGES),
        required=False,
        help_text="Of the words; that of the request if none.",
    )


class ScheduleSerializer(serializers.Serializer[Any]):
    """What a schedule means."""

    words = serializers.CharField()
    next = serializers.ListField(
        child=serializers.DateTimeField(), help_text="The next five times, in its time zone."
    )


class EditorActions(viewsets.GenericViewSet[Pipeline]):
    """What the view of pipelines has for drawing one."""

    @extend_schema(
        summary="Check what is drawn",
        description="Every problem, and the columns that come in and go out of every node as far "
        "as they can be known, of the body's fields laid over those of a stored pipeline, or of a "
        "new one. Made for asking while somebody types: Airflow and slow sources are asked in the "
        "background, and until they have answered `complete` is false. Needs "
        "`pipelines.change_pipeline`, or `pipelines.add_pipeline` for a new one; "
        "`pipelines.view_pipeline` is enough without any fields. Nothing is saved.",
        request=DrawnPipelineSerializer(partial=True),
        responses=CheckSerializer,
        filters=False,
    )
    @action(detail=False, methods=["post"], filter_backends=(), pagination_class=None)
    def check(self, request: Request) -> Response:
        """Return the problems and the columns."""
        pipeline, problems = self._drawn(request)
        found = services.check_pipeline(pipeline, written=tuple(request.data), unless=problems)
        told: Any = found.problems
        return Response(
            {
                "valid": not found.problems,
                "errors": ProblemSerializer(told, many=True).data,
                "columns": {
                    node: {
                        "in": _columns(around.inputs),
                        "out": _columns(around.outputs),
                        "unknown": around.unknown,
                    }
                    for node, around in found.columns.items()
                },
                "complete": found.complete,
            }
        )

    @extend_schema(
        summary="Generate the DAG of what is drawn",
        description="The code that Airflow would run if these fields were saved, laid over those "
        "of a stored pipeline, or of a new one. Permissions as for the check. Nothing is saved.",
        request=DrawnPipelineSerializer(partial=True),
        responses={200: CodeSerializer, 400: INVALID},
        filters=False,
    )
    @action(detail=False, methods=["post"], filter_backends=(), pagination_class=None)
    def code(self, request: Request) -> Response:
        """Return the code."""
        pipeline, problems = self._drawn(request)
        return Response({"code": services.code_of(pipeline, problems=problems)})

    def _drawn(self, request: Request) -> tuple[Pipeline, list[Problem]]:
        """Return the pipeline of the body, unsaved, and what of the body cannot be read."""
        body = request.data
        if not isinstance(body, Mapping):
            raise serializers.ValidationError(_("The body is no JSON object. Send its fields."))
        fields = {key: value for key, value in body.items() if key != "pipeline"}
        key = serializers.UUIDField(allow_null=True).run_validation(body.get("pipeline"))
        needed = (CHANGE if key else ADD) if fields or not key else VIEW
        if not request.user.has_perm(needed):
            raise PermissionDenied
        self.kwargs["pk"] = key
        pipeline = self.get_object() if key else Pipeline()
        serializer = PipelineSerializer(pipeline, data=fields, partial=True)
        return pipeline, serializer.read_into(pipeline)


@extend_schema(
    summary="Explain a schedule",
    parameters=[ScheduleQuerySerializer],
    responses={200: ScheduleSerializer, 400: INVALID},
)
class ScheduleViewSet(viewsets.ViewSet):
    """What a schedule means: in words, and the next times that Airflow starts the pipeline."""

    def list(self, request: Request) -> Response:
        """Return its words and times."""
        query = ScheduleQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        spoken = (get_language() or "en")[:2]
        found = services.explain_schedule(
            asked["cron"],
            asked["timezone"],
            asked.get("language") or (spoken if spoken in services.LANGUAGES else "en"),
        )
        return Response({"words": found.words, "next": [time.isoformat() for time in found.next]})


def _columns(by_name: Mapping[str, tuple[Column, ...] | None]) -> dict[str, Any]:
    return {
        name: None
        if columns is None
        else [{"name": column.name, "type": column.type} for column in columns]
        for name, columns in by_name.items()
    }
