"""Statuses as coloured words, alike in every list and page of the admin."""

from django.utils.html import format_html
from django.utils.safestring import SafeString


class BadgeMedia:
    """The style sheet that badges need; inherit it as an admin's `Media`."""

    css = {"all": ("pipelines/admin.css",)}


def status_badge(status: str, label: str = "") -> SafeString:
    """Return a status as a badge; the colour follows from the status' own word."""
    return format_html('<span class="badge badge-{}">{}</span>', status, label or status)
