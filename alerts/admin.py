"""Alerts in the admin: channels with a test, rules, and the log of deliveries."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from alerts import services
from alerts.events import AlertEvent, DeliveryStatus
from alerts.forms import ChannelForm, RuleForm
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from pipelines.badges import status_badge
from pipelines.messages import translated

if TYPE_CHECKING:
    _ChannelAdmin = admin.ModelAdmin[AlertChannel]
    _RuleAdmin = admin.ModelAdmin[AlertRule]
    _DeliveryAdmin = admin.ModelAdmin[AlertDelivery]
else:
    # Generic for type checkers only.
    _ChannelAdmin = _RuleAdmin = _DeliveryAdmin = ModelAdmin

_ERROR_SHOWN = 120
RESEND = "alerts.resend_alertdelivery"
TEST = "_test"
# The colours that executions' statuses have.
_COLOURS = {
    DeliveryStatus.QUEUED: "pending",
    DeliveryStatus.HELD: "registering",
    DeliveryStatus.SENT: "success",
    DeliveryStatus.FAILED: "failed",
    DeliveryStatus.DROPPED: "cancelled",
}


def _deliveries_of(field: str, pk: int) -> SafeString:
    query = urlencode({f"{field}__id__exact": pk})
    url = reverse("admin:alerts_alertdelivery_changelist")
    return format_html('<a class="page-link" href="{}?{}">{}</a>', url, query, _("Show"))


def _execution_of(delivery: AlertDelivery, text: str) -> SafeString | str:
    if delivery.execution_id is None:
        return "-"
    url = reverse("admin:executions_pipelineexecution_change", args=[delivery.execution_id])
    return format_html('<a class="page-link" href="{}">{}</a>', url, text)


@admin.register(AlertChannel)
class AlertChannelAdmin(_ChannelAdmin):
    """Channels: the address goes in and never comes out; a test says whether it is right."""

    form = ChannelForm
    list_display = ("name", "kind", "shown_address", "is_active", "deliveries")
    empty_hint = _(
        "A channel is where alerts go: an e-mail address, a room in Slack or Teams, a webhook. "
        "Rules then say what goes there."
    )
    list_filter = ("kind", "is_active")
    search_fields = ("name",)
    fields = ("name", "kind", "shown_address", "address", "language", "is_active")
    readonly_fields = ("shown_address",)
    actions = ("test_selected",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what a new channel begins with: the language of who makes it."""
        return {"language": (get_language() or settings.LANGUAGE_CODE)[:2]} | (
            super().get_changeform_initial_data(request)
        )

    @admin.display(description=_("deliveries"))
    def deliveries(self, channel: AlertChannel) -> SafeString:
        """Return a link to what was sent to it."""
        return _deliveries_of("channel", channel.pk)

    @admin.display(description=_("stored address"))
    def shown_address(self, channel: AlertChannel) -> str:
        """Return the address without what may be a secret."""
        return channel.shown_address or "-"

    def get_fields(self, request: HttpRequest, obj: AlertChannel | None = None) -> Any:
        """Leave the stored address out where there is none, and its input for those who look."""
        fields = super().get_fields(request, obj)
        if obj is None:
            return [name for name in fields if name != "shown_address"]
        if not self.has_change_permission(request, obj):
            return [name for name in fields if name != "address"]
        return fields

    def response_add(
        self, request: HttpRequest, obj: AlertChannel, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Send a test where that was asked for."""
        if TEST in request.POST:
            return self._tested(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: AlertChannel) -> HttpResponse:
        """Send a test where that was asked for."""
        return (
            self._tested(request, obj)
            if TEST in request.POST
            else super().response_change(request, obj)
        )

    @admin.action(description=_("Send a test to selected channels"), permissions=["change"])
    def test_selected(self, request: HttpRequest, queryset: QuerySet[AlertChannel]) -> None:
        """Send a test to each now, and say what came of it."""
        for channel in queryset:
            self._test(request, channel)

    def _tested(self, request: HttpRequest, channel: AlertChannel) -> HttpResponse:
        # The worker that sends it must find what is saved.
        transaction.on_commit(lambda: self._test(request, channel))
        return HttpResponseRedirect(reverse("admin:alerts_alertchannel_change", args=[channel.pk]))

    def _test(self, request: HttpRequest, channel: AlertChannel) -> None:
        delivery = services.test_channel(channel)
        if delivery.status == DeliveryStatus.SENT:
            text = gettext("The test was sent to %(name)s.") % {"name": channel.name}
            self.message_user(request, text, messages.SUCCESS)
        elif delivery.status == DeliveryStatus.QUEUED:
            text = gettext(
                "%(name)s has not answered yet. Its deliveries will say what came of it."
            )
            self.message_user(request, text % {"name": channel.name}, messages.WARNING)
        else:
            text = gettext("The test did not reach %(name)s: %(reason)s") % {
                "name": channel.name,
                "reason": translated(delivery.error),
            }
            self.message_user(request, text, messages.ERROR)


@admin.register(AlertRule)
class AlertRuleAdmin(_RuleAdmin):
    """Rules: which events of which pipelines go where, and when rather not."""

    form = RuleForm
    list_display = ("name", "is_active", "shown_events", "shown_channels", "deliveries")
    empty_hint = _(
        "A rule says which events of which pipelines are told, and on which channels. It needs a "
        "channel: make that first."
    )
    list_filter = ("is_active", "channels")
    search_fields = ("name",)
    autocomplete_fields = ("pipelines",)
    filter_horizontal = ("channels", "owners")
    fieldsets = (
        (None, {"fields": ("name", "is_active", "events", "channels")}),
        (
            _("About which pipelines"),
            {
                "fields": ("pipelines", "tags", "owners"),
                "description": _(
                    "What is left empty does not narrow the rule down. What is filled in must all "
                    "fit: with tags and owners, a pipeline needs one of these tags and one of "
                    "these owners."
                ),
            },
        ),
        (
            _("What is too long, and too late"),
            {"fields": ("slow_factor", "slow_runs", "deadline_seconds", "missed_minutes")},
        ),
        (
            _("When rather not"),
            {
                "fields": (
                    *("repeat_minutes", "quiet_from", "quiet_to", "quiet_timezone"),
                    *("quiet_weekdays", "quiet_action"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertRule]:
        """Read the channels of all rules together."""
        return super().get_queryset(request).prefetch_related("channels")

    @admin.display(description=_("events"))
    def shown_events(self, rule: AlertRule) -> str:
        """Return the events in words."""
        return ", ".join(str(AlertEvent(event).label) for event in rule.events)

    @admin.display(description=_("deliveries"))
    def deliveries(self, rule: AlertRule) -> SafeString:
        """Return a link to what was sent by it."""
        return _deliveries_of("rule", rule.pk)

    @admin.display(description=_("channels"))
    def shown_channels(self, rule: AlertRule) -> str:
        """Return the channels' names."""
        return ", ".join(channel.name for channel in rule.channels.all()) or "-"


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(_DeliveryAdmin):
    """The log of deliveries: read, and sent again."""

    empty_hint = _("What rules send is listed here, with what became of it.")
    list_display = (
        *("created_at", "event", "pipeline_name", "short_execution_link", "badge"),
        *("short_error", "channel_name", "rule_name", "attempts"),
    )
    list_display_links = ("created_at", "event")
    list_filter = ("status", "event", "channel", "rule", "created_at")
    search_fields = ("pipeline_name", "channel_name", "rule_name")
    list_per_page = 50
    show_full_result_count = False
    actions = ("resend_selected",)
    fields = (
        *("event", "badge", "why", "pipeline_name", "execution_link", "execution_attempt"),
        *("rule_name", "channel_name", "attempts", "created_at", "due_at", "sent_at", "text"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: deliveries come of rules."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AlertDelivery | None = None) -> bool:
        """Refuse: what was sent is not edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AlertDelivery | None = None) -> bool:
        """Refuse: they are removed by age, and keep an event from being told twice."""
        return False

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may send deliveries again."""
        return request.user.has_perm(RESEND)

    @admin.display(description=_("status"), ordering="status")
    def badge(self, delivery: AlertDelivery) -> SafeString:
        """Return the status as a badge."""
        status = DeliveryStatus(delivery.status)
        return status_badge(_COLOURS[status], str(status.label))

    @admin.display(description=_("execution"))
    def execution_link(self, delivery: AlertDelivery) -> SafeString | str:
        """Return the execution, leading to its page."""
        return _execution_of(delivery, str(delivery.execution_id))

    @admin.display(description=_("execution"))
    def short_execution_link(self, delivery: AlertDelivery) -> SafeString | str:
        """Return the beginning of the execution's id, leading to its page."""
        return _execution_of(delivery, str(delivery.execution_id)[:8])

    @admin.display(description=_("reason"))
    def why(self, delivery: AlertDelivery) -> str:
        """Return why it was not sent."""
        return translated(delivery.error) or "-"

    @admin.display(description=_("error"))
    def short_error(self, delivery: AlertDelivery) -> str:
        """Return the beginning of why it was not sent."""
        return Truncator(translated(delivery.error)).chars(_ERROR_SHOWN) or "-"

    @admin.display(description=_("message"))
    def text(self, delivery: AlertDelivery) -> SafeString:
        """Return what the message says."""
        message = services.message_of([delivery])
        return format_html(
            '<pre class="code wrapped">{}\n\n{}</pre>', message.subject, message.text
        )

    @admin.action(description=_("Send selected deliveries again"), permissions=["resend"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[AlertDelivery]) -> None:
        """Queue each that has come to an end anew."""
        results = [services.resend(delivery) for delivery in queryset]
        if any(results):
            text = gettext("Queued again: %(count)d.") % {"count": sum(results)}
            self.message_user(request, text, messages.SUCCESS)
        if not all(results):
            text = gettext("Still waiting to be sent, and left alone: %(count)d.") % {
                "count": results.count(False)
            }
            self.message_user(request, text, messages.WARNING)
