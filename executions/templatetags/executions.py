"""How statuses, durations, counts and sizes are shown to people."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from executions.models import PipelineExecution
from pipelines.badges import status_badge, status_word
from pipelines.durations import NOTHING, duration

register = template.Library()

# From here on, three digits would say a thousand of a unit: one of the next.
_ROUNDED_UP = 999.5

register.filter(status_badge)
register.filter(status_word)
register.filter(duration)


@register.filter
def execution_badges(execution: PipelineExecution) -> SafeString:
    """Return an execution's status as a badge, and a warning beside it if rows were rejected."""
    badge = status_badge(execution.status)
    if not execution.has_rejected:
        return badge
    count = execution.rows_rejected
    words = ngettext("%s rejected", "%s rejected", count) % rows(count)
    return format_html("{} {}", badge, status_badge("warning", words))


@register.filter
def size(count: int | None) -> str:
    """Return bytes with the unit that fits: `812 kB`, `1.2 GB`."""
    if count is None:
        return NOTHING
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < _ROUNDED_UP:
            return f"{_short(value)} {unit}"
        value /= 1000
    return f"{_short(value)} TB"


@register.filter
def rows(count: int | None) -> str:
    """Return a number of rows with its thousands apart; a dash where it is not known."""
    return NOTHING if count is None else number_format(count, force_grouping=True)


@register.filter
def age(moment: datetime | None) -> str:
    """Return how long ago something was, by its largest unit: `40 s`, `3 hours`."""
    if moment is None:
        return NOTHING
    seconds = max(0, int((timezone.now() - moment).total_seconds()))
    return f"{seconds} s" if seconds < 60 else timesince(moment, depth=1)


@register.filter
def many(count: int) -> str:
    """Return a large number with three digits and the unit that fits: `812`, `1.24 million`."""
    if count < 10_000:
        return rows(count)
    for unit, word in ((10**3, _("%s k")), (10**6, _("%s million"))):
        if count / unit < _ROUNDED_UP:
            return word % _short(count / unit)
    return _("%s billion") % _short(count / 10**9)


def _short(value: float) -> str:
    """Return a number below a thousand with three digits, as the reader's language writes it."""
    return number_format(f"{value:.3g}")


@register.filter
def cells(record: dict[str, Any], columns: list[str]) -> list[Any]:
    """Return the values of a sample row in the order of the columns."""
    return [record.get(column) for column in columns or []]
