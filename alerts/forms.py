"""Forms of the admin: a channel, whose address goes in and never comes out, and a rule."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from alerts.addresses import address_of
from alerts.events import RULE_EVENTS
from alerts.models import UNREADABLE, AlertChannel, AlertRule
from alerts.sealing import Unreadable
from pipelines.forms import TagsField
from pipelines.messages import translated
from pipelines.services.fields import timezones

# Generic for the type checker only.
if TYPE_CHECKING:
    _ChannelForm = forms.ModelForm[AlertChannel]
    _RuleForm = forms.ModelForm[AlertRule]
else:
    _ChannelForm = _RuleForm = forms.ModelForm

WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]
ADDRESS_HELP = _(
    "E-mail: mailtos://user:password@smtp.example.com?to=team@example.com. Slack, Teams and "
    "others: the address of their webhook, as they show it. A webhook of your own: "
    "https://example.com/path. It holds secrets, so it is stored encrypted and not shown again."
)


class ChannelForm(_ChannelForm):
    """A channel. Its address may be left empty to keep the one that is stored."""

    address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=2000,
        help_text=ADDRESS_HELP,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = AlertChannel
        fields = ("name", "kind", "address", "language", "is_active")

    def clean(self) -> Any:
        """Check the address, or whether the stored one is of the kind that is chosen."""
        cleaned = super().clean() or self.cleaned_data
        typed, kind = cleaned.get("address", ""), cleaned.get("kind")
        if kind is None:
            return cleaned
        try:
            address = typed or (self.instance.address if self.instance.sealed_address else "")
        except Unreadable:
            self.add_error("address", translated(UNREADABLE))
            return cleaned
        if not address:
            self.add_error("address", _("Enter the address of the channel."))
            return cleaned
        try:
            self.instance.address = address_of(kind, address)
        except forms.ValidationError as error:
            self.add_error("address", error)
        return cleaned


class RuleForm(_RuleForm):
    """A rule, with its lists as choices."""

    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=RULE_EVENTS,
        # The rule itself says that one is needed, for the API as well.
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("What to tell of; at least one."),
    )
    tags = TagsField(
        label=_("Tags"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Separated by commas: only pipelines with one of these tags. Empty means any."),
    )
    quiet_timezone = forms.ChoiceField(
        label=_("Time zone of quiet hours"),
        widget=UnfoldAdminSelectWidget,
        choices=lambda: [(name, name) for name in sorted(timezones())],
        initial="UTC",
    )
    quiet_weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays of quiet hours"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("On which days they begin. None means all."),
    )

    class Meta:
        model = AlertRule
        fields = "__all__"
