"""Addresses of channels: apprise URLs, which are secrets, checked and shown without the secret."""

from typing import Any
from urllib.parse import quote, unquote, urlsplit

import apprise
from apprise import AppriseAsset, PersistentStoreMode
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alerts.events import ChannelKind

MASK = "***"
# Of these the host is no secret; of others it may be a token.
_WITH_HOST = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})
_PLUGINS = {
    ChannelKind.EMAIL: ("mailto", "mailtos"),
    ChannelKind.SLACK: ("slack",),
    ChannelKind.TEAMS: ("workflow", "workflows"),
    ChannelKind.WEBHOOK: ("json", "jsons"),
}
# A web address of a webhook of one's own, as its owner knows it.
_WEB = {"http": "json", "https": "jsons"}
# Shorter parts of an address would be found in words.
_SHORTEST = 5


def address_of(kind: str, text: str) -> str:
    """Return the apprise URL for what was typed; raise ValidationError where there is none.

    A webhook may be typed as a plain http(s) address.
    """
    address = text.strip()
    scheme = address.partition("://")[0].lower()
    if kind == ChannelKind.WEBHOOK and scheme in _WEB:
        address = f"{_WEB[scheme]}://{address.partition('://')[2]}"
    plugin = plugin_for(address)
    if plugin is None:
        raise ValidationError(
            _("The address is none that apprise knows. Write one such as %(example)s.")
            % {"example": example(kind)}
        )
    expected = _PLUGINS.get(ChannelKind(kind))
    if expected is not None and not set(expected) & set(schemes_of(plugin)):
        raise ValidationError(
            _(
                "The address is one of %(service)s, not of the kind that is chosen. "
                "Choose another kind, or write an address such as %(example)s."
            )
            % {"service": plugin.service_name, "example": example(kind)}
        )
    return address


def example(kind: str) -> str:
    """Return what an address of the kind looks like."""
    return {
        ChannelKind.EMAIL: "mailtos://user:password@smtp.example.com?to=team@example.com",
        ChannelKind.SLACK: "https://hooks.slack.com/services/T…/B…/…",
        ChannelKind.TEAMS: "https://….logic.azure.com/workflows/…",
        ChannelKind.WEBHOOK: "https://example.com/alerts",
        ChannelKind.OTHER: "ntfy://topic",
    }[ChannelKind(kind)]


def plugin_for(address: str) -> Any:
    """Return apprise's plug-in for the address, None if there is none."""
    asset = AppriseAsset(
        app_id="LogiData",
        app_desc="LogiData",
        app_url=settings.LOGIDATA_PUBLIC_URL,
        # No pictures from other people's servers.
        image_url_mask="",
        image_url_logo="",
        # The page that answers after a redirect has taken no message, but says that all is well.
        http_redirects=False,
        # Nothing of a channel is kept on disk.
        storage_mode=PersistentStoreMode.MEMORY,
    )
    return apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)


def shown(address: str) -> str:
    """Return the address with all that may be a secret as `***`."""
    parts = urlsplit(address)
    if parts.scheme.lower() in _WITH_HOST and parts.hostname:
        login = f"{MASK}@" if "@" in parts.netloc else ""
        return f"{parts.scheme}://{login}{parts.netloc.rpartition('@')[2]}/{MASK}"
    return f"{parts.scheme}://{MASK}"


def without_secrets(text: str, address: str) -> str:
    """Return the text with every part of the address that may be a secret as `***`."""
    for part in sorted(_secret_parts(address), key=len, reverse=True):
        text = text.replace(part, MASK)
    return text


def _secret_parts(address: str) -> set[str]:
    parts = urlsplit(address)
    pieces = [address, *parts.path.split("/"), parts.path, parts.query, parts.netloc]
    pieces += [value for pair in parts.query.split("&") for value in pair.split("=", 1)[1:]]
    login = parts.netloc.rpartition("@")[0]
    pieces += login.split(":")
    if parts.scheme.lower() not in _WITH_HOST:
        pieces += parts.netloc.replace("@", ":").split(":")
    spelled = {form for piece in pieces for form in (piece, unquote(piece), quote(piece))}
    plain = parts.hostname if parts.scheme.lower() in _WITH_HOST else None
    return {piece for piece in spelled if len(piece) >= _SHORTEST and piece != plain}


def schemes_of(plugin: Any) -> tuple[str, ...]:
    """Return the schemes that a plug-in's addresses may have."""
    found: list[str] = []
    for protocols in (plugin.protocol, plugin.secure_protocol):
        if isinstance(protocols, str):
            found.append(protocols)
        else:
            found.extend(protocols or ())
    return tuple(found)
