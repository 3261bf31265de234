"""Statuses as coloured words, alike in every list and page of the admin."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

_WORDS = {
    "draft": _("draft"),
    "registering": _("registering"),
    "ready": _("ready"),
    "pending": _("pending"),
    "running": _("running"),
    "success": _("success"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
    "skipped": _("skipped"),
    "upstream_failed": _("upstream failed"),
    "unknown": _("unknown"),
    "down": _("down"),
    "degraded": _("degraded"),
}


def status_word(status: str) -> str:
    """Return a status in the reader's language; one of tomorrow as it is."""
    return str(_WORDS.get(status, status))


def status_badge(status: str, label: str = "") -> SafeString:
    """Return a status as a badge; the colour and the sign follow from the status' own word."""
    return format_html(
        '<span class="badge badge-{}">{}</span>', status, label or status_word(status)
    )
