"""Where alerts go."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from alerts.addresses import shown
from alerts.events import ChannelKind
from alerts.sealing import Unreadable, seal, unseal
from etl.messages import say
from pipelines.messages import MessageField, translated


class AlertChannel(models.Model):
    """Where alerts go: an address of apprise, stored encrypted and never shown in full."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(
        _("kind"), max_length=16, choices=ChannelKind, default=ChannelKind.EMAIL
    )
    sealed_address = models.TextField(editable=False)
    language = models.CharField(
        _("language"),
        max_length=8,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        help_text=_("Of the alerts that go there."),
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Nothing is sent to a channel that is not.")
    )
    # Until then nothing is tried, since what was tried last got no answer, and why.
    away_until = models.DateTimeField(null=True, editable=False)
    away_reason = MessageField(blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """The address in full; raise Unreadable if it was sealed with another SECRET_KEY."""
        return unseal(self.sealed_address)

    @address.setter
    def address(self, address: str) -> None:
        self.sealed_address = seal(address)
        self.away_until, self.away_reason = None, ""

    @property
    def shown_address(self) -> str:
        """The address without what may be a secret."""
        if not self.sealed_address:
            return ""
        try:
            return shown(self.address)
        except Unreadable:
            return translated(UNREADABLE)


UNREADABLE = say(
    "The address cannot be read: LOGIDATA_SECRET_KEY has changed. Enter the address again."
)
