"""A limit to guessing passwords, by address, wherever a password can be given."""

import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


class GuessingThrottle(SimpleRateThrottle):
    """Counts attempts to sign in; one count for all places where that can be done."""

    scope = "login"

    def get_cache_key(self, request: Request | HttpRequest, view: APIView | None) -> str:
        """Return the key of the caller's address, whoever is signed in there."""
        address = self.get_ident(request)  # type: ignore[arg-type]
        return self.cache_format % {"scope": self.scope, "ident": address}

    def allow_request(self, request: Request | HttpRequest, view: APIView | None) -> bool:
        """Count an attempt and return whether it may be made; while Redis is down, all may."""
        if request.method != "POST":
            return True
        try:
            return bool(super().allow_request(request, view))  # type: ignore[arg-type]
        except RedisError as error:
            logger.warning("Attempts to sign in are not limited now: %s", error)
            return True


class FullThrottle(GuessingThrottle):
    """The same count, only looked at."""

    def throttle_success(self) -> bool:
        """Leave the count as it is."""
        return True


def limit_guesses(view: View) -> View:
    """Return the view of a login page that answers 429 after too many wrong passwords."""

    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        throttle = FullThrottle()
        if not throttle.allow_request(request, None):
            return _too_many(request, throttle.wait())
        response = view(request, *args, **kwargs)
        # The page leads on when the password was right; otherwise it shows itself again.
        if response.status_code != HTTPStatus.FOUND:
            GuessingThrottle().allow_request(request, None)
        return response

    return limited


def _too_many(request: HttpRequest, wait: float | None) -> HttpResponseBase:
    seconds = max(1, round(wait or 0))
    said = {
        "title": _("Too many attempts"),
        "detail": _(
            "Too many attempts to sign in have come from your address. Wait "
            "%(seconds)s s, then try again."
        )
        % {"seconds": seconds},
    }
    response = render(request, "api_exception.html", said, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response
