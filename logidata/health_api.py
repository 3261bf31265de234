"""The health report over the REST API: to anybody in a word, in full to those who are signed in."""

from typing import Any

from django.db import DatabaseError
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from logidata.health import DOWN, STATUSES, findings, whole


class ComponentSerializer(serializers.Serializer[Any]):
    """One component; Airflow's has a version, its limits and components of its own."""

    status = serializers.ChoiceField(choices=STATUSES)
    detail = serializers.CharField(help_text="What is wrong and what next; empty when well.")
    milliseconds = serializers.FloatField()


class HealthSerializer(serializers.Serializer[Any]):
    """The whole: `degraded` says that executions go on without what is not well.

    `components` are shown to those who are signed in.

    While the database is down, so that nobody can be known to be, their status is shown to all.
    """

    status = serializers.ChoiceField(choices=STATUSES)
    components = serializers.DictField(child=ComponentSerializer(), required=False)


class HealthView(APIView):
    """Whether everything works, and if not, whether executions do."""

    permission_classes = (AllowAny,)

    def perform_authentication(self, request: Request) -> None:
        """Leave open who asks: the database, which knows, may be what is down."""

    @extend_schema(
        summary="Check health",
        auth=[{}, {"knoxApiToken": []}],  # type: ignore[list-item]
        responses={
            200: HealthSerializer,
            503: OpenApiResponse(
                HealthSerializer, description="Something is down that executions need."
            ),
        },
    )
    def get(self, request: Request) -> Response:
        """Return 503 when something is down that executions need, else 200."""
        seen = findings()
        body: dict[str, Any] = {"status": whole(seen)}
        try:
            signed_in = bool(request.user and request.user.is_authenticated)
        except DatabaseError:
            # Who asks is not known, but should learn what to mend.
            body["components"] = {name: found.in_short() for name, found in seen.items()}
            return Response(body, status=503)
        if signed_in:
            body["components"] = {name: found.as_dict() for name, found in seen.items()}
        return Response(body, status=503 if body["status"] == DOWN else 200)
