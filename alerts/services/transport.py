"""A message on its way through apprise to one channel, within a limit of time."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apprise import NotifyFormat, NotifyType
from celery.exceptions import SoftTimeLimitExceeded
from django.utils.translation import gettext as _

from alerts.addresses import plugin_for, without_secrets
from alerts.services.messages import Message
from executions.services.log_masking import mask

# Seconds to connect, and to wait for an answer.
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
# Programs read these, people do not: the text as it is.
_FOR_PROGRAMS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
_ID_HEADER = "X-LogiData-Delivery"
# Of what apprise says for debugging only these tell a reason: so much of it.
_DETAIL = re.compile(r"^(?:Socket Exception|Response Details):\s*", re.ASCII)
_DETAIL_LENGTH = 300


class NotDelivered(Exception):
    """The channel did not take the message; the text says why, without secrets."""


def transmit(address: str, message: Message) -> None:
    """Hand the message to the channel; raise NotDelivered if it was not taken.

    A message carries the id of its batch where the channel has a place for it, so that one which
    comes twice can be told.
    """
    plugin = plugin_for(address)
    if plugin is None:
        raise NotDelivered(_("The address is none that apprise knows any more. Enter it again."))
    plugin.socket_connect_timeout = CONNECT_SECONDS
    plugin.socket_read_timeout = ANSWER_SECONDS
    scheme = address.partition("://")[0].lower()
    _identify(plugin, scheme, message)
    as_text = scheme in _FOR_PROGRAMS or not _takes_markup(plugin)
    with _said_by_apprise() as said:
        try:
            taken = plugin.notify(
                title=message.subject,
                body=message.text if as_text else message.markdown,
                body_format=NotifyFormat.TEXT if as_text else NotifyFormat.MARKDOWN,
                notify_type=NotifyType.SUCCESS if message.is_good_news else NotifyType.WARNING,
            )
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            # There are a hundred services, each with code of its own.
            reason = f"{type(error).__name__}: {error}"
            raise NotDelivered(without_secrets(mask(reason), address)) from error
    if not taken:
        reason = " ".join(said) or _("The channel did not take the message.")
        raise NotDelivered(without_secrets(mask(reason), address))


def _identify(plugin: Any, scheme: str, message: Message) -> None:
    known = getattr(plugin, "template_kwargs", {})
    if "headers" in known:
        plugin.headers.setdefault(_ID_HEADER, message.fields["delivery"])
    if scheme in _FOR_PROGRAMS and "payload" in known:
        plugin.payload_extras = {**message.fields, **plugin.payload_extras}


def _takes_markup(plugin: Any) -> bool:
    formats = plugin.notify_format
    formats = formats if isinstance(formats, tuple) else (formats,)
    return NotifyFormat.MARKDOWN in formats or NotifyFormat.HTML in formats


@contextmanager
def _said_by_apprise() -> Iterator[list[str]]:
    """Collect what apprise says in this thread: it returns no reasons, but logs them."""
    said: list[str] = []
    thread = threading.get_ident()

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread != thread:
                return
            text = record.getMessage()
            if record.levelno >= logging.WARNING:
                said.append(text)
            elif _DETAIL.match(text):
                said.append(_DETAIL.sub("", text)[:_DETAIL_LENGTH])

    logger, handler = logging.getLogger("apprise"), Collect(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)
