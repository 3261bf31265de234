"""A message on its way through apprise to one channel, within a limit of time."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from apprise import NotifyFormat, NotifyType, OverflowMode
from celery.exceptions import SoftTimeLimitExceeded

from alerts.addresses import plugin_for, schemes_of, without_secrets
from alerts.services import reasons
from alerts.services.dialects import PLAIN, dialect_of
from alerts.services.messages import Message
from etl.messages import map_values, say
from executions.services.log_masking import mask

# Programs read these, people do not: the text as it is.
_FOR_PROGRAMS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
_ID_HEADER = "X-LogiData-Delivery"
# What apprise puts between a subject and a body.
_ROOM = 10

logger = logging.getLogger(__name__)


class NotDelivered(Exception):
    """The channel did not take the message; the text says why, without secrets.

    `is_away`: no other message would be taken for a while either.
    """

    def __init__(self, reason: str, *, is_away: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_away = is_away


def transmit(address: str, message: Message) -> None:
    """Hand the message to the channel; raise NotDelivered if it was not taken.

    A message carries the id of its batch where the channel has a place for it, so that one which
    comes twice can be told.
    """
    plugin = plugin_for(address)
    if plugin is None:
        raise NotDelivered(say("The address is none that apprise knows any more. Enter it again."))
    plugin.socket_connect_timeout = reasons.CONNECT_SECONDS
    plugin.socket_read_timeout = reasons.ANSWER_SECONDS
    scheme = address.partition("://")[0].lower()
    _identify(plugin, scheme, message)
    subject, body, body_format = _written(plugin, scheme, message)
    with _said_by_apprise() as said:
        try:
            taken = plugin.notify(
                title=subject,
                body=body,
                body_format=body_format,
                notify_type=NotifyType(message.severity),
                # What does not fit although it was written shorter: better its beginning than none.
                overflow=OverflowMode.TRUNCATE,
            )
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            # There are a hundred services, each with code of its own.
            raise _not_delivered(error, said, address) from error
    if not taken:
        raise _not_delivered(said.error, said, address)


def _written(plugin: Any, scheme: str, message: Message) -> tuple[str, str, NotifyFormat]:
    """Return subject and body as the service wants them, and their format."""
    limit = plugin.body_maxlen - _ROOM
    if scheme in _FOR_PROGRAMS:
        return message.subject, message.text, NotifyFormat.TEXT
    if not _takes_markup(plugin):
        return (
            message.subject,
            message.written(PLAIN, limit - len(message.subject)),
            NotifyFormat.TEXT,
        )
    dialect = dialect_of(schemes_of(plugin))
    subject = dialect.title(message.subject)
    if dialect.is_final:
        # Apprise would take the service's own marks for text.
        plugin.dialect_convert = _as_it_is
    return subject, message.written(dialect, limit - len(subject)), NotifyFormat.MARKDOWN


def _as_it_is(body: str, *_: Any, **__: Any) -> str:
    return body


def _not_delivered(error: BaseException | None, said: "_Said", address: str) -> NotDelivered:
    for warning in said.warnings:
        logger.warning("%s", without_secrets(mask(warning), address))
    reason = reasons.reason_of(error, said.warnings)
    return NotDelivered(
        map_values(reason.text, lambda text: without_secrets(text, address)),
        is_away=reason.is_away,
    )


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


@dataclass
class _Said:
    warnings: list[str] = field(default_factory=list)
    error: BaseException | None = None


@contextmanager
def _said_by_apprise() -> Iterator[_Said]:
    """Collect what apprise says in this thread: it returns no reasons, but logs them."""
    said = _Said()
    thread = threading.get_ident()

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                said.warnings.append(record.getMessage())
                # It warns where it has caught what went wrong.
                said.error = said.error or sys.exc_info()[1]

    # Its own lines may hold the address: they are logged without it, by whoever collects them.
    apprise, handler = logging.getLogger("apprise"), Collect(logging.WARNING)
    apprise.addHandler(handler)
    try:
        yield said
    finally:
        apprise.removeHandler(handler)
