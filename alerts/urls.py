"""What alerts add to `/api/v1`."""

from rest_framework.routers import SimpleRouter

from alerts.api import ChannelViewSet, DeliveryViewSet, RuleViewSet

router = SimpleRouter(trailing_slash=False)
router.register("alerts/channels", ChannelViewSet, basename="alert-channel")
router.register("alerts/rules", RuleViewSet, basename="alert-rule")
router.register("alerts/deliveries", DeliveryViewSet, basename="alert-delivery")
