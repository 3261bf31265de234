"""Why a channel did not take a message, in words that hold nothing of what it answered.

Who may change channels chooses where LogiData sends: what is found there is not theirs to read.
"""

import http.client
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import requests
import urllib3
from celery.exceptions import SoftTimeLimitExceeded
from django.utils.translation import gettext as _

# Seconds to connect, to wait for an answer, and for all together.
CONNECT_SECONDS, ANSWER_SECONDS, SEND_SECONDS = 5.0, 10.0, 60

# How every plug-in of apprise ends what it says of an answer.
_STATUS = re.compile(r"\berror=(\d{3})\b", re.ASCII)
_FORBIDDEN, _GONE, _BUSY = frozenset({401, 403}), frozenset({404, 410}), frozenset({408, 429})
_DOWN = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Reason:
    """Why, as a sentence, and whether any other message would fare the same for a while."""

    text: str
    is_away: bool = False


def reason_of(error: BaseException | None, warnings: Sequence[str]) -> Reason:
    """Return why a message was not taken: of the error that ended it, or of apprise's warnings."""
    if error is not None:
        return _of_error(error)
    for warning in warnings:
        if (found := _STATUS.search(warning)) is not None:
            return _of_status(int(found[1]))
    return Reason(_("The channel did not take the message. The log of LogiData may say more."))


def _of_status(code: int) -> Reason:
    try:
        answer = f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        answer = str(code)
    said = _("The channel answered %(answer)s.") % {"answer": answer}
    return Reason(f"{said} {_remedy(code)}".strip(), is_away=code in _BUSY | _DOWN)


def _remedy(code: int) -> str:
    if code in _FORBIDDEN:
        return _("See whether the token or the password in its address is still right.")
    if code in _GONE:
        return _("See whether its address is right, and whether it still exists.")
    if code in _BUSY:
        return _("It wants fewer messages for a while.")
    if 300 <= code < 400:
        return _("It is elsewhere. Enter the address to which this one leads.")
    if 400 <= code < 500:
        return _("See whether its address is right, and its service takes such messages.")
    return ""


def _of_error(error: BaseException) -> Reason:
    causes = list(_causes(error))
    for kinds, text, is_away in _known():
        if any(isinstance(cause, kinds) for cause in causes):
            return Reason(text, is_away)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            said = _("The certificate of the channel's server is not accepted: %(why)s.")
            return Reason(said % {"why": cause.verify_message.rstrip(".")}, is_away=True)
        if isinstance(cause, ssl.SSLError):
            said = _(
                "No safe connection (TLS) comes about: %(why)s. See whether its port is right."
            )
            return Reason(said % {"why": cause.reason or type(cause).__name__}, is_away=True)
        if isinstance(cause, smtplib.SMTPResponseException):
            said = _("The mail server refused the message with %(code)d.")
            return Reason(said % {"code": cause.smtp_code}, is_away=cause.smtp_code < 500)
    if isinstance(error, OSError | smtplib.SMTPException):
        said = _("The channel's server cannot be reached (%(error)s).")
        return Reason(said % {"error": type(causes[-1]).__name__}, is_away=True)
    said = _("The service's own code failed (%(error)s). The log of LogiData may say more.")
    return Reason(said % {"error": type(error).__name__})


def _known() -> list[tuple[tuple[type[BaseException], ...], str, bool]]:
    """Return kinds of errors with what they mean, the narrower ones first."""
    no_name = _("The name of the channel's server is not known (DNS). See whether it is right.")
    refused = _("The channel's server refuses the connection. See whether host and port are right.")
    no_way = _("No connection within %(seconds)d seconds. A firewall may be in the way.")
    no_answer = _("The channel's server did not answer within %(seconds)d seconds.")
    login = _("The mail server refused the user or the password.")
    recipients = _("The mail server refused the recipients, or the sender.")
    proxy = _("The proxy that leads out of here does not let the message through.")
    closed = _("The channel's server closed the connection instead of an answer.")
    no_http = _(
        "The channel's server does not answer as a web server. See whether its port is right."
    )
    return [
        ((SoftTimeLimitExceeded,), no_answer % {"seconds": SEND_SECONDS}, True),
        ((requests.exceptions.ProxyError,), proxy, True),
        ((socket.gaierror, urllib3.exceptions.NameResolutionError), no_name, True),
        ((ConnectionRefusedError,), refused, True),
        (
            (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError),
            no_way % {"seconds": CONNECT_SECONDS},
            True,
        ),
        (
            (requests.exceptions.ReadTimeout, TimeoutError),
            no_answer % {"seconds": ANSWER_SECONDS},
            True,
        ),
        ((smtplib.SMTPAuthenticationError,), login, False),
        ((smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused), recipients, False),
        ((ConnectionError, smtplib.SMTPServerDisconnected), closed, True),
        ((http.client.HTTPException,), no_http, True),
    ]


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that it is made of: libraries wrap what they are told."""
    waiting, seen = [error], set()
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        inner = [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]
        waiting += [one for one in inner if isinstance(one, BaseException)]
