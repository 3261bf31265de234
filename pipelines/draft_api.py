"""Drafts over the REST API: what is drawn, kept without being deployed."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pipelines import services
from pipelines.errors import NoDraft, Problem
from pipelines.models import Pipeline, PipelineDraft
from pipelines.revision_api import ChangeSerializer, EdgeChangeSerializer, NodeChangeSerializer
from pipelines.serializers import ErrorSerializer, PipelineSerializer, StrictSerializer

INVALID = OpenApiResponse(ErrorSerializer, description="What cannot be kept, or read.")
NONE = OpenApiResponse(ErrorSerializer, description="No such pipeline, or it has no draft.")


class DraftSerializer(PipelineSerializer):
    """The fields that were drawn, by whom and when."""

    by = serializers.CharField(read_only=True, allow_null=True)
    at = serializers.DateTimeField(read_only=True)
    seen = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="The time of the newest state that you know: the draft's `at`, else the "
        "pipeline's `updated_at`. Without it, what others have saved since is replaced.",
    )
    revision = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The revision that it was begun from."
    )

    class Meta(PipelineSerializer.Meta):
        fields = (*services.FIELDS, "seen", "by", "at", "revision")


class DiffSerializer(serializers.Serializer[Any]):
    """What leads from what they have saved to what was sent."""

    settings = ChangeSerializer(many=True)
    nodes = NodeChangeSerializer(many=True)
    edges = EdgeChangeSerializer(many=True)


class ChangedSerializer(ErrorSerializer):
    """Somebody has saved meanwhile: who, when, what, and the difference."""

    draft = PipelineSerializer(required=False, help_text="Their draft, if it was one.")
    pipeline = PipelineSerializer(required=False, help_text="Their pipeline, if that was saved.")
    by = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField(help_text="What to send as `seen` to replace theirs.")
    diff = DiffSerializer()


CHANGED = OpenApiResponse(ChangedSerializer, description="Somebody has saved since `seen`.")


class SeenSerializer(StrictSerializer):
    """Which state the caller knows."""

    seen = serializers.DateTimeField(required=False, allow_null=True)


class DraftActions(viewsets.GenericViewSet[Pipeline]):
    """What the view of pipelines has for drafts."""

    @extend_schema(
        summary="Read a pipeline's draft",
        responses={200: DraftSerializer, 404: NONE},
        filters=False,
    )
    @action(detail=True, methods=["get"], filter_backends=(), pagination_class=None)
    def draft(self, request: Request, pk: str | None = None) -> Response:
        """Return what is drawn."""
        pipeline = self.get_object()
        found = services.draft_of(pipeline)
        if found is None:
            raise NoDraft(pipeline.name)
        return Response(draft_json(found))

    @extend_schema(
        summary="Keep a draft",
        description="The fields are kept, whatever problems they have; what Airflow serves stays "
        "as it is. Needs `pipelines.change_pipeline`.",
        request=DraftSerializer(partial=True),
        responses={200: DraftSerializer, 400: INVALID, 409: CHANGED},
        filters=False,
    )
    @draft.mapping.put
    def keep_draft(self, request: Request, pk: str | None = None) -> Response:
        """Keep what is drawn."""
        pipeline = self.get_object()
        content, problems, seen = _content(request)
        kept = services.save_draft(
            pipeline, content, user=request.user, seen=seen, problems=problems
        )
        return Response(draft_json(kept))

    @extend_schema(
        summary="Discard a draft",
        description="Refused if somebody has saved it since `seen`. Needs "
        "`pipelines.change_pipeline`.",
        parameters=[
            OpenApiParameter("seen", OpenApiTypes.DATETIME, description="The `at` that you know.")
        ],
        request=None,
        responses={204: None, 404: NONE, 409: CHANGED},
        filters=False,
    )
    @draft.mapping.delete
    def discard_draft(self, request: Request, pk: str | None = None) -> Response:
        """Remove what is drawn; the pipeline is as it was deployed then."""
        pipeline = self.get_object()
        query = SeenSerializer(data={"seen": request.query_params.get("seen")})
        query.is_valid(raise_exception=True)
        services.discard_draft(pipeline, seen=query.validated_data["seen"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Deploy a draft",
        description="Saves the pipeline as its draft has it, and has Airflow serve that. The draft "
        "is gone then. Needs `pipelines.change_pipeline`.",
        request=SeenSerializer,
        responses={200: PipelineSerializer, 400: INVALID, 404: NONE, 409: CHANGED},
        filters=False,
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="draft/deploy",
        filter_backends=(),
        pagination_class=None,
    )
    def deploy_draft(self, request: Request, pk: str | None = None) -> Response:
        """Save the pipeline as it is drawn."""
        pipeline = self.get_object()
        body = SeenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.deploy_draft(pipeline, user=request.user, seen=body.validated_data.get("seen"))
        return Response(PipelineSerializer(self.get_object()).data)

    @extend_schema(
        summary="Begin a pipeline as a draft",
        description="A new pipeline that is nothing but a draft: it has no revision, and Airflow "
        "gets to know nothing of it until it is deployed. It needs a name; the other fields may "
        "have problems. Needs `pipelines.add_pipeline`.",
        request=PipelineSerializer,
        responses={201: PipelineSerializer, 400: INVALID},
        filters=False,
    )
    @action(detail=False, methods=["post"], filter_backends=(), pagination_class=None)
    def drafts(self, request: Request) -> Response:
        """Return the new pipeline."""
        content, problems, _ = _content(request)
        pipeline = services.begin_draft(content, user=request.user, problems=problems)
        return Response(PipelineSerializer(pipeline).data, status=status.HTTP_201_CREATED)


def draft_json(draft: PipelineDraft) -> dict[str, Any]:
    """Return a draft as the API and the pipeline's page give it: its fields, who, when."""
    return {
        **draft.content,
        "by": draft.saved_by.get_username() if draft.saved_by is not None else None,
        "at": draft.saved_at.isoformat(),
        "revision": draft.revision,
    }


def _content(request: Request) -> tuple[dict[str, Any], list[Problem], datetime | None]:
    """Return the fields of the body as they are to be kept, what cannot be read, and `seen`."""
    body = request.data
    if not isinstance(body, dict):
        raise serializers.ValidationError(
            _("The body is no JSON object. Send a pipeline's fields.")
        )
    fields = {key: value for key, value in body.items() if key != "seen"}
    read = Pipeline()
    problems = PipelineSerializer(read, data=fields, partial=True).read_into(read)
    kept = {name: getattr(read, name) for name in services.FIELDS if name in fields}
    known = SeenSerializer(data={"seen": body.get("seen")})
    known.is_valid(raise_exception=True)
    return kept, problems, known.validated_data["seen"]
