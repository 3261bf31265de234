"""Pages in the time zone of whoever reads them: their hours, and where a day begins."""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from logidata.slashes import API_PREFIX

# Set by logidata/time_zone.js: browsers tell their time zone to nobody but scripts.
COOKIE = "time_zone"


def readers_time_zone(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Write pages in the browser's time zone; in UTC where it is not known, and in the API."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get(COOKIE, "")
        known = name in _names() and not request.path_info.startswith(API_PREFIX)
        with timezone.override(ZoneInfo(name) if known else None):
            return get_response(request)

    return middleware


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
