"""Who is at the other end of a socket, and what that person may do at this moment."""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from channels.db import DatabaseSyncToAsync
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils.translation import get_language_from_request

from executions.absence import Absence
from executions.services.live import ACTIONS, shared_state

logger = logging.getLogger(__name__)

VIEW = "executions.view_pipelineexecution"

NOT_SIGNED_IN, NOT_PERMITTED, NOT_THERE = 4401, 4403, 4404
"""Codes with which a socket is closed."""

# However many pages are open, their sockets take no more connections to the database than this:
# the other requests share the pool with them.
_threads = ThreadPoolExecutor(4, thread_name_prefix="sockets")


database = Absence(
    logger, gone="Open pages are shown nothing new", back="Open pages are shown what changes again"
)
"""The database, as what the sockets read of it notices."""


@dataclass(frozen=True)
class Standing:
    """What a session is good for; `refusal` is the code to close its socket with, if any."""

    is_signed_in: bool
    permissions: frozenset[str] = frozenset()

    @property
    def refusal(self) -> int | None:
        if not self.is_signed_in:
            return NOT_SIGNED_IN
        return None if VIEW in self.permissions else NOT_PERMITTED


def language_of(scope: Mapping[str, Any]) -> str:
    """Return the language that a socket was asked for in, as a page would find it."""
    request = HttpRequest()
    request.COOKIES = dict(scope.get("cookies", {}))
    headers = dict(scope.get("headers", ()))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", b"").decode("latin-1")
    return get_language_from_request(request)


def standing_of(session_key: str | None) -> Standing:
    """Return the standing of a session as it is stored now, just as a request would find it."""
    if not session_key:
        return Standing(False)
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not user.is_authenticated:
        return Standing(False)
    asked = {VIEW, *ACTIONS.values()}
    return Standing(True, frozenset(name for name in asked if user.has_perm(name)))


read_standing = DatabaseSyncToAsync(
    standing_of,
    thread_sensitive=False,
    executor=_threads,
)
read_state = DatabaseSyncToAsync(
    shared_state,
    thread_sensitive=False,
    executor=_threads,
)
