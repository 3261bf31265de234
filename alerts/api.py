"""Alerts over the REST API: channels, rules, and the log of deliveries."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from alerts import services
from alerts.errors import DeliveryWaits
from alerts.events import AlertEvent, DeliveryStatus
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from alerts.serializers import ChannelSerializer, DeliverySerializer, RuleSerializer
from pipelines.permissions import ModelPermissions
from pipelines.serializers import ErrorSerializer, NoFieldsSerializer, StatusOnlySerializer

INVALID = OpenApiResponse(ErrorSerializer, description="Every problem at once.")
WAITS = OpenApiResponse(ErrorSerializer, description="It still waits to be sent.")


def _described(what: str, serializer: type[Any]) -> Any:
    return extend_schema_view(
        list=extend_schema(summary=f"List {what}s"),
        retrieve=extend_schema(summary=f"Read a {what}"),
        create=extend_schema(summary=f"Create a {what}", responses={201: serializer, 400: INVALID}),
        update=extend_schema(summary=f"Change a {what}", responses={200: serializer, 400: INVALID}),
        partial_update=extend_schema(
            summary=f"Change some fields of a {what}", responses={200: serializer, 400: INVALID}
        ),
        destroy=extend_schema(summary=f"Delete a {what}"),
    )


@_described("channel", ChannelSerializer)
class ChannelViewSet(viewsets.ModelViewSet[AlertChannel]):
    """Where alerts go."""

    permission_classes = (ModelPermissions,)
    action_permissions = {"test": "alerts.change_alertchannel"}
    serializer_class = ChannelSerializer
    queryset = AlertChannel.objects.all()
    filterset_fields = ("kind", "is_active")
    search_fields = ("name",)
    ordering_fields = ("name", "created_at")

    @extend_schema(
        summary="Send a test to a channel now",
        description="The answer says whether the channel took it, and if not, why.",
        request=None,
        responses={200: DeliverySerializer, 400: INVALID},
        filters=False,
    )
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send a test, and return what came of it."""
        channel = self.get_object()
        NoFieldsSerializer(data=request.data).is_valid(raise_exception=True)
        return Response(DeliverySerializer(services.test_channel(channel)).data)


@_described("rule", RuleSerializer)
class RuleViewSet(viewsets.ModelViewSet[AlertRule]):
    """Which events of which pipelines go to which channels."""

    permission_classes = (ModelPermissions,)
    serializer_class = RuleSerializer
    queryset = AlertRule.objects.prefetch_related("channels", "pipelines", "owners")
    filterset_fields = ("is_active", "channels")
    search_fields = ("name",)
    ordering_fields = ("name", "created_at")


class DeliveryFilter(filters.FilterSet):
    """By status and event (each may be given several times), rule, channel, pipeline, execution."""

    status = filters.MultipleChoiceFilter(choices=DeliveryStatus.choices)
    event = filters.MultipleChoiceFilter(choices=AlertEvent.choices)
    pipeline = filters.UUIDFilter(field_name="pipeline_id", help_text="Id of a pipeline.")
    execution = filters.UUIDFilter(field_name="execution_id", help_text="Id of an execution.")

    class Meta:
        model = AlertDelivery
        fields = ("status", "event", "rule", "channel", "pipeline", "execution")


class DeliveryPages(CursorPagination):
    """Pages of 50, the newest first; `page_size` up to 200."""

    ordering = ("-created_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


@extend_schema_view(
    list=extend_schema(summary="List deliveries, the newest first"),
    retrieve=extend_schema(summary="Read a delivery"),
)
class DeliveryViewSet(viewsets.ReadOnlyModelViewSet[AlertDelivery]):
    """What was sent to whom, and what is to be."""

    permission_classes = (ModelPermissions,)
    action_permissions = {"resend": "alerts.resend_alertdelivery"}
    serializer_class = DeliverySerializer
    queryset = AlertDelivery.objects.all()
    pagination_class = DeliveryPages
    filterset_class = DeliveryFilter
    # Pages have one order, so there is no filter for it.
    filter_backends = (filters.DjangoFilterBackend,)

    @extend_schema(
        summary="Send a delivery again",
        description="The answer is the delivery; without permission to view deliveries, its `id` "
        "and `status` alone.",
        request=None,
        responses={202: DeliverySerializer, 400: INVALID, 409: WAITS},
        filters=False,
    )
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Queue a delivery that has come to an end anew."""
        delivery = self.get_object()
        NoFieldsSerializer(data=request.data).is_valid(raise_exception=True)
        if not services.resend(delivery):
            raise DeliveryWaits
        delivery.refresh_from_db()
        may_view = request.user.has_perm("alerts.view_alertdelivery")
        shown = DeliverySerializer if may_view else StatusOnlySerializer
        return Response(shown(delivery).data, status=202)
