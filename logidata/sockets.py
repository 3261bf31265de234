"""WebSockets of this site: where they lead, and from which pages they may be opened."""

from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from channels.exceptions import DenyConnection
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.urls import re_path

from executions.consumers import routes

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# More tabs than anyone looks at.
MOST_OF_A_SESSION = 100


class OwnPagesOnly:
    """Refuses sockets that pages of other sites open: the browser would send the cookie along.

    A page is our own where its host and port are those that the socket was opened at, and one of
    ALLOWED_HOSTS, or where it comes from one of CSRF_TRUSTED_ORIGINS: the rule for forms.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a socket on, or answer its handshake with 403."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        application = self._application
        secure = scope.get("scheme") == "wss"
        if not is_own(headers.get(b"origin", ""), headers.get(b"host", ""), secure=secure):
            application = WebsocketDenier.as_asgi()
        await application(scope, receive, send)


def is_own(origin: str, host: str, *, secure: bool = False) -> bool:
    """Return whether a page of that origin may open a socket, or a secure one, at that host."""
    try:
        page = urlsplit(origin)
        page_host = page.hostname or ""
    except ValueError:
        return False
    if not page_host or page.scheme not in {"http", "https"}:
        return False
    # Where there is TLS, a page that came without may be anybody's on the way.
    if page.netloc.lower() == host.lower() and (page.scheme == "https" or not secure):
        return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
    return any(_matches(origin.lower(), trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS)


def _matches(origin: str, trusted: str) -> bool:
    scheme, _, host = trusted.lower().partition("://")
    if not host.startswith("*."):
        return origin == f"{scheme}://{host}"
    page_scheme, _, page_host = origin.partition("://")
    return page_scheme == scheme and page_host.endswith(host[1:])


class NotTooMany:
    """Refuses a further socket of a session that has so many open in this process already.

    Each is looked after for as long as it is open, however little happens.
    """

    def __init__(self, application: Application, most: int = MOST_OF_A_SESSION) -> None:
        self._application = application
        self._most = most
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a socket on and count it, or answer its handshake with 403."""
        session = str(scope["cookies"].get(settings.SESSION_COOKIE_NAME, ""))
        if self._open[session] >= self._most:
            await WebsocketDenier()(scope, receive, send)
            return
        self._open[session] += 1
        try:
            await self._application(scope, receive, send)
        finally:
            self._open[session] -= 1
            if not self._open[session]:
                del self._open[session]


class NothingHere(AsyncWebsocketConsumer):
    """Answers where there is no socket."""

    channel_layer_alias = "none"

    async def connect(self) -> None:
        """Refuse the handshake."""
        raise DenyConnection


websockets: Application = OwnPagesOnly(
    CookieMiddleware(NotTooMany(URLRouter([*routes, re_path("", NothingHere.as_asgi())])))
)
